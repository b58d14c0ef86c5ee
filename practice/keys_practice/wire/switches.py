"""What people have switched: each breaker's mode and each fallback, kept over restarts."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from keys_practice.wire.layout import DEPENDENCIES

FALLBACKS = {"payments": "pay-later", "addresses": "check-address-later"}


class Switches:
    """The switches of one checkout. Safe to use from several threads; each change is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._all: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))

    def mode(self, dependency: str) -> str:
        """The breaker's mode: auto or open."""
        return str(self._all[f"breaker {dependency}"]["value"])

    def is_on(self, dependency: str) -> bool:
        """Whether the fallback for this dependency is on."""
        return bool(self._all[f"fallback {dependency}"]["value"] == "on")

    def describe(self, kind: str, dependency: str) -> dict[str, Any]:
        """value, by, reason, at, and how often it was changed."""
        return dict(self._all[f"{kind} {dependency}"])

    def change(self, kind: str, dependency: str, value: str, by: str, reason: str) -> None:
        """Set one switch; the same value again changes nothing."""
        with self._lock:
            name = f"{kind} {dependency}"
            if self._all[name]["value"] == value:
                return
            changes = self._all[name]["changes"] + 1
            fresh = {"value": value, "by": by, "reason": reason, "at": time.time(), "changes": changes}
            self._all = {**self._all, name: fresh}
            write(self._path, self._all)


def initial() -> dict[str, dict[str, Any]]:
    """Every breaker on its own, every fallback off."""
    usual = {"by": "", "reason": "", "at": None, "changes": 0}
    return {
        f"{kind} {dependency}": {"value": value, **usual}
        for kind, value in (("breaker", "auto"), ("fallback", "off"))
        for dependency in DEPENDENCIES
    }


def write(path: Path, switches: dict[str, dict[str, Any]]) -> None:
    """Put the file in place in one step."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(switches, indent=1, sort_keys=True) + "\n", "utf-8")
    fresh.replace(path)
