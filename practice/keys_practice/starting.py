"""Starting the parts of a world: its database, and services until they answer."""

import contextlib
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from keys_practice import cluster, database, http_client, keeper_client, postgres
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout
from keys_practice.processes import wait_until

READY_SECONDS = 20
LAST_WORDS = 800


def start_postgres(layout: Layout, superuser: str, reader: str) -> None:
    """Copy the empty cluster and start its server; the role `reader` needs no password. Raises PracticeError in words."""
    if keeper_client.ask(layout, "run", "cluster")["unit"]["exit_code"] != 0:
        raise PracticeError(f"PostgreSQL's cluster was not copied: {_last_words(layout, 'cluster')}")
    (layout.postgres_data / "pg_hba.conf").write_text(postgres.access_rules(reader), "utf-8")
    keeper_client.ask(layout, "start", "postgres")
    empty = cluster.of_this_process(database.name_in(superuser))
    if not wait_until(partial(database.is_taken_over, superuser, empty.password), READY_SECONDS):
        raise PracticeError(f"PostgreSQL did not start: {_last_words(layout, 'postgres')}")


def await_services(layout: Layout, ports: Mapping[str, int], page: str = "healthz") -> None:
    """Wait until each of these units answers on its port. Raises PracticeError with the last words of one that does not."""
    for unit, port in ports.items():
        if not wait_until(partial(_answers, port, page), READY_SECONDS):
            raise PracticeError(f"The service {unit} did not start: {_last_words(layout, unit)}")


def await_clerk(layout: Layout) -> None:
    """Wait until commands can be given to the clerk. Raises PracticeError with its last words."""
    if not wait_until(layout.clerk_socket.exists, READY_SECONDS):
        raise PracticeError(f"The clerk did not start: {_last_words(layout, 'clerk')}")


def _answers(port: int, page: str) -> bool:
    with contextlib.suppress(Unreachable):
        http_client.call("GET", f"http://127.0.0.1:{port}/{page}", seconds=2)
        return True
    return False


def _last_words(layout: Layout, unit: str) -> str:
    log = Path(json.loads(layout.units_file.read_text("utf-8"))[unit]["log"])
    return log.read_text("utf-8", "replace")[-LAST_WORDS:] if log.exists() else "it wrote nothing"
