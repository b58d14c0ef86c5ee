"""The settings by which the assist service answers, with their history. A change counts from the next question on."""

import fcntl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from keys_practice.assist.files import add_rows, read_object, replace_object
from keys_practice.assist.places import AssistLayout
from keys_practice.errors import PracticeError

INTAKES = {
    "f11": None,
    "f12": 9,
}  # how many characters of a question this release of the form's intake keeps
USUAL = {
    "model": "letter",
    "prompt": "p7",
    "temperature": "0.3",
    "response_format": "json",
    "safety": "on",
    "intake": "f11",
    "answering": "model",
}
RECORDED = ("model", "prompt", "temperature", "response_format", "safety", "intake")
"""What stands beside each answer. Of the model it is the version that truly answered."""

Settings = dict[str, dict[str, Any]]


def read(layout: AssistLayout) -> Settings:
    """Every setting by its name: value, was, at, by, reason, action. Raises Unreachable."""
    return read_object(layout.settings)


def values(layout: AssistLayout) -> dict[str, str]:
    """The value of every setting. Raises Unreachable."""
    return {name: each["value"] for name, each in read(layout).items()}


def change(layout: AssistLayout, name: str, value: str, by: str, reason: str, action: str = "set") -> None:
    """Set one setting. The same value again changes nothing. Raises PracticeError for one that can't be."""
    _check(layout, name, value)
    with layout.settings_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settings = read(layout)
        if settings[name]["value"] != value:
            put(layout, settings, name, value, by, reason, action, datetime.now(UTC))


def undo(layout: AssistLayout, name: str, by: str) -> None:
    """Put back the value before the last change, if that was made by `by`; else there is nothing of theirs to undo."""
    last = read(layout).get(name, {})
    if is_by(last, by):
        change(layout, name, last["was"], by, "undone", "undo")


def is_by(setting: dict[str, Any], by: str) -> bool:
    """Whether this setting stands as `by` set it."""
    return bool(setting.get("by") == by and setting["action"] == "set" and setting["was"])


def put(
    layout: AssistLayout,
    settings: Settings,
    name: str,
    value: str,
    by: str,
    reason: str,
    action: str,
    at: datetime,
) -> None:
    """Write one setting and its line of history."""
    fresh = {
        "value": value,
        "was": settings.get(name, {}).get("value"),
        "at": at.isoformat(timespec="seconds"),
        "by": by,
        "reason": reason,
        "action": action,
    }
    add_rows(layout.changes, [{"name": name, **fresh}])
    replace_object(layout.settings, {**settings, name: fresh})


def _check(layout: AssistLayout, name: str, value: str) -> None:
    allowed: dict[str, Callable[[str], bool]] = {
        "model": lambda text: text == "letter" or (layout.weights / f"{text}.json").is_file(),
        "prompt": lambda text: text.isalnum() and (layout.prompts / f"{text}.txt").is_file(),
        "temperature": _is_temperature,
        "response_format": lambda text: text in ("json", "text"),
        "safety": lambda text: text in ("on", "off"),
        "intake": lambda text: text in INTAKES,
        "answering": lambda text: text in ("model", "people"),
    }
    if name not in allowed:
        raise PracticeError(f"There is no setting {name!r}. Settings: {', '.join(allowed)}.")
    if not allowed[name](value):
        raise PracticeError(f"The setting {name} can't be {value!r}. Nothing was changed.")


def _is_temperature(text: str) -> bool:
    try:
        return 0 <= float(text) <= 2
    except ValueError:
        return False
