"""A dependency: another company's API on loopback, reached through the wire only.

    POST /v1/charges | /v1/address-checks   {"order", "amount_cents", "postcode"}; the same Idempotency-Key: the first answer
    GET  /v1/charges?order=ID               what was done for this order, or 404
    GET  /v1/known-answer                   always the same; does nothing
    GET  /v1/statement                      what was done for each order
    POST /practice                          what only the practice world itself asks for

Each request needs `Authorization: Bearer KEY`. For a charge it sends a confirmation to the checkout's webhook address.
"""

import contextlib
import itertools
import json
import queue
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.http_server import Reply, Request, serve
from keys_practice.wire import answers
from keys_practice.wire.layout import layout_of

MESSENGERS = 6
LEDGER = """
CREATE TABLE IF NOT EXISTS done (
  id TEXT PRIMARY KEY, key TEXT UNIQUE NOT NULL, order_id TEXT NOT NULL, value INTEGER NOT NULL, at REAL NOT NULL
)
"""


class Ledger:
    """What was really done, each once for an idempotency key. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(LEDGER)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def do(self, key: str, order: str, value: int) -> tuple[str, str, int]:
        """Do it unless this key was used before. Returns id, order and value of what stands in the books."""
        number = f"op_{secrets.token_hex(9)}"
        self.rows("INSERT OR IGNORE INTO done VALUES (?, ?, ?, ?, ?)", number, key, order, value, time.time())
        ((number, order, value),) = self.rows("SELECT id, order_id, value FROM done WHERE key = ?", key)
        return number, order, value


class Provider:
    """Answers the addresses above. `flaws` are what the practice world has put wrong."""

    def __init__(self, name: str, ledger: Ledger, key: str, confirm: "queue.Queue[str]") -> None:
        self._name, self._ledger, self._key, self._confirm = name, ledger, key, confirm
        self.flaws: set[str] = set()
        self._charges = itertools.count()

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        parts = urlsplit(request.path)
        if parts.path == "/practice":
            return self._practise(request)
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return Reply(401, {"error": "this API key is not known"})
        query = dict(parse_qsl(parts.query))
        subject = f"/v1/{answers.SUBJECTS[self._name]}"
        try:
            if request.method == "POST" and parts.path == subject:
                return self._do(request)
            if parts.path == subject:
                return self._look_up(query["order"])
        except (ValueError, KeyError, TypeError) as problem:
            return Reply(400, {"error": f"the request is malformed: {problem!r}"})
        return self._show(parts.path)

    def _show(self, path: str) -> Reply:
        if path == "/v1/known-answer":
            return self._answer("op_known", answers.KNOWN_ORDER, self._value(answers.KNOWN_REQUEST))
        if path == "/v1/statement":
            rows = self._ledger.rows("SELECT order_id, value FROM done ORDER BY at")
            return Reply(200, {"records": [list(row) for row in rows]})
        return Reply(404, {"error": "there is nothing at this address"})

    def _do(self, request: Request) -> Reply:
        body = json.loads(request.body)
        done = self._ledger.do(request.headers["idempotency-key"], str(body["order"]), self._value(body))
        if self._name == "payments" and self._confirms():
            self._confirm.put(done[1])
        return self._answer(*done)

    def _confirms(self) -> bool:
        if "half-silent" in self.flaws:
            return next(self._charges) % 2 == 0
        return "silent" not in self.flaws

    def _look_up(self, order: str) -> Reply:
        found = self._ledger.rows(
            "SELECT id, order_id, value FROM done WHERE order_id = ? ORDER BY at", order
        )
        return self._answer(*found[0]) if found else Reply(404, {"error": f"nothing was done for {order}"})

    def _value(self, body: dict[str, Any]) -> int:
        # A mistake of the dependency itself: what it answers and what it does are wrong alike, and the checksum fits.
        return answers.value_for(self._name, body) + ("wrong" in self.flaws)

    def _answer(self, number: str, order: str, value: int) -> Reply:
        fitting = answers.checksum(number, order, value, self._key)
        return Reply(200, {"id": number, "order": order, "value": value, "checksum": fitting})

    def _practise(self, request: Request) -> Reply:
        if request.method == "POST":
            self.flaws = set(json.loads(request.body)["flaws"])
        return Reply(200, {"flaws": sorted(self.flaws)})


def _confirm_for_ever(waiting: "queue.Queue[str]", address: str) -> None:
    """Tell the checkout about each charge, again and again until it listens."""
    while True:
        order = waiting.get()
        body = json.dumps({"order": order}).encode()
        with contextlib.suppress(Unreachable):
            if http_client.call("POST", address, body, seconds=5).status == 200:
                continue
        time.sleep(0.2)
        waiting.put(order)


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Arguments: the dependency's name, its port."""
    layout, name = layout_of(folder), arguments[0]
    known = json.loads(layout.dependencies_file.read_text("utf-8"))[name]
    waiting: queue.Queue[str] = queue.Queue()
    address = f"{layout.facts()['app_url']}/webhooks/stripe"
    for _ in range(MESSENGERS):
        threading.Thread(target=_confirm_for_ever, args=(waiting, address), daemon=True).start()
    serve(int(arguments[1]), Provider(name, Ledger(layout.ledger(name)), known["key"], waiting))
    return 0
