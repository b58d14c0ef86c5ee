"""The shop: each order wants a receipt mailed. It writes down what it wants before it enqueues, and repeats until it could.

GET  /healthz          200
GET  /orders           every order: id, at (Unix seconds), customer, amount (null: the order has none)
POST /practice/orders  orders that happen now: {"count": 3, "customer": "cus_ash", "payload": {…}}; answers their ids
POST /practice/pace    {"interval_seconds": 0.5}: how often an order happens by itself
"""

import json
import random
import threading
import time
from pathlib import Path
from typing import Any

import psycopg

from keys_practice.database import Pool
from keys_practice.http_server import Reply, Request, serve
from keys_practice.jobs.places import Places
from keys_practice.jobs.queue import enqueue
from keys_practice.layout import Layout, read_env

CUSTOMERS = tuple(
    f"cus_{tree}" for tree in "alder ash beech birch elm hazel hornbeam larch linden maple oak rowan".split()
)
REPEAT_SECONDS = 0.3


class Shop:
    """Makes orders, by itself and when asked."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._database = Pool(read_env(places.worker_settings)["DATABASE_URL"])
        self._lock = threading.Lock()
        self._interval_seconds = 0.5
        self._number = 0
        self._sequences = dict.fromkeys(CUSTOMERS, 0)
        self._chance = random.Random(7)

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        if request.path == "/healthz":
            return Reply(200, {"status": "ok"})
        if request.path == "/orders":
            lines = self._places.orders.read_text("utf-8").splitlines()
            return Reply(200, [_shown(order) for order in map(json.loads, lines)])
        asked = json.loads(request.body or b"{}")
        if request.path == "/practice/pace":
            self._interval_seconds = float(asked["interval_seconds"])
            return Reply(200, {})
        if request.path == "/practice/orders":
            return Reply(200, {"orders": self._orders(**asked)})
        return Reply(404, {"error": "there is nothing at this address"})

    def sell_for_ever(self) -> None:
        """Let an order happen every so often."""
        due = time.monotonic()
        while True:
            due = max(due + self._interval_seconds, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))
            self._orders(1)

    def _orders(
        self, count: int, customer: str | None = None, payload: dict[str, Any] | None = None
    ) -> list[str]:
        with self._lock:
            made = [self._write_down(customer, payload or {}) for _ in range(count)]
            self._enqueue(made)
        return [order["id"] for order in made]

    def _write_down(self, customer: str | None, more: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        customer = customer or self._chance.choice(CUSTOMERS)
        self._sequences[customer] = self._sequences.get(customer, 0) + 1
        payload = {
            "order": f"R-{self._number:06}",
            "sequence": self._sequences[customer],
            "amount": f"{self._chance.randrange(300, 9000) / 100:.2f} EUR",
        }
        payload = {name: value for name, value in {**payload, **more}.items() if value is not None}
        order = {"id": f"R-{self._number:06}", "customer": customer, "payload": payload, "at": time.time()}
        with self._places.orders.open("a", encoding="utf-8") as file:
            file.write(json.dumps(order) + "\n")
        return order

    def _enqueue(self, orders: list[dict[str, Any]]) -> None:
        while True:
            try:
                with self._database.transaction() as connection:
                    for each in orders:
                        payload = json.dumps(each["payload"])
                        enqueue(connection, each["id"], "receipt", each["customer"], True, payload)
            except psycopg.Error:
                time.sleep(REPEAT_SECONDS)
            else:
                return


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    amount = order["payload"].get("amount")
    return {"id": order["id"], "at": order["at"], "customer": order["customer"], "amount": amount}


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    shop = Shop(Places(Layout(folder)))
    threading.Thread(target=shop.sell_for_ever, daemon=True).start()
    serve(int(arguments[0]), shop)
    return 0
