"""The letters rooms while they run: the handles that faults and oracle work through."""

import json
from dataclasses import dataclass
from pathlib import Path

import psycopg

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.running import Running
from keys_practice.tenants.database import Addresses
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.people import Person


@dataclass(frozen=True)
class Rooms(Running):
    """One running department. Nothing here starts or ends the world itself."""

    layout: RoomsLayout
    databases: Addresses
    passwords: dict[str, str]

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
