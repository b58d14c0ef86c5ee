"""The matrix over HTTP: real tokens of the watch accounts, real requests; writes with `Prefer: tx=rollback`."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.tenants.accounts import Account, NoToken, sign_in
from keys_practice.tenants.cells import Cell, Reach, judged, unknown
from keys_practice.tenants.contract import COMMANDS, Contract, Table
from keys_practice.tenants.sql_matrix import PATIENCE, PROBE, Row, counts, samples

SECONDS = 2
REFUSED = (401, 403)
TRY_ONLY = {"Content-Type": "application/json", "Prefer": "tx=rollback"}


def cells(
    connection: psycopg.Connection, contract: Contract, urls: tuple[str, str], accounts: list[Account]
) -> Iterator[Cell]:
    """Try everything by the API. `urls` are those of the API and of the auth service.

    `connection` sees all rows and is only asked how many there are. Raises psycopg.Error where it can't say.
    """
    stranger = Account("a stranger", "", "", None)
    silent: Counter[str] = Counter()
    for account in (stranger, *accounts):
        try:
            token = "" if account == stranger else sign_in(urls[1], account)
        except NoToken as problem:
            token, why = "", str(problem)
        else:
            why = ""
        for table in contract.tables.values():
            trial = _Trial(connection, urls[0], token, account, table)
            allowed = table.allowed["authenticated" if account != stranger else "anon"]
            yield from trial.cells(allowed, why, silent)


class _NoAnswer(Exception):
    """Nobody can tell what the request came to. The message says what came instead."""


class _Silence(_NoAnswer):
    """No answer came at all."""


class _Trial:
    """What one account reaches in one table."""

    def __init__(
        self, connection: psycopg.Connection, api_url: str, token: str, account: Account, table: Table
    ) -> None:
        self._url = f"{api_url}/rest/v1/{table.name}"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._account = account
        self._table = table
        self._own, _ = counts(connection, table, account.tenant)
        self._samples = samples(connection, table, account.tenant)

    def cells(self, allowed: dict[str, str], why_not: str, silent: Counter[str]) -> Iterator[Cell]:
        """A cell for each command; all unknown where `why_not` says so, or where the table was too often `silent`."""
        for command in COMMANDS:
            place = ("http", self._account.name, self._table.name, command, allowed[command])
            try:
                if why_not:
                    raise _NoAnswer(why_not)
                if silent[self._table.name] >= PATIENCE:
                    raise _NoAnswer("the API does not answer for this table")
                yield judged(*place, self._reach(command))
            except _Silence as problem:
                silent[self._table.name] += 1
                yield unknown(*place, str(problem))
            except _NoAnswer as problem:
                yield unknown(*place, str(problem))

    def _reach(self, command: str) -> Reach:
        if command == "SELECT":
            return self._select()
        if command == "INSERT":
            return self._insert()
        body = {self._table.text_column: PROBE} if command == "UPDATE" else None
        written = self._asked("PATCH" if command == "UPDATE" else "DELETE", body)
        if written is None:
            return Reach(0, 0, self._own, is_refused=True)
        rows = int(written["rows"])
        return Reach(min(rows, self._own), max(0, rows - self._own), self._own)

    def _select(self) -> Reach:
        rows = self._asked("GET")
        if rows is None:
            return Reach(0, 0, self._own, is_refused=True)
        own = sum(map(self._is_own, rows))
        return Reach(own, len(rows) - own, self._own)

    def _insert(self) -> Reach:
        allowed = {name for name, row in self._samples.items() if self._asked("POST", row) is not None}
        there = int("own" in self._samples)
        return Reach(int("own" in allowed), int("foreign" in allowed), there, is_refused=not allowed)

    def _is_own(self, row: Row) -> bool:
        if self._table.published_column:
            return bool(row[self._table.published_column])
        return (
            self._account.tenant is not None
            and row.get(self._table.tenant_column or "") == self._account.tenant
        )

    def _asked(self, method: str, body: Row | None = None) -> Any:
        """What the API answered; None where it refused. A row that only a constraint refuses has passed access."""
        headers = self._headers if method == "GET" else {**self._headers, **TRY_ONLY}
        content = json.dumps(body).encode() if body else b""
        try:
            answer = http_client.call(method, self._url, content, headers, SECONDS)
        except Unreachable as problem:
            raise _Silence("the API does not answer") from problem
        if answer.status in REFUSED:
            return None
        if answer.status == 409:
            return {"rows": 0}
        if answer.status not in (200, 201):
            raise _NoAnswer(f"the API answered {answer.status}")
        return answer.json()
