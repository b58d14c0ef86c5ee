"""The people who order: each sends an order, reads the answer, and tries again when it was refused.

What each of them got is one line of answers.jsonl: {"at", "order", "amount_cents", "try", "status", "ms", "state",
"degraded", "notice"}. Status 0: no answer within PATIENCE_SECONDS.
"""

import json
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.wire.layout import layout_of

PATIENCE_SECONDS = 10.0
FIRST_ORDERS = 12
INTERVAL_SECONDS = 0.1
TRIES = 3
AGAIN_SECONDS = 0.7
MOST_AT_ONCE = 8
SEED = 31
POSTCODES = ("10115", "20095", "50667", "80331", "04109", "28195")


class Crowd:
    """Sends orders and writes down what came back."""

    def __init__(self, url: str, path: Path) -> None:
        self._url = url
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self._random = random.Random(SEED)
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._count = 0

    def send(self) -> None:
        """Let one more person order, unless too many are still waiting for an answer."""
        if self._places.acquire(blocking=False):
            self._count += 1
            order = {
                "order": f"ord_{self._count:06d}",
                "amount_cents": self._random.randrange(500, 9000, 50),
                "postcode": self._random.choice(POSTCODES),
            }
            threading.Thread(target=self._order, args=(order,), daemon=True).start()

    def _order(self, order: dict[str, Any]) -> None:
        try:
            for attempt in range(1, TRIES + 1):
                if self._try(order, attempt) not in (0, 409, 500, 503):
                    return
                time.sleep(AGAIN_SECONDS)
        finally:
            self._places.release()

    def _try(self, order: dict[str, Any], attempt: int) -> int:
        began = time.monotonic()
        try:
            answer = http_client.call(
                "POST", f"{self._url}/orders", json.dumps(order).encode(), seconds=PATIENCE_SECONDS
            )
            status, content = answer.status, answer.json() or {}
        except Unreachable:
            status, content = 0, {}
        line = {
            "at": round(time.time(), 3),
            "order": order["order"],
            "amount_cents": order["amount_cents"],
            "try": attempt,
            "status": status,
            "ms": round((time.monotonic() - began) * 1000),
            "state": content.get("state"),
            "degraded": content.get("degraded"),
            "notice": bool(content.get("notice")),
            "because": content.get("because"),
        }
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
        return status


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Order until ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    layout = layout_of(folder)
    crowd = Crowd(layout.facts()["app_url"], layout.answers)
    for _ in range(FIRST_ORDERS):
        crowd.send()
    while True:
        time.sleep(INTERVAL_SECONDS)
        crowd.send()
