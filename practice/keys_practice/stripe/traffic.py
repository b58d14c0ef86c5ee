"""What happens at Stripe while readers subscribe, change, pay and leave."""

import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from keys_practice.stripe.store import Event, Store

API_VERSION = "2025-09-30.clover"
PING = "v2.core.event_destination.ping"
MONTH_SECONDS = 30 * 86400
PRICES = {"weekly-letter": 500, "monthly-letter": 300, "seed-club": 1200}
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"

Object = dict[str, Any]


class Traffic:
    """Makes events that follow from one another: what is paid or cancelled was created before."""

    def __init__(self, store: Store, announce: Callable[[Event], None], seed: int) -> None:
        self._store = store
        self._announce = announce
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._interval: float | None = None
        self._changed = threading.Event()

    def happen(self, count: int, backdate_seconds: int = 0) -> list[str]:
        """Let `count` events happen, the first of them `backdate_seconds` ago. Returns their ids."""
        with self._lock:
            moment = int(time.time()) - backdate_seconds
            step = max(1, backdate_seconds // max(1, count))
            return [self._one(moment + number * step) for number in range(count)]

    def ping(self) -> Event:
        """A test event. It is not announced: only one endpoint gets it."""
        with self._lock:
            event_id, created = self._id("evt_test_"), int(time.time())
            body = {
                "id": event_id,
                "object": "v2.core.event",
                "type": PING,
                "livemode": True,
                "created": created,
                "context": None,
            }
            return Event(event_id, PING, created, json.dumps(body))

    def set_interval(self, seconds: float | None) -> None:
        """Let one event happen every `seconds`; None stops that."""
        self._interval = seconds
        self._changed.set()

    def run(self) -> None:
        """Keep the traffic flowing at the set interval, for ever."""
        while True:
            is_changed = self._changed.wait(self._interval)
            self._changed.clear()
            if not is_changed:
                self.happen(1)

    def _one(self, moment: int) -> str:
        # Strictly increasing, so that "the newest event of a subscription" is never a tie.
        created = max(moment, self._store.newest_created() + 1)
        kind, thing = self._next(created)
        event_id = self._id("evt_1S")
        body = {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": created,
            "data": {"object": thing},
            "livemode": True,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self._announce(Event(event_id, kind, created, json.dumps(body)))
        return event_id

    def _next(self, created: int) -> tuple[str, Object]:
        living = [each for each in self._store.subscriptions() if each["status"] != "canceled"]
        if len(living) < 3:
            return self._subscribe(created)
        choice = self._random.choices(("new", "paid", "changed", "ended"), (3, 4, 2, 1))[0]
        subscription = self._random.choice(living)
        if choice == "paid":
            return "invoice.paid", self._invoice(subscription, created)
        if choice == "changed":
            return self._change(subscription, created)
        if choice == "ended":
            return self._keep("customer.subscription.deleted", {**subscription, "status": "canceled"})
        return self._subscribe(created)

    def _subscribe(self, created: int) -> tuple[str, Object]:
        subscription = {
            "id": self._id("sub_1S"),
            "object": "subscription",
            "customer": self._id("cus_"),
            "status": "active",
            "created": created,
            "currency": "eur",
            "items": {"object": "list", "data": [self._item(self._random.choice(list(PRICES)), created)]},
        }
        return self._keep("customer.subscription.created", subscription)

    def _change(self, subscription: Object, created: int) -> tuple[str, Object]:
        plan = self._random.choice(list(PRICES))
        changed = {
            **subscription,
            "status": self._random.choice(("active", "active", "past_due")),
            "items": {"object": "list", "data": [self._item(plan, created)]},
        }
        return self._keep("customer.subscription.updated", changed)

    def _item(self, plan: str, created: int) -> Object:
        price = {"id": f"price_{plan}", "lookup_key": plan, "nickname": None, "unit_amount": PRICES[plan]}
        return {"id": self._id("si_"), "price": price, "current_period_end": created + MONTH_SECONDS}

    def _invoice(self, subscription: Object, created: int) -> Object:
        price = subscription["items"]["data"][0]["price"]
        line = {"amount": price["unit_amount"], "pricing": {"price_details": {"price": price["id"]}}}
        return {
            "id": self._id("in_1S"),
            "object": "invoice",
            "customer": subscription["customer"],
            "created": created,
            "currency": "eur",
            "amount_paid": price["unit_amount"],
            "status": "paid",
            "parent": {
                "type": "subscription_details",
                "subscription_details": {"subscription": subscription["id"]},
            },
            "lines": {"object": "list", "data": [line]},
        }

    def _keep(self, kind: str, subscription: Object) -> tuple[str, Object]:
        self._store.keep_subscription(subscription)
        return kind, subscription

    def _id(self, prefix: str) -> str:
        return prefix + "".join(self._random.choices(ALPHABET, k=22))
