"""The local Stripe's state in SQLite."""

import json
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = Path(__file__).with_name("schema.sql")


class Event(NamedTuple):
    """Something that happened at Stripe. `body` is the exact text that is signed and delivered."""

    id: str
    type: str
    created: int
    body: str


@dataclass(frozen=True)
class Endpoint:
    """An address that wants events."""

    id: str
    url: str
    secret: str
    status: str
    team: str
    enabled_events: list[str]
    failing_since: float | None = None
    disabled_at: float | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether events are delivered to it."""
        return self.status == "enabled"


class Attempt(NamedTuple):
    """One try to deliver: `status` is the HTTP status, None when nothing answered; `answer` the first words."""

    event_id: str
    kind: str
    attempted_at: float
    finished_at: float
    world_time: float
    status: int | None
    answer: str

    @property
    def is_accepted(self) -> bool:
        """Whether the endpoint took the event (any 2xx)."""
        return self.status is not None and 200 <= self.status < 300


class Store:
    """Reads and writes the state. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA.read_text("utf-8"))

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def add_endpoint(self, endpoint: Endpoint) -> None:
        """Register an endpoint."""
        self.rows(
            "INSERT INTO endpoints (id, url, secret, status, team, enabled_events) VALUES (?, ?, ?, ?, ?, ?)",
            endpoint.id,
            endpoint.url,
            endpoint.secret,
            endpoint.status,
            endpoint.team,
            json.dumps(endpoint.enabled_events),
        )

    def endpoints(self) -> list[Endpoint]:
        """All endpoints, in the order of registration."""
        return [_endpoint(row) for row in self.rows("SELECT * FROM endpoints ORDER BY rowid")]

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint of that id, or None."""
        found = self.rows("SELECT * FROM endpoints WHERE id = ?", endpoint_id)
        return _endpoint(found[0]) if found else None

    def change_endpoint(self, endpoint_id: str, url: str, enabled_events: list[str]) -> None:
        """Give the endpoint another address and other types of event."""
        self.rows(
            "UPDATE endpoints SET url = ?, enabled_events = ? WHERE id = ?",
            url,
            json.dumps(enabled_events),
            endpoint_id,
        )

    def set_secret(self, endpoint_id: str, secret: str) -> None:
        """Roll the secret: the old one signs nothing from now on."""
        self.rows("UPDATE endpoints SET secret = ? WHERE id = ?", secret, endpoint_id)

    def enable(self, endpoint_id: str) -> None:
        """Deliver to the endpoint again. What it missed stays undelivered until it is resent."""
        self.rows(
            "UPDATE endpoints SET status = 'enabled', disabled_at = NULL, failing_since = NULL WHERE id = ?",
            endpoint_id,
        )

    def disable(self, endpoint_id: str) -> None:
        """Stop delivering to the endpoint and give up the retries that are planned."""
        with self._lock:
            self.rows(
                "UPDATE endpoints SET status = 'disabled', disabled_at = ? WHERE id = ?",
                time.time(),
                endpoint_id,
            )
            self.rows("UPDATE deliveries SET next_attempt = NULL WHERE endpoint_id = ?", endpoint_id)

    def add_event(self, event: Event) -> None:
        """Record that something happened."""
        self.rows("INSERT INTO events (id, type, created, body) VALUES (?, ?, ?, ?)", *event)

    def event(self, event_id: str) -> Event | None:
        """The event of that id, or None."""
        found = self.rows("SELECT id, type, created, body FROM events WHERE id = ?", event_id)
        return Event(*found[0]) if found else None

    def bodies(self) -> list[str]:
        """Every event as it is delivered, oldest first."""
        return [row[0] for row in self.rows("SELECT body FROM events ORDER BY seq")]

    def newest_created(self) -> int:
        """`created` of the newest event (0 when there is none)."""
        return int(self.rows("SELECT coalesce(max(created), 0) FROM events")[0][0])

    def plan_delivery(self, event_id: str, endpoint_id: str, next_attempt: float | None) -> None:
        """The endpoint is to have the event; `next_attempt` None leaves it pending until it is resent."""
        self.rows(
            "INSERT INTO deliveries (event_id, endpoint_id, state, next_attempt) VALUES (?, ?, 'pending', ?)",
            event_id,
            endpoint_id,
            next_attempt,
        )

    def planned(self) -> list[sqlite3.Row]:
        """Deliveries that will be tried by themselves, the next one first."""
        return self.rows(
            "SELECT event_id, endpoint_id, next_attempt FROM deliveries"
            " WHERE next_attempt IS NOT NULL ORDER BY next_attempt LIMIT 64"
        )

    def note_attempt(self, endpoint_id: str, attempt: Attempt) -> None:
        """Add one attempt to the history."""
        self.rows(
            "INSERT INTO attempts (event_id, endpoint_id, kind, attempted_at, finished_at, world_time, status, answer)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            attempt.event_id,
            endpoint_id,
            *attempt[1:],
        )

    def settle(self, event_id: str, endpoint_id: str) -> None:
        """The endpoint took the event: its series of failures is over."""
        with self._lock:
            self.rows(
                "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, next_attempt = NULL"
                " WHERE event_id = ? AND endpoint_id = ?",
                event_id,
                endpoint_id,
            )
            self.rows("UPDATE endpoints SET failing_since = NULL WHERE id = ?", endpoint_id)

    def note_failure(self, event_id: str, endpoint_id: str) -> int:
        """The endpoint refused the event. Returns how often it has; an accepted event stays accepted (0)."""
        found = self.rows(
            "UPDATE deliveries SET state = 'failed', attempts = attempts + 1, next_attempt = NULL"
            " WHERE event_id = ? AND endpoint_id = ? AND state <> 'delivered' RETURNING attempts",
            event_id,
            endpoint_id,
        )
        return int(found[0][0]) if found else 0

    def plan_retry(self, event_id: str, endpoint_id: str, next_attempt: float, failing_since: float) -> None:
        """Try again at `next_attempt` (world time); the endpoint fails since `failing_since`."""
        with self._lock:
            self.rows(
                "UPDATE deliveries SET next_attempt = ? WHERE event_id = ? AND endpoint_id = ?",
                next_attempt,
                event_id,
                endpoint_id,
            )
            self.rows("UPDATE endpoints SET failing_since = ? WHERE id = ?", failing_since, endpoint_id)

    def drop_plan(self, event_id: str, endpoint_id: str) -> None:
        """Do not try this by itself any more."""
        self.rows(
            "UPDATE deliveries SET next_attempt = NULL WHERE event_id = ? AND endpoint_id = ?",
            event_id,
            endpoint_id,
        )

    def deliveries(self, endpoint_id: str, since: float = 0) -> list[dict[str, Any]]:
        """The events created since then that the endpoint is to have, oldest first, and how each stands.

        `sending` is a pending event whose first attempt is under way; `accepted_at` when the endpoint first took it.
        """
        rows = self.rows(
            "SELECT e.id, e.type, e.created, d.attempts, d.next_attempt, a.status AS last_status,"
            " a.attempted_at AS last_attempt_at, a.answer AS last_answer,"
            " CASE WHEN d.state = 'pending' AND d.next_attempt IS NOT NULL THEN 'sending' ELSE d.state END AS state,"
            " (SELECT min(finished_at) FROM attempts WHERE event_id = d.event_id AND endpoint_id = d.endpoint_id"
            "   AND status BETWEEN 200 AND 299) AS accepted_at"
            " FROM deliveries d JOIN events e ON e.id = d.event_id"
            " LEFT JOIN attempts a ON a.seq = (SELECT max(seq) FROM attempts"
            "   WHERE event_id = d.event_id AND endpoint_id = d.endpoint_id)"
            " WHERE d.endpoint_id = ? AND e.created >= ? ORDER BY e.seq",
            endpoint_id,
            since,
        )
        return [dict(row) for row in rows]

    def attempts(self, endpoint_id: str, since: float = 0, last: int = 1000) -> list[dict[str, Any]]:
        """The last attempts since then without tests, oldest first."""
        rows = self.rows(
            "SELECT event_id, kind, attempted_at, status, answer FROM attempts WHERE endpoint_id = ?"
            " AND kind <> 'test' AND attempted_at >= ? ORDER BY seq DESC LIMIT ?",
            endpoint_id,
            since,
            last,
        )
        return [dict(row) for row in reversed(rows)]

    def newest_world_time(self) -> float:
        """The world time of the newest attempt (0 when there is none)."""
        return float(self.rows("SELECT coalesce(max(world_time), 0) FROM attempts")[0][0])

    def subscriptions(self) -> list[dict[str, Any]]:
        """Every subscription as Stripe has it now."""
        return [json.loads(row[0]) for row in self.rows("SELECT body FROM subscriptions ORDER BY rowid")]

    def keep_subscription(self, subscription: dict[str, Any]) -> None:
        """Remember the subscription's present state."""
        self.rows(
            "INSERT INTO subscriptions VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            subscription["id"],
            json.dumps(subscription),
        )


def _endpoint(row: sqlite3.Row) -> Endpoint:
    fields = dict(row)
    return Endpoint(**{**fields, "enabled_events": json.loads(fields["enabled_events"])})
