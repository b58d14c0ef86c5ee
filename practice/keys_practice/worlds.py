"""The departments of Larkspur Letters that can be practised on, each a world of its own.

A department is a module with a class that has the shape of `AnyWorld`. Its processes are units of a keeper (see
build.py and lifeline.py); a part of a department is started by its module's name (see launch.py).
"""

from importlib import import_module
from typing import Protocol, cast

from keys_practice.errors import PracticeError
from keys_practice.verdict import Verdict


class AnyWorld(Protocol):
    """One running department. It ends with the Python process that started it, however that ends. Methods block."""

    @classmethod
    def start(cls) -> "AnyWorld":
        """A healthy one with some past. Raises PracticeError; then nothing is left behind."""

    @classmethod
    def faults(cls) -> dict[str, str]:
        """How it can be broken: name to description. `nothing-broken` is always one of them."""

    def break_with(self, fault: str) -> None:
        """Really break it; returns when the symptom can be seen."""

    def break_further(self, fault: str) -> None:
        """Break it once more, while somebody is at work on it."""

    def inputs(self) -> dict[str, str]:
        """What a runbook is told, none of it secret."""

    def secrets(self) -> dict[str, str]:
        """What a runbook is told and must not show."""

    def environment(self) -> dict[str, str]:
        """What the operator's shell has: the department's commands first on PATH."""

    def judge(self) -> Verdict:
        """What the independent oracle sees: is all well, and was anything touched without need?"""

    def stop(self) -> None:
        """End every process and remove the folder. Calling it again does nothing."""


WORLDS = {
    "assist": "keys_practice.assist.world:AssistWorld",
    "jobs": "keys_practice.jobs.world:World",
    "joined": "keys_practice.joined:JoinedWorld",
    "tenants": "keys_practice.tenants.world:TenantsWorld",
    "webhooks": "keys_practice.world:World",
    "wire": "keys_practice.wire.world:WireWorld",
}


def world_called(name: str) -> type[AnyWorld]:
    """The department's class. Raises PracticeError for an unknown name."""
    if name not in WORLDS:
        raise PracticeError(f"There is no practice world {name!r}. Worlds: {', '.join(WORLDS)}.")
    module, _, kind = WORLDS[name].partition(":")
    return cast("type[AnyWorld]", getattr(import_module(module), kind))
