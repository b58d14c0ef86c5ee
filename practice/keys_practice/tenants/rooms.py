"""The letters rooms while they run: the handles that faults and oracle work through."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from keys_practice import http_client, keeper_client
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.processes import wait_until
from keys_practice.tenants.database import Addresses
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.people import Person

COMMAND_SECONDS = 60
SETTLE_SECONDS = 20


@dataclass(frozen=True)
class Rooms:
    """One running department. Nothing here starts or ends the world itself."""

    layout: RoomsLayout
    databases: Addresses
    passwords: dict[str, str]

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

    def in_database(self, *statements: str) -> None:
        """Do something in the database as its superuser."""
        with psycopg.connect(self.databases.superuser, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def set_setting(self, path: Path, name: str, value: object) -> None:
        """Change one setting of a service; it takes effect when the service starts."""
        settings = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**settings, name: value}, indent=1), "utf-8")

    def restart(self, unit: str) -> None:
        """Restart a service and wait until it answers."""
        self.keeper("restart", unit)
        self.must_become(lambda: self.is_listening(unit), f"the service {unit} answers")

    def is_listening(self, unit: str) -> bool:
        """Whether the service answers anything."""
        try:
            http_client.call("GET", f"{self.layout.facts()[f'{unit}_url']}/health", seconds=5)
        except Unreachable:
            return False
        return True

    def sign_in(self, person: Person) -> http_client.Answer:
        """Ask the auth service for a token. Raises Unreachable."""
        body = json.dumps({"email": person.email, "password": self.passwords[person.name]}).encode()
        return http_client.call("POST", f"{self.layout.facts()['auth_url']}/token", body, seconds=5)

    def must_become(self, is_true: Callable[[], bool], words: str) -> None:
        """Wait for something that must happen. Raises PracticeError when it does not."""
        if not wait_until(is_true, SETTLE_SECONDS, pause=0.05):
            raise PracticeError(
                f"This did not happen within {SETTLE_SECONDS} s: {words}. The world is not as wanted."
            )
