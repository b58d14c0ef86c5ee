"""The watch accounts: monitoring signs in with them, as a customer would."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from keys_practice import http_client
from keys_practice.errors import Unreachable

SECONDS = 5


class Account(NamedTuple):
    """A watch account: who signs in with what, and the tenant whose rows are theirs."""

    name: str
    email: str
    password: str
    tenant: str | None


class NoToken(Exception):
    """The auth service gave no token. The message says why."""


def sign_in(auth_url: str, account: Account) -> str:
    """A fresh token. Raises NoToken."""
    body = json.dumps({"email": account.email, "password": account.password}).encode()
    try:
        answer = http_client.call("POST", f"{auth_url}/token", body, seconds=SECONDS)
    except Unreachable as problem:
        raise NoToken("the auth service does not answer") from problem
    content = answer.json()
    if answer.status != 200 or not isinstance(content, dict):
        raise NoToken(f"the auth service answered {answer.status}")
    return str(content["access_token"])


class Operator(NamedTuple):
    """What the operator's commands know."""

    owner: str
    auditor: str
    api_url: str
    auth_url: str
    accounts: list[Account]


def operator(path: Path) -> Operator:
    """Read it. Raises Unreachable when it can't be read."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        accounts = [Account(**each) for each in found.pop("accounts")]
        return Operator(**found, accounts=accounts)
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise Unreachable(f"{path} can't be read: {problem}. Nothing was done.") from problem
