"""Larkspur Letters' checkout: takes orders, has the address checked and the card charged.

    POST /orders                        201 paid | 202 accepted, degraded | 503 refused | 504 not sure | 500 crash
    GET  /healthz                       200 or 503, with what the database says
    POST /webhooks/stripe               the payment provider confirms a charge
    GET  /internal/breakers/NAME        how the breaker stands
    GET  /internal/fallbacks/NAME       whether the fallback is on
    POST /internal/breakers|fallbacks/NAME   {"value", "by", "reason"}
    GET  /internal/deferred/NAME        what is to be done later
    POST /internal/deferred/NAME        {"order"}: do one of them, exactly once
    GET  /internal/records              every order as it stands

It reads app.env, dependencies.json and the release behind `current` once, when it starts.
"""

import importlib.util
import json
import os
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg

from keys_practice.http_server import Reply, Request, serve
from keys_practice.layout import read_env
from keys_practice.service_log import ServiceLog
from keys_practice.wire import settling
from keys_practice.wire.breaker import MODES
from keys_practice.wire.dependencies import dependencies
from keys_practice.wire.guard import Got, Guard
from keys_practice.wire.layout import ADDRESSES, PAYMENTS, WireLayout, layout_of
from keys_practice.wire.orders import Orders
from keys_practice.wire.switches import FALLBACKS, Switches

RETRY_AFTER = {"retry_after_seconds": 30}
VALUES = {"breakers": MODES, "fallbacks": ("on", "off")}
KINDS = {"breakers": "breaker", "fallbacks": "fallback"}
NOT_YET = {PAYMENTS: "the payment", ADDRESSES: "the check of your address"}


