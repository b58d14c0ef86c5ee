"""What every world has: a folder, a keeper that owns its processes, ways to break, and a complete end."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self, TypeVar

from keys_practice.errors import PracticeError
from keys_practice.lifeline import Lifeline
from keys_practice.running import Running


class Described(Protocol):
    """A way to break a world, in words."""

    @property
    def description(self) -> str:
        """What then is wrong."""


F = TypeVar("F", bound=Described)


class KeptWorld:
    """A department, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    known_faults: ClassVar[Mapping[str, Described]]

    def __init__(self, running: Running, lifeline: Lifeline) -> None:
        self._running = running
        self._lifeline = lifeline
        self._allowed: frozenset[str] = frozenset()

    @classmethod
    def faults(cls) -> dict[str, str]:
        """How it can be broken: name to description."""
        return {name: fault.description for name, fault in cls.known_faults.items()}

    @property
    def folder(self) -> Path:
        """The world's own folder; gone after stop()."""
        return self._running.layout.folder

    @property
    def keeper_pid(self) -> int:
        """The process that owns all others."""
        return self._lifeline.keeper_pid

    def secrets(self) -> dict[str, str]:
        """What a runbook is told and must not show: nothing, unless the department says otherwise."""
        return {}

    def environment(self) -> dict[str, str]:
        """What the operator's shell has: the department's commands first on PATH."""
        return self._running.environment()

    def stop(self) -> None:
        """End every process and remove the folder. Calling it again does nothing."""
        self._running.close()
        self._lifeline.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def fault_called(faults: Mapping[str, F], name: str) -> F:
    """The fault of this name. Raises PracticeError with the names that there are."""
    if name not in faults:
        raise PracticeError(f"There is no fault {name!r}. Faults: {', '.join(faults)}.")
    return faults[name]
