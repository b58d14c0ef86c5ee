"""Whoever causes an event."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class ActorKind(StrEnum):
    """A person at a terminal, a program or a file of answers in the place of one, or KEYS itself."""

    OPERATOR = "operator"
    AGENT = "agent"
    DRILL = "drill"
    DRIVER = "driver"


class Actor(Struct, frozen=True):
    """One who acts: the kind and the name it is known by on this machine."""

    kind: ActorKind
    name: str

    def __str__(self) -> str:
        return f"{self.name} (no person: answered from a file)" if self.kind is ActorKind.AGENT else self.name


DRIVER = Actor(ActorKind.DRIVER, "driver")
