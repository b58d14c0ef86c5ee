"""The local Stripe's HTTP API on loopback. Every request needs `Authorization: Bearer KEY`.

GET  /v1/webhook_endpoints                      all endpoints, without secrets
GET  /v1/webhook_endpoints/ID                   one of them
POST /v1/webhook_endpoints/ID                   {"disabled": bool}
GET  /v1/webhook_endpoints/ID/secret            {"secret": "whsec_…"}
POST /v1/webhook_endpoints/ID/roll_secret       a new secret; the old one is invalid at once
GET  /v1/webhook_endpoints/ID/deliveries        ?since=UNIX_SECONDS
GET  /v1/webhook_endpoints/ID/attempts          ?since=UNIX_SECONDS&last=N
POST /v1/webhook_endpoints/ID/resend            {"events": [id, …]}
POST /v1/webhook_endpoints/ID/test              delivers a ping
GET  /v1/webhook_endpoints/ID/events            all events as they are delivered
POST /practice/endpoints | endpoint | events | clock | traffic | rights | lag     what only the practice world itself asks for

Where the key's rights are restricted, a POST that would change or resend something is refused with 403.
"""

import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from keys_practice.http_server import Reply, Request, serve
from keys_practice.layout import Layout
from keys_practice.stripe.clock import DAY, MINUTE, WorldClock
from keys_practice.stripe.courier import Courier
from keys_practice.stripe.store import Attempt, Endpoint, Store
from keys_practice.stripe.traffic import Traffic

USUAL_SPEED = 60.0
TRAFFIC_SEED = 29  # the events that a fault meets then hold every type

CHANGES = ("POST ", "POST roll_secret", "POST resend")

Fields = dict[str, Any]


