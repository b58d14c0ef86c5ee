"""The jobs department while it runs: the handles that faults and oracle work through."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from keys_practice import http_client, keeper_client
from keys_practice.database import Addresses
from keys_practice.errors import PracticeError
from keys_practice.jobs.places import Places
from keys_practice.layout import Layout, read_env, render_env
from keys_practice.processes import wait_until

COMMAND_SECONDS = 60
SETTLE_SECONDS = 25


@dataclass(frozen=True)
class Department:
    """One running department. `poison` are the jobs that faults have made impossible to do."""

    places: Places
    databases: Addresses
    first_slot: datetime
    poison: set[str] = field(default_factory=set)

    @property
    def layout(self) -> Layout:
        """The world's folder."""
        return self.places.layout

    def environment(self) -> dict[str, str]:
        """What an operator's shell has: the department's commands first on PATH."""
        path = f"{self.layout.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {"PATH": path, "LANG": "C.UTF-8"}

    def command(self, *argv: str) -> str:
        """Run one of the department's commands, as a colleague would. Raises PracticeError when it fails."""
        done = subprocess.run(
            [str(self.layout.bin / argv[0]), *argv[1:]],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise PracticeError(
                f"`{' '.join(argv)}` ended with {done.returncode}: {done.stderr or done.stdout}"
            )
        return done.stdout

    def unit(self, name: str) -> dict[str, Any]:
        """State, pid, since and exit_code of one process."""
        return keeper_client.unit_status(self.layout, name)

    def keeper(self, op: str, name: str) -> None:
        """Ask the keeper to start, stop or restart a process."""
        keeper_client.ask(self.layout, op, name)

    def orders(self, count: int, customer: str | None = None, **payload: Any) -> list[str]:
        """Let orders happen in the shop; their receipts are enqueued when this returns. Returns the jobs' ids."""
        asked = {"count": count, "customer": customer, "payload": payload}
        made: list[str] = self._shop("orders", asked)["orders"]
        return made

    def pace(self, interval_seconds: float) -> None:
        """How often an order happens by itself."""
        self._shop("pace", {"interval_seconds": interval_seconds})

    def desk(self, what: str) -> Any:
        """What the desk says about the queue, such as `flow`."""
        return http_client.call("GET", f"{self.places.address('desk')}/{what}").json()

    def rows(self, query: Any, *values: Any) -> list[dict[str, Any]]:
        """Ask the database as its superuser. Raises psycopg.Error."""
        with psycopg.connect(self.databases.superuser, row_factory=dict_row, connect_timeout=3) as connection:
            found = connection.execute(query, values or None)
            return found.fetchall() if found.description else []

    def states(self, jobs: list[str]) -> set[str]:
        """How these jobs stand."""
        return {row["state"] for row in self.rows("SELECT state FROM jobs WHERE id = ANY(%s)", jobs)}

    def set_worker_setting(self, name: str, value: str) -> None:
        """Edit worker.env; workers read it again for every job."""
        path = self.places.worker_settings
        settings = {**read_env(path), name: value}
        new = path.with_suffix(".new")
        new.write_text(render_env(settings), "utf-8")
        new.chmod(0o600)
        new.rename(path)

    def behave(self, **behaviour: Any) -> None:
        """Tell the mail sender how to misbehave."""
        self.places.behaviour.write_text(json.dumps(behaviour), "utf-8")

    def must_become(self, is_true: Callable[[], bool], words: str) -> None:
        """Wait for something that must happen. Raises PracticeError when it does not."""
        if not wait_until(is_true, SETTLE_SECONDS, pause=0.05):
            raise PracticeError(
                f"This did not happen within {SETTLE_SECONDS} s: {words}. The world is not as wanted."
            )

    def _shop(self, verb: str, asked: dict[str, Any]) -> Any:
        answer = http_client.call(
            "POST", f"{self.places.address('shop')}/practice/{verb}", json.dumps(asked).encode()
        )
        if answer.status != 200:
            raise PracticeError(f"The shop refused {verb}: {answer.text}")
        return answer.json()