class Checkout:
    """Answers the addresses above with one release."""

    def __init__(self, layout: WireLayout, name: str, release: ModuleType, log: ServiceLog) -> None:
        self._name, self._release, self._log = name, release, log
        self._switches = Switches(layout.switches)
        self._orders = Orders(read_env(layout.env_file)["DATABASE_URL"])
        self._guards = {
            each: Guard(dependency, self._switches, release)
            for each, dependency in dependencies(layout).items()
        }
        log.info(f"started release={name} pid={os.getpid()}")

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        _, *path = request.path.split("/")
        try:
            return self._route(request.method, path, json.loads(request.body) if request.body else {})
        except psycopg.Error as problem:
            self._log.error(f"database: {str(problem).strip().splitlines()[0]} 503")
            return Reply(503, {"error": "the database does not take this now"})
        except Exception:  # noqa: BLE001 - whatever a release does wrong is a crash of the checkout
            self._log.error(f"{request.path} crashed 500\n{traceback.format_exc()}")
            return Reply(500, {"error": "internal error"})

    def _route(self, method: str, path: list[str], body: dict[str, Any]) -> Reply:
        if (method, path) == ("POST", ["orders"]):
            return self._take({"id": body["order"], **body})
        if (method, path) == ("POST", ["webhooks", "stripe"]):
            self._orders.confirm(body["order"])
            return Reply(200, {"received": True})
        if path == ["healthz"]:
            return self._health()
        if path == ["internal", "records"]:
            return Reply(200, self._orders.records())
        if len(path) == 3 and path[0] == "internal" and path[2] in self._guards:
            return self._about(method, path[1], path[2], body)
        return Reply(404, {"error": "there is nothing at this address"})

    def _about(self, method: str, what: str, name: str, body: dict[str, Any]) -> Reply:
        if what == "deferred":
            return self._deferred(method, name, body)
        if what not in KINDS:
            return Reply(404, {"error": "there is nothing at this address"})
        if method == "POST":
            if body["value"] not in VALUES[what]:
                return Reply(400, {"error": f"value is one of {', '.join(VALUES[what])}"})
            self._switch(KINDS[what], name, body)
        return Reply(200, self._describe(KINDS[what], name))

    def _switch(self, kind: str, name: str, body: dict[str, Any]) -> None:
        by, reason = str(body.get("by", "")), str(body.get("reason", ""))
        self._switches.change(kind, name, body["value"], by, reason)
        if kind == "breaker":
            self._guards[name].breaker.set_mode(body["value"], f"{by}: {reason}")
        self._log.warning(f"{kind} {name} is {body['value']}, by {by}: {reason}")

    def _describe(self, kind: str, name: str) -> dict[str, Any]:
        switch = self._switches.describe(kind, name)
        found = {"name": name, **{each: switch[each] for each in ("by", "reason", "at")}}
        if kind == "fallback":
            return {**found, "fallback": FALLBACKS[name], "value": switch["value"]}
        return {**found, **self._guards[name].breaker.describe()}

    def _deferred(self, method: str, name: str, body: dict[str, Any]) -> Reply:
        if method == "POST":
            settled = settling.settle(self._orders, self._guards[name], str(body["order"]))
            self._log.info(f"{body['order']} {name} {settled}")
            return Reply(200, settled)
        return Reply(200, {"waiting": self._orders.waiting(name)})

    def _health(self) -> Reply:
        database = self._orders.health()
        status = 200 if database == "ok" else 503
        return Reply(
            status, {"status": status, "database": database, "release": self._name, "pid": os.getpid()}
        )

    def _take(self, order: dict[str, Any]) -> Reply:
        if not self._orders.begin(order):
            return self._answer_again(order)
        row: dict[str, Any] = {"id": order["id"], "charge_id": None, "charged_cents": None, "zone": None}
        checked = self._guards[ADDRESSES].ask(order)
        if not checked.is_done and not self._switches.is_on(ADDRESSES):
            return self._refuse(row, ADDRESSES, checked)
        row["zone"] = checked.answer.get("value")
        charged = self._guards[PAYMENTS].ask(order)
        is_on = self._switches.is_on(PAYMENTS)
        if not charged.is_done and not is_on and not charged.is_sent:
            return self._refuse(row, PAYMENTS, charged)
        row |= {"charge_id": charged.answer.get("id"), "charged_cents": charged.answer.get("value")}
        row["state"] = "paid" if charged.is_done else "queued" if is_on else "unsure"
        deferred = {ADDRESSES: True} if not checked.is_done else {}
        deferred |= {PAYMENTS: is_on} if not charged.is_done else {}
        self._orders.finish(row, deferred)
        return self._answer(order, row, list(deferred))

    def _answer(self, order: dict[str, Any], row: dict[str, Any], deferred: list[str]) -> Reply:
        if row["state"] == "unsure":
            self._log.error(f"{order['id']} nobody knows whether it was charged 504")
            return Reply(504, {"order": order["id"], "state": "unsure", "notice": "Do not pay again yet."})
        if deferred:
            self._log.warning(f"{order['id']} accepted, later: {', '.join(deferred)} 202")
            later = [NOT_YET[each] for each in deferred]
            return Reply(202, self._release.degraded_answer(order, later))
        return Reply(201, self._release.full_answer(order, row["charged_cents"], row["zone"]))

    def _answer_again(self, order: dict[str, Any]) -> Reply:
        row = self._orders.state(order["id"])
        if row["state"] == "paid":
            return Reply(201, self._release.full_answer(order, row["charged_cents"], row["zone"]))
        status = {"queued": 202, "cancelled": 410, "new": 409, "unsure": 504}.get(row["state"], 503)
        return Reply(
            status,
            {"order": order["id"], "state": row["state"], "degraded": True, "notice": "Known already."},
        )

    def _refuse(self, row: dict[str, Any], dependency: str, got: Got) -> Reply:
        self._orders.finish({**row, "state": "refused"}, {})
        self._log.error(f"{row['id']} refused, {dependency}: {got.why} 503")
        return Reply(503, {"error": f"{dependency} can't be used now", "because": dependency, **RETRY_AFTER})


def load_release(current: Path) -> tuple[str, ModuleType]:
    """The release's name and code, from the folder behind the link."""
    folder = current.resolve()
    spec = importlib.util.spec_from_file_location(f"release_{folder.name}", folder / "handler.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} holds no handler.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return folder.name, module


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Serve until ended."""
    layout = layout_of(folder)
    log = ServiceLog(layout.app_log)
    try:
        checkout = Checkout(layout, *load_release(layout.current), log)
    except Exception:
        log.error(f"could not start\n{traceback.format_exc()}")
        raise
    serve(int(read_env(layout.env_file)["PORT"]), checkout)
    return 0
