"""A world of the tenants department: the letters rooms from their start to their complete end."""

from pathlib import Path
from typing import Self

from keys_practice.kept_world import KeptWorld, fault_called
from keys_practice.lifeline import Lifeline
from keys_practice.tenants import founding, oracle, snapshot
from keys_practice.tenants.faults import FAULTS
from keys_practice.tenants.rooms import Rooms
from keys_practice.verdict import Verdict


class TenantsWorld(KeptWorld):
    """The letters rooms, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    known_faults = FAULTS

    def __init__(self, rooms: Rooms, lifeline: Lifeline) -> None:
        super().__init__(rooms, lifeline)
        self._rooms = rooms
        self._founding = snapshot.take(rooms)
        self._before = self._founding

    @classmethod
    def start(cls, folder: Path | None = None) -> Self:
        """Start healthy rooms. `folder` is where the world's own folder is made (default: the system's temp folder).

        Raises PracticeError when a part does not come up; then nothing is left behind.
        """
        return cls(*founding.found(folder))

    @property
    def rooms(self) -> Rooms:
        """Handles on the running parts, for tests that do what no command does."""
        return self._rooms

    def break_with(self, fault: str) -> None:
        """Really break the rooms (a name of FAULTS) and return when the symptom can be seen."""
        chosen = fault_called(FAULTS, fault)
        chosen.cause(self._rooms)
        self._allowed = chosen.allowed_changes
        self._before = snapshot.take(self._rooms)

    def break_further(self, fault: str) -> None:
        """Break the rooms once more, while somebody may be at work on them.

        What this changes is not held against anybody, and a right recovery may do what either break allows.
        """
        chosen = fault_called(FAULTS, fault)
        before = snapshot.take(self._rooms)
        chosen.cause(self._rooms)
        self._before = snapshot.with_later_break(self._before, before, snapshot.take(self._rooms))
        self._allowed |= chosen.allowed_changes

    def inputs(self) -> dict[str, str]:
        """What a runbook is told, none of it secret."""
        facts = self._rooms.layout.facts()
        return {
            "ROOMS_API_URL": facts["api_url"],
            "ROOMS_AUTH_URL": facts["auth_url"],
            "ROOMS_CONTRACT": str(self._rooms.layout.contract),
            "ROOMS_DATABASE": self._rooms.databases.reader,
        }

    def secrets(self) -> dict[str, str]:
        """What a runbook is told and must not show: the URL of a role that sees all rows and may become any client."""
        return {"ROOMS_DATABASE_AUDIT": self._rooms.databases.auditor}

    def judge(self) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._rooms, self._before, self._founding, self._allowed)
