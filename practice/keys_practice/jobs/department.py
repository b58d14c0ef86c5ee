"""The jobs department while it runs: the handles that faults and oracle work through."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from keys_practice import http_client
from keys_practice.database import Addresses, Kept
from keys_practice.errors import PracticeError
from keys_practice.jobs.places import Places
from keys_practice.layout import Layout, read_env, render_env
from keys_practice.running import Running


@dataclass(frozen=True)
class Department(Running):
    """One running department. `poison` are the jobs that faults have made impossible to do."""

    settle_seconds: ClassVar[float] = 25

    places: Places
    databases: Addresses
    superuser: Kept
    first_slot: datetime
    poison: set[str] = field(default_factory=set)

    @property
    def layout(self) -> Layout:
        """The world's folder."""
        return self.places.layout

    def close(self) -> None:
        """Let go of what is held of the world."""
        self.superuser.close()

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
        return self.superuser.rows(query, *values)

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

    def _shop(self, verb: str, asked: dict[str, Any]) -> Any:
        answer = http_client.call(
            "POST", f"{self.places.address('shop')}/practice/{verb}", json.dumps(asked).encode()
        )
        if answer.status != 200:
            raise PracticeError(f"The shop refused {verb}: {answer.text}")
        return answer.json()
