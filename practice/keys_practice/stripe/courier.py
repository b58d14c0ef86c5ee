"""Delivers events to endpoints: signed, several at once, again with back-off, until an endpoint is given up."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.signature import sign
from keys_practice.stripe.clock import WorldClock
from keys_practice.stripe.policy import after_failure
from keys_practice.stripe.store import Attempt, Endpoint, Event, Store

ANSWER_SECONDS = 8
AT_ONCE = 4
LONGEST_SLEEP_SECONDS = 1.0
KEPT_ANSWER = 200


class Courier:
    """Decides what is due, delivers it and notes what came of it."""

    def __init__(self, store: Store, clock: WorldClock) -> None:
        self._store = store
        self._clock = clock
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._under_way: set[tuple[str, str]] = set()
        self._changed = threading.Condition()
        self._lag_seconds = 0.0

    def set_lag(self, seconds: float) -> None:
        """Deliver every new event so many real seconds after it happened."""
        self._lag_seconds = seconds

    def announce(self, event: Event) -> None:
        """Record the event and plan its delivery to every endpoint that wants its type."""
        self._store.add_event(event)
        for endpoint in self._store.endpoints():
            if event.type in endpoint.enabled_events:
                due = (
                    self._clock.now() + self._lag_seconds * self._clock.speed if endpoint.is_enabled else None
                )
                self._store.plan_delivery(event.id, endpoint.id, due)
        self.wake()

    def wake(self) -> None:
        """Something changed (an event, the clock): look again what is due."""
        with self._changed:
            self._changed.notify()

    def run(self) -> None:
        """Deliver what is due, for ever."""
        while True:
            with self._changed:
                self._changed.wait(self._start_what_is_due())

    def close(self) -> None:
        """Wait for the deliveries that are under way."""
        self._pool.shutdown()

    def resend(self, endpoint: Endpoint, events: list[Event]) -> list[Attempt]:
        """Deliver the events to the endpoint now, whatever was planned, and say how each went."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda event: self._deliver(endpoint, event, "resend"), events))

    def test(self, endpoint: Endpoint, ping: Event) -> Attempt:
        """Deliver a ping now. It is in the history of attempts and of no delivery."""
        self._store.add_event(ping)
        return self._attempt(endpoint, ping, "test")

    def _start_what_is_due(self) -> float:
        """Hand what is due to the pool. Returns the real seconds until there is more to do."""
        now = self._clock.now()
        for row in self._store.planned():
            pair = (row["event_id"], row["endpoint_id"])
            if row["next_attempt"] > now:
                return min(LONGEST_SLEEP_SECONDS, self._clock.real_seconds_until(row["next_attempt"]))
            if pair not in self._under_way:
                self._under_way.add(pair)
                self._pool.submit(self._deliver_planned, *pair)
        return LONGEST_SLEEP_SECONDS

    def _deliver_planned(self, event_id: str, endpoint_id: str) -> None:
        try:
            event, endpoint = self._store.event(event_id), self._store.endpoint(endpoint_id)
            if event and endpoint and endpoint.is_enabled:
                self._deliver(endpoint, event, "delivery")
            else:  # disabled after this was planned
                self._store.drop_plan(event_id, endpoint_id)
        finally:
            with self._changed:
                self._under_way.discard((event_id, endpoint_id))
                self._changed.notify()

    def _deliver(self, endpoint: Endpoint, event: Event, kind: str) -> Attempt:
        attempt = self._attempt(endpoint, event, kind)
        if attempt.is_accepted:
            self._store.settle(event.id, endpoint.id)
        else:
            self._plan_after_failure(endpoint.id, event.id)
        return attempt

    def _plan_after_failure(self, endpoint_id: str, event_id: str) -> None:
        failures = self._store.note_failure(event_id, endpoint_id)
        endpoint = self._store.endpoint(endpoint_id)
        if not failures or endpoint is None or not endpoint.is_enabled:
            return
        then = after_failure(failures, self._clock.now(), endpoint.failing_since)
        if then.next_attempt is None:
            self._store.disable(endpoint_id)
        else:
            self._store.plan_retry(event_id, endpoint_id, then.next_attempt, then.failing_since)

    def _attempt(self, endpoint: Endpoint, event: Event, kind: str) -> Attempt:
        body = event.body.encode()
        at = time.time()
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": sign(endpoint.secret, body, int(at)),
        }
        try:
            answer = http_client.call("POST", endpoint.url, body, headers, ANSWER_SECONDS)
            outcome: tuple[int | None, str] = (answer.status, answer.text[:KEPT_ANSWER])
        except Unreachable as problem:
            outcome = (None, str(problem))
        attempt = Attempt(event.id, kind, at, time.time(), self._clock.now(), *outcome)
        self._store.note_attempt(endpoint.id, attempt)
        return attempt
