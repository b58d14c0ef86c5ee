"""The selling department while it runs: the handles that faults and oracle work through."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from keys_practice import http_client
from keys_practice.database import Addresses
from keys_practice.errors import Unreachable
from keys_practice.running import Running
from keys_practice.wire.layout import PAYMENTS, WireLayout


@dataclass(frozen=True)
class Company(Running):
    """One running department. Nothing here starts or ends the world itself."""

    layout: WireLayout
    databases: Addresses

    def put_into_wire(self, dependency: str, fault: str) -> None:
        """Let the line to this dependency do this wrong (`none`: nothing) from now on."""
        body = json.dumps({"line": dependency, "fault": fault}).encode()
        http_client.call("POST", f"{self.layout.facts()['wire_url']}/practice", body)

    def wire(self) -> dict[str, str]:
        """What each line does wrong."""
        found: dict[str, str] = http_client.call("GET", f"{self.layout.facts()['wire_url']}/practice").json()
        return found

    def set_flaws(self, dependency: str, *flaws: str) -> None:
        """Let the dependency itself be wrong in these ways, and in no other."""
        body = json.dumps({"flaws": flaws}).encode()
        http_client.call("POST", f"{self.layout.facts()[f'{dependency}_origin']}/practice", body)

    def flaws(self, dependency: str) -> list[str]:
        """What is wrong with the dependency itself; `down` where it does not answer."""
        address = f"{self.layout.facts()[f'{dependency}_origin']}/practice"
        try:
            found: list[str] = http_client.call("GET", address).json()["flaws"]
        except Unreachable:
            return ["down"]
        return found

    def is_listening(self, dependency: str) -> bool:
        """Whether the dependency itself answers, behind its gateway."""
        return self.flaws(dependency) != ["down"]

    def breaker_state(self, dependency: str) -> str:
        """How the checkout's breaker stands, in its own words; `unknown` where it does not answer."""
        address = f"{self.layout.facts()['app_url']}/internal/breakers/{dependency}"
        try:
            return str(http_client.call("GET", address, seconds=5).json()["state"])
        except (Unreachable, KeyError, TypeError):
            return "unknown"

    def answers(self) -> list[dict[str, Any]]:
        """What users got so far, oldest first; nothing where somebody has moved the log away."""
        if not self.layout.answers.exists():
            return []
        text = self.layout.answers.read_text("utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def done_at(self, dependency: str) -> list[tuple[str, int]]:
        """Order and value of everything that stands in the dependency's own books, oldest first."""
        address = f"file:{self.layout.ledger(dependency)}?mode=ro"
        with sqlite3.connect(address, uri=True) as books:
            rows: list[tuple[str, int]] = books.execute(
                "SELECT order_id, value FROM done ORDER BY at"
            ).fetchall()
        books.close()
        return rows

    def charge_by_hand(self, count: int) -> None:
        """Charge the newest orders once more, as a person on the provider's own page would: under no key of ours."""
        for order, cents in self.done_at(PAYMENTS)[-count:]:
            self.charge_on_their_page(order, cents)

    def charge_on_their_page(self, order: str, cents: int) -> None:
        """Charge under no key of ours; the order need not be one of ours."""
        facts, known = self.layout.facts(), json.loads(self.layout.dependencies_file.read_text("utf-8"))
        body = json.dumps({"order": order, "amount_cents": cents, "postcode": ""}).encode()
        headers = {
            "Authorization": f"Bearer {known[PAYMENTS]['key']}",
            "Idempotency-Key": f"by-hand-{order}",
        }
        http_client.call("POST", f"{facts[f'{PAYMENTS}_origin']}/v1/charges", body, headers)

    def switches(self) -> dict[str, dict[str, Any]]:
        """What people have switched, from the file."""
        found: dict[str, dict[str, Any]] = json.loads(self.layout.switches.read_text("utf-8"))
        return found

    def await_answers(self, count: int, *statuses: int) -> None:
        """Wait until that many more users got an answer with one of these statuses (none: any)."""
        seen = len(self.answers())

        def are_there() -> bool:
            fresh = self.answers()[seen:]
            return sum(not statuses or each["status"] in statuses for each in fresh) >= count

        self.must_become(are_there, f"{count} users are answered with {statuses or 'anything'}")
