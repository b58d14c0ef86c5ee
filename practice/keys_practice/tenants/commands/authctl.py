"""authctl: the auth service of the letters rooms, its access token hook, and what its tokens say."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from keys_practice import http_client
from keys_practice.commands.frame import NO, YES, Command, Result, facts
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout
from keys_practice.tenants import accounts
from keys_practice.tenants.accounts import Account, NoToken
from keys_practice.tenants.commands import process
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.tokens import TokenRefused, peek

HOOK = "access_token_hook"


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Describe the process."""
    return process.status(layout, "auth")


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Start, stop or restart it."""
    return process.change(layout, "auth", layout.facts()["auth_url"], asked.op)


def health(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Ask it how it is."""
    return process.asked_health(layout.facts()["auth_url"])


def token_check(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Sign in with a watch account and say what the token says. The token itself is never shown."""
    known = accounts.operator(RoomsLayout(layout.folder).operator)
    account = next(each for each in known.accounts if each.tenant)
    content: dict[str, Any] = {
        "signed_in": False,
        "role": None,
        "has_tenant": False,
        "api_status": 0,
        "why": "",
    }
    try:
        token = accounts.sign_in(known.auth_url, account)
        claims = peek(token)
    except (NoToken, TokenRefused) as problem:
        content["why"] = str(problem)
        return Result(content, facts(content), NO)
    content |= {"signed_in": True, "role": claims.get("role"), "has_tenant": _has_tenant(claims, account)}
    content["api_status"], content["why"] = _shown_to_the_api(known.api_url, token)
    is_right = content["has_tenant"] and content["role"] == "authenticated" and content["api_status"] == 200
    return Result(content, facts(content), YES if is_right else NO)


def hook_status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say whether the access token hook is switched on."""
    content = {"enabled": bool(_settings(layout)[HOOK])}
    return Result(content, facts(content))


def hook_switch(layout: Layout, asked: argparse.Namespace) -> Result:
    """Switch the hook on or off, for the next start of the service."""
    settings = _settings(layout)
    is_changed = settings[HOOK] != asked.enabled
    if is_changed:
        _write(RoomsLayout(layout.folder).auth_settings, {**settings, HOOK: asked.enabled})
    content = {"enabled": asked.enabled, "changed": is_changed, "needs_restart": is_changed}
    return Result(content, facts(content))


def main(folder: Path, arguments: list[str]) -> int:
    """Run authctl."""
    command = Command("authctl", "The auth service of the letters rooms: its process, its hook, its tokens.")
    command.verb("status", "state, pid, since, exit_code", status)
    command.verb("health", "ask GET /health; reads only", health)
    for op in ("start", "stop", "restart"):
        command.verb(op, f"{op} it; whoever is signed in stays so", change).set_defaults(op=op)
    token = command.group("token", "access tokens")
    command.verb("check", "sign in with a watch account: what does its token say?", token_check, token)
    hook = command.group("hook", "the access token hook, which writes the tenant into a token")
    command.verb("status", "is it on?", hook_status, hook)
    for name, is_on in (("enable", True), ("disable", False)):
        parser = command.verb(name, f"{name} it; needs a restart", hook_switch, hook)
        parser.set_defaults(enabled=is_on)
    return command.run(folder, arguments)


def _has_tenant(claims: dict[str, Any], account: Account) -> bool:
    metadata = claims.get("app_metadata")
    return isinstance(metadata, dict) and metadata.get("tenant_id") == account.tenant


def _shown_to_the_api(url: str, token: str) -> tuple[int, str]:
    """The status that the API gives to the token's bearer, and its words; 0 when nothing answers."""
    try:
        answer = http_client.call(
            "GET", f"{url}/rest/v1/announcements", headers={"Authorization": f"Bearer {token}"}, seconds=5
        )
    except Unreachable as problem:
        return 0, str(problem)
    content = answer.json()
    return answer.status, str(content.get("message", "")) if isinstance(content, dict) else ""


def _settings(layout: Layout) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(RoomsLayout(layout.folder).auth_settings.read_text("utf-8"))
    except ValueError as problem:
        raise PracticeError(f"The settings of the auth service can't be read: {problem}.") from problem
    return found


def _write(path: Path, settings: dict[str, Any]) -> None:
    """Whole or not at all: a crash must not leave half of the settings."""
    new = path.with_suffix(".new")
    new.touch(0o600)
    with new.open("w", encoding="utf-8") as file:
        json.dump(settings, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
