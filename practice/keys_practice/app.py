"""Larkspur Letters' webhook service: takes Stripe's events and keeps the subscriptions in PostgreSQL.

    POST /webhooks/stripe           200 applied (or known, or not ours) | 400 not signed | 500 crash | 503 no database
    GET  /healthz                   200 or 503, with what the database says; reads only
    GET  /internal/applied-events   ids of the applied events, oldest first (?since=UNIX_SECONDS)
    GET  /internal/records          applied events, invoices, subscriptions, from one look at the database

It reads app.env and the release behind `current` once, when it starts.
"""

import hashlib
import importlib.util
import json
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import parse_qs, urlsplit

import psycopg

from keys_practice.http_server import Reply, Request, serve
from keys_practice.layout import Layout, read_env
from keys_practice.service_log import ServiceLog
from keys_practice.signature import SignatureError, verify

PING = "v2.core.event_destination.ping"
CONNECT_SECONDS = 3
STATEMENT_TIMEOUT_MS = 5000

RECORDS: dict[str, LiteralString] = {
    "events": "SELECT event_id FROM processed_events ORDER BY 1",
    "invoices": "SELECT to_jsonb(i) FROM invoices i ORDER BY id",
    "subscriptions": "SELECT to_jsonb(s) FROM subscriptions s ORDER BY id",
}

Apply = Callable[[dict[str, Any], psycopg.Connection], str]


class WebhookService:
    """Answers the three addresses above with one release and one set of settings."""

    def __init__(self, settings: dict[str, str], release: str, apply: Apply, log: ServiceLog) -> None:
        self._secret = settings["STRIPE_WEBHOOK_SECRET"]
        self._database = settings["DATABASE_URL"]
        self._release = release
        self._apply = apply
        self._log = log
        fingerprint = hashlib.sha256(self._secret.encode()).hexdigest()[:8]
        log.info(f"started release={release} pid={os.getpid()} signing-secret-fingerprint={fingerprint}")

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        route = (request.method, urlsplit(request.path).path)
        if route == ("POST", "/webhooks/stripe"):
            return self._receive(request)
        if route == ("GET", "/healthz"):
            return self._health()
        if route == ("GET", "/internal/applied-events"):
            return self._applied(request)
        if route == ("GET", "/internal/records"):
            return self._records()
        return Reply(404, {"error": "there is nothing at this address"})

    def _receive(self, request: Request) -> Reply:
        header = request.headers.get("stripe-signature")
        if header is None:
            self._log.warning("refused a request without Stripe-Signature 400")
            return Reply(400, {"error": "no Stripe-Signature header"})
        try:
            verify(self._secret, request.body, header, _host_time())
            event = json.loads(request.body)
            event_id = str(event["id"])
        except SignatureError as problem:
            self._log.error(f"signature verification failed: {problem} 400")
            return Reply(400, {"error": "signature verification failed"})
        except (ValueError, TypeError, KeyError):
            self._log.error("signed body is no event 400")
            return Reply(400, {"error": "the body is no event"})
        return self._take(event, event_id)

    def _take(self, event: dict[str, Any], event_id: str) -> Reply:
        """Apply a verified event and say in log and answer how it went."""
        name = f"{event_id} {event.get('type')}"
        try:
            outcome = self._ping() if event.get("type") == PING else self._in_transaction(event)
        except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as problem:
            self._log.error(f"{name} not applied, database: {_first_line(problem)} 503")
            return Reply(503, {"error": "the database does not take this now"})
        except Exception:  # noqa: BLE001 - whatever a release does wrong is a crash of the handler
            self._log.error(f"{name} handler crashed 500\n{traceback.format_exc()}")
            return Reply(500, {"error": "internal error"})
        self._log.info(f"{name} {outcome} 200")
        return Reply(200, {"received": True})

    def _in_transaction(self, event: dict[str, Any]) -> str:
        with self._connect() as connection:
            return self._apply(event, connection)

    def _ping(self) -> str:
        """Try a real write and take it back: a test event proves the way to the table without a trace."""
        with self._connect() as connection:
            connection.execute("INSERT INTO write_checks VALUES (now())")
            connection.rollback()
        return "ping"

    def _health(self) -> Reply:
        database = self._database_state()
        status = 200 if database == "ok" else 503
        words = "ok" if database == "ok" else "failing"
        return Reply(
            status, {"status": words, "database": database, "release": self._release, "pid": os.getpid()}
        )

    def _database_state(self) -> str:
        """ok, read-only, or refused (no connection). Reads only."""
        try:
            with self._connect() as connection:
                row = connection.execute("SHOW transaction_read_only").fetchone()
        except psycopg.Error:
            return "refused"
        return "read-only" if row and row[0] == "on" else "ok"

    def _applied(self, request: Request) -> Reply:
        since = parse_qs(urlsplit(request.path).query).get("since", ["0"])[0]
        as_of = time.time()  # before the query: what was applied by then is in the list
        query = "SELECT event_id FROM processed_events WHERE applied_at >= to_timestamp(%s) ORDER BY applied_at, 1"
        try:
            with self._connect() as connection:
                rows = connection.execute(query, (float(since),)).fetchall()
        except ValueError:
            return Reply(400, {"error": "since is a number of Unix seconds"})
        except psycopg.Error as problem:
            return Reply(503, {"error": _first_line(problem)})
        return Reply(200, {"as_of": as_of, "event_ids": [row[0] for row in rows]})

    def _records(self) -> Reply:
        try:
            with self._connect() as connection:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                found = {
                    name: [row[0] for row in connection.execute(query)] for name, query in RECORDS.items()
                }
        except psycopg.Error as problem:
            return Reply(503, {"error": _first_line(problem)})
        return Reply(200, found)

    def _connect(self) -> psycopg.Connection:
        """A connection of its own for each request: it sees today's settings, and no stale one is kept."""
        timeout = f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"
        return psycopg.connect(self._database, connect_timeout=CONNECT_SECONDS, options=timeout)


def load_release(current: Path) -> tuple[str, Apply]:
    """The release's name and its `apply`, from the folder behind the link."""
    folder = current.resolve()
    spec = importlib.util.spec_from_file_location(f"release_{folder.name}", folder / "handler.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} holds no handler.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return folder.name, module.apply


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Serve until ended."""
    layout = Layout(folder)
    log = ServiceLog(layout.webhook_log)
    try:
        settings = read_env(layout.env_file)
        release, apply = load_release(layout.current)
        service = WebhookService(settings, release, apply, log)
    except Exception:
        log.error(f"could not start\n{traceback.format_exc()}")
        raise
    serve(int(settings["PORT"]), service)
    return 0


def _host_time() -> float:
    """What the clock of the service's host says; a fault may put it wrong."""
    return time.time() + float(os.environ.get("HOST_CLOCK_OFFSET_SECONDS", "0"))


def _first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]
