"""Postrider, the outside mail sender: what it has sent is in the world's post, and nobody can call it back.

POST /messages              201 sent | 200 the same Idempotency-Key was sent within a day | 429 too fast
GET  /messages              every message that went out, oldest first
GET  /messages?reference=R  those about one job
GET  /healthz               200
"""

import json
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from keys_practice.http_server import Reply, Request, serve
from keys_practice.jobs.places import Places
from keys_practice.layout import Layout

MOST_PER_SECOND = 30
KEYS_KEPT = timedelta(hours=24)
FOR_EVER_SECONDS = 3600


class Postrider:
    """Answers the addresses above. Its only memory is the file of messages."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        address = urlsplit(request.path)
        if (request.method, address.path) == ("POST", "/messages"):
            return self._take(json.loads(request.body), request.headers.get("idempotency-key", ""))
        if (request.method, address.path) == ("GET", "/messages"):
            wanted = parse_qs(address.query).get("reference")
            return Reply(200, [each for each in self._sent() if not wanted or each["reference"] in wanted])
        if address.path == "/healthz":
            return Reply(200, {"status": "ok"})
        return Reply(404, {"error": "there is nothing at this address"})

    def _take(self, message: dict[str, Any], key: str) -> Reply:
        with self._lock:
            if self._is_too_fast():
                _append(self._places.refusals, {"at": _now(), "reference": message["reference"]})
                return Reply(429, {"error": f"at most {MOST_PER_SECOND} messages a second"})
            is_known = any(each["key"] == key and _is_recent(each["at"]) for each in self._sent())
            if not is_known:
                _append(self._places.messages, {"at": _now(), "key": key, **message})
            is_swallowed = self._is_to_swallow(message["reference"])
        if is_swallowed:
            time.sleep(FOR_EVER_SECONDS)
        return Reply(200 if is_known else 201, {"repeated": is_known})

    def _is_too_fast(self) -> bool:
        now = time.monotonic()
        while self._recent and now - self._recent[0] > 1:
            self._recent.popleft()
        self._recent.append(now)
        return len(self._recent) > MOST_PER_SECOND

    def _is_to_swallow(self, reference: str) -> bool:
        """Whether the answer to this message gets lost on its way, the first time."""
        behaviour = json.loads(self._places.behaviour.read_text("utf-8"))
        if reference not in behaviour["swallow"]:
            return False
        behaviour["swallow"].remove(reference)
        self._places.behaviour.write_text(json.dumps(behaviour), "utf-8")
        return True

    def _sent(self) -> list[dict[str, Any]]:
        lines = self._places.messages.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]


def _append(path: Path, fact: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(fact) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _is_recent(at: str) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(at) < KEYS_KEPT


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    serve(int(arguments[0]), Postrider(Places(Layout(folder))))
    return 0
