"""Larkspur Letters while it runs: the handles that faults and oracle work through."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keys_practice import http_client, keeper_client
from keys_practice.database import Addresses
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout, write_json
from keys_practice.processes import wait_until
from keys_practice.stripe.server import USUAL_SPEED
from keys_practice.stripe_client import Stripe

COMMAND_SECONDS = 60
SETTLE_SECONDS = 20
DAYS_PASS_SPEED = 150_000.0  # three days in under two seconds


@dataclass(frozen=True)
class Company:
    """One running company. Nothing here starts or ends the world itself."""

    layout: Layout
    databases: Addresses
    endpoint_id: str
    other_endpoint_id: str

    @property
    def stripe(self) -> Stripe:
        """The local Stripe."""
        return Stripe(self.layout)

    def environment(self) -> dict[str, str]:
        """What an operator's shell has: the company's commands first on PATH."""
        path = f"{self.layout.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {"PATH": path, "LANG": "C.UTF-8"}

    def command(self, *argv: str) -> str:
        """Run one of the company's commands, as a colleague would. Raises PracticeError when it fails."""
        program = str(self.layout.bin / argv[0])
        done = subprocess.run(
            [program, *argv[1:]],
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

    def set_environment(self, name: str, variable: str, value: str) -> None:
        """Give a process another environment variable, from its next start on."""
        units = json.loads(self.layout.units_file.read_text("utf-8"))
        units[name]["env"][variable] = value
        write_json(self.layout.units_file, units)

    def is_listening(self) -> bool:
        """Whether the webhook service answers anything."""
        try:
            http_client.call("GET", f"{self.layout.facts()['app_url']}/healthz", seconds=5)
        except Unreachable:
            return False
        return True

    def let_happen(self, count: int, backdate_seconds: int = 0) -> list[str]:
        """Let events happen at Stripe. Returns their ids; they are delivered at once where they can be."""
        happened = self.stripe.practise("events", count=count, backdate_seconds=backdate_seconds)
        events: list[str] = happened["events"]
        return events

    def types(self, events: list[str]) -> set[str]:
        """The types of these events, whoever is to have them."""
        happened = self.stripe.get(f"/{self.endpoint_id}/events")
        return {each["type"] for each in happened if each["id"] in events}

    def let_days_pass(self) -> None:
        """Run the world's clock so fast that an endpoint which fails is disabled, then at its usual speed again."""
        self.stripe.practise("clock", speed=DAYS_PASS_SPEED)
        try:
            self.must_become(lambda: self.endpoint()["status"] == "disabled", "Stripe disables the endpoint")
        finally:
            self.stripe.practise("clock", speed=USUAL_SPEED)

    def endpoint(self) -> dict[str, Any]:
        """Our endpoint as Stripe describes it."""
        found: dict[str, Any] = self.stripe.get(f"/{self.endpoint_id}")
        return found

    def states(self, events: list[str], endpoint_id: str | None = None) -> set[str]:
        """How the deliveries of these events stand: delivered, failed, pending."""
        deliveries = self.stripe.get(f"/{endpoint_id or self.endpoint_id}/deliveries")
        return {each["state"] for each in deliveries if each["id"] in events}

    def must_become(self, is_true: Callable[[], bool], words: str) -> None:
        """Wait for something that must happen. Raises PracticeError when it does not."""
        if not wait_until(is_true, SETTLE_SECONDS, pause=0.05):
            raise PracticeError(
                f"This did not happen within {SETTLE_SECONDS} s: {words}. The world is not as wanted."
            )