class Refused(Exception):
    """A request that can't be done: HTTP status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class StripeApi:
    """Answers the addresses above."""

    def __init__(self, store: Store, clock: WorldClock, courier: Courier, traffic: Traffic, key: str) -> None:
        self._store, self._clock, self._courier, self._traffic = store, clock, courier, traffic
        self._authorization = f"Bearer {key}"
        self._may_change = True

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        offered = request.headers.get("authorization", "")
        if not hmac.compare_digest(offered.encode(), self._authorization.encode()):
            return Reply(401, {"error": "this API key is not known"})
        parts = urlsplit(request.path)
        try:
            fields = dict(parse_qsl(parts.query)) | (json.loads(request.body) if request.body else {})
            return Reply(200, self._route(request.method, parts.path.strip("/").split("/"), fields))
        except Refused as refused:
            return Reply(refused.status, {"error": str(refused)})
        except (ValueError, KeyError, TypeError) as problem:
            return Reply(400, {"error": f"the request is malformed: {problem!r}"})

    def _route(self, method: str, path: list[str], fields: Fields) -> Any:
        if method == "POST" and len(path) == 2 and path[0] == "practice":
            return self._practise(path[1], fields)
        if path[:2] != ["v1", "webhook_endpoints"] or len(path) > 4:
            raise Refused(404, "there is nothing at this address")
        if len(path) == 2:
            return [self._describe(endpoint) for endpoint in self._store.endpoints()]
        endpoint = self._store.endpoint(path[2])
        if endpoint is None:
            raise Refused(404, f"there is no endpoint {path[2]}")
        return self._on_endpoint(f"{method} {'/'.join(path[3:])}", endpoint, fields)

    def _on_endpoint(self, verb: str, endpoint: Endpoint, fields: Fields) -> Any:
        since = float(fields.get("since", 0))
        verbs: dict[str, Callable[[], Any]] = {
            "GET ": lambda: self._describe(endpoint),
            "POST ": lambda: self._switch(endpoint, bool(fields["disabled"])),
            "GET secret": lambda: {"secret": endpoint.secret},
            "POST roll_secret": lambda: self._roll_secret(endpoint),
            "GET deliveries": lambda: self._deliveries(endpoint, since),
            "GET events": lambda: [json.loads(body) for body in self._store.bodies()],
            "GET attempts": lambda: self._store.attempts(endpoint.id, since, int(fields.get("last", 1000))),
            "POST resend": lambda: self._resend(endpoint, fields["events"]),
            "POST test": lambda: self._test(endpoint),
        }
        if verb not in verbs:
            raise Refused(404, "there is nothing at this address")
        if verb in CHANGES and not self._may_change:
            raise Refused(403, "this API key may look and may not change anything")
        return verbs[verb]()

    def _describe(self, endpoint: Endpoint) -> Fields:
        failing = None if endpoint.failing_since is None else self._clock.now() - endpoint.failing_since
        return {
            "id": endpoint.id,
            "url": endpoint.url,
            "status": endpoint.status,
            "team": endpoint.team,
            "enabled_events": endpoint.enabled_events,
            "secret_fingerprint": hashlib.sha256(endpoint.secret.encode()).hexdigest()[:8],
            "failing_for_days": None if failing is None else round(failing / DAY, 2),
            "disabled_at": endpoint.disabled_at,
        }

    def _switch(self, endpoint: Endpoint, is_disabled: bool) -> Fields:
        if is_disabled and endpoint.is_enabled:
            self._store.disable(endpoint.id)
        if not is_disabled:
            self._store.enable(endpoint.id)
        return self._describe(self._store.endpoint(endpoint.id) or endpoint)

    def _change_endpoint(self, fields: Fields) -> None:
        endpoint = self._store.endpoint(fields["id"])
        if endpoint is None:
            raise Refused(404, f"there is no endpoint {fields['id']}")
        url, wanted = fields.get("url", endpoint.url), fields.get("enabled_events", endpoint.enabled_events)
        self._store.change_endpoint(endpoint.id, url, wanted)

    def _roll_secret(self, endpoint: Endpoint) -> Fields:
        self._store.set_secret(endpoint.id, new_secret())
        return self._describe(self._store.endpoint(endpoint.id) or endpoint)

    def _deliveries(self, endpoint: Endpoint, since: float) -> list[Fields]:
        deliveries = self._store.deliveries(endpoint.id, since)
        for each in deliveries:
            due = each.pop("next_attempt")
            each["next_attempt_in_seconds"] = (
                None if due is None else round(self._clock.real_seconds_until(due), 1)
            )
        return deliveries

    def _resend(self, endpoint: Endpoint, ids: list[str]) -> list[Fields]:
        self._must_be_enabled(endpoint)
        planned = {each["id"] for each in self._store.deliveries(endpoint.id)}
        unknown = sorted(set(ids) - planned)
        if unknown:
            raise Refused(404, f"these are no events of {endpoint.id}: {', '.join(unknown)}")
        events = [event for event in map(self._store.event, ids) if event]
        return [_outcome(attempt) for attempt in self._courier.resend(endpoint, events)]

    def _test(self, endpoint: Endpoint) -> Fields:
        self._must_be_enabled(endpoint)
        return _outcome(self._courier.test(endpoint, self._traffic.ping()))

    def _must_be_enabled(self, endpoint: Endpoint) -> None:
        if not endpoint.is_enabled:
            raise Refused(409, f"{endpoint.id} is disabled: nothing is delivered to it. Enable it first")

    def _practise(self, what: str, fields: Fields) -> Any:
        if what == "endpoints":
            self._store.add_endpoint(Endpoint(**fields))
        elif what == "endpoint":
            self._change_endpoint(fields)
        elif what == "rights":
            self._may_change = bool(fields["may_change"])
        elif what == "lag":
            self._courier.set_lag(float(fields["seconds"]))
        elif what == "events":
            return {
                "events": self._traffic.happen(int(fields["count"]), int(fields.get("backdate_seconds", 0)))
            }
        elif what == "clock":
            self._clock.set_speed(float(fields["speed"]))
            self._courier.wake()
        elif what == "traffic":
            self._traffic.set_interval(fields["interval_seconds"])
        else:
            raise Refused(404, "there is nothing at this address")
        return {"speed": self._clock.speed, "world_minutes": round(self._clock.now() / MINUTE, 1)}


def new_secret() -> str:
    """A signing secret of Stripe's shape."""
    return f"whsec_{secrets.token_hex(16)}"


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    os.umask(0o077)
    layout = Layout(folder)
    store = Store(layout.stripe_database)
    clock = WorldClock(USUAL_SPEED, begin=store.newest_world_time())
    courier = Courier(store, clock)
    traffic = Traffic(store, courier.announce, TRAFFIC_SEED)
    for loop in (courier.run, traffic.run):
        threading.Thread(target=loop, daemon=True).start()
    key = layout.stripe_key.read_text("utf-8").strip()
    try:
        serve(int(arguments[0]), StripeApi(store, clock, courier, traffic, key))
    finally:
        courier.close()
    return 0


def _outcome(attempt: Attempt) -> Fields:
    return {"event": attempt.event_id, "status": attempt.status or 0, "answer": attempt.answer}
