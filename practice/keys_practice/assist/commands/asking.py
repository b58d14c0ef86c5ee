"""Asking the department's services from a command, and what its commands show alike."""

import json
from typing import Any

from keys_practice import http_client
from keys_practice.assist import settings
from keys_practice.assist.files import rows
from keys_practice.assist.places import AssistLayout, layout_of
from keys_practice.commands.frame import Result, facts, table
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout

BY = "assist-oncall"
GOLDEN_SECONDS = 60


def models(layout: Layout) -> dict[str, Any]:
    """What the model service says about its versions. Raises Unreachable."""
    answer = http_client.call("GET", f"{layout.facts()['model_url']}/v1/models", seconds=5)
    if answer.status != 200:
        raise Unreachable(f"The model service answered {answer.status}.")
    found: dict[str, Any] = answer.json()
    return found


def alias(layout: Layout) -> str:
    """The version to which the provider's alias leads. Raises Unreachable."""
    return str(models(layout)["alias"])


def golden(layout: Layout, rounds: int, put_back: list[str]) -> dict[str, Any]:
    """Have the assist service ask the golden set. Raises Unreachable or PracticeError."""
    body = json.dumps({"rounds": rounds, "put_back": put_back}).encode()
    url = f"{layout.facts()['assist_url']}/internal/golden"
    answer = http_client.call("POST", url, body, seconds=GOLDEN_SECONDS)
    found: dict[str, Any] = answer.json() or {}
    if answer.status == 400:
        raise PracticeError(str(found.get("error")))
    if answer.status != 200:
        raise Unreachable(f"The assist service answered {answer.status}: {found.get('error')}")
    return found


def shown(layout: Layout, name: str) -> Result:
    """One setting: value, was, at, by, reason, action, and whether the last change was the on-call's own."""
    setting = one(layout_of(layout), name)
    found = {"name": name, **setting, "ours": "yes" if settings.is_by(setting, BY) else "no"}
    return Result(found, facts(found))


def one(layout: AssistLayout, name: str) -> dict[str, Any]:
    """One setting as it stands. Raises PracticeError for an unknown name."""
    known = settings.read(layout)
    if name not in known:
        raise PracticeError(f"There is no setting {name!r}. Settings: {', '.join(known)}.")
    return known[name]


def changed(layout: Layout, name: str, value: str, reason: str) -> Result:
    """Set it, and show it."""
    settings.change(layout_of(layout), name, value, BY, reason)
    return shown(layout, name)


def undone(layout: Layout, name: str) -> Result:
    """Put back the value before the on-call's last change, and show it."""
    settings.undo(layout_of(layout), name, BY)
    return shown(layout, name)


def history(layout: Layout, name: str = "") -> Result:
    """Changes, the newest first; of one setting or of all."""
    found = [row for row in rows(layout_of(layout).changes) if name in ("", row["name"])][::-1]
    return Result(
        found, table([[row["at"], row["name"], row["was"], row["value"], row["by"]] for row in found])
    )
