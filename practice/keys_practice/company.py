"""Larkspur Letters while it runs: the handles that faults and oracle work through."""

import json
from dataclasses import dataclass
from typing import Any

from keys_practice import http_client
from keys_practice.database import Addresses
from keys_practice.errors import Unreachable
from keys_practice.layout import Layout, write_json
from keys_practice.running import Running
from keys_practice.stripe.server import USUAL_SPEED
from keys_practice.stripe_client import Stripe

DAYS_PASS_SPEED = 150_000.0  # three days in under two seconds


@dataclass(frozen=True)
class Company(Running):
    """One running company. Nothing here starts or ends the world itself."""

    layout: Layout
    databases: Addresses
    endpoint_id: str
    other_endpoint_id: str

    @property
    def stripe(self) -> Stripe:
        """The local Stripe."""
        return Stripe(self.layout)

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
