"""A world: the jobs department from its start to its complete end."""

from pathlib import Path
from typing import Self

from keys_practice.jobs import facts, founding, oracle
from keys_practice.jobs.department import Department
from keys_practice.jobs.faults import FAULTS, Fault
from keys_practice.kept_world import KeptWorld, fault_called
from keys_practice.lifeline import Lifeline
from keys_practice.snapshot import with_later_break
from keys_practice.verdict import Verdict

SETTLE_SECONDS = 8.0


class World(KeptWorld):
    """The jobs department, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    known_faults = FAULTS

    def __init__(self, department: Department, lifeline: Lifeline) -> None:
        super().__init__(department, lifeline)
        self._department = department
        self._before = facts.take(department)

    @classmethod
    def start(cls, folder: Path | None = None) -> Self:
        """Start a healthy department with a few jobs behind it.

        `folder` is where the world's own folder is made (default: the system's temp folder). Raises PracticeError
        when a part does not come up; then nothing is left behind.
        """
        return cls(*founding.found(folder))

    @property
    def department(self) -> Department:
        """Handles on the running parts, for tests that do what no command does."""
        return self._department

    def break_with(self, fault: str) -> None:
        """Really break the department (a name of FAULTS); returns when the symptom can be seen."""
        self.suffer(fault_called(FAULTS, fault))

    def suffer(self, chosen: Fault) -> None:
        """Break it with a fault that needs not be one of FAULTS."""
        chosen.cause(self._department)
        self._allowed = chosen.allowed_changes
        self._before = facts.take(self._department)

    def break_further(self, fault: str) -> None:
        """Break it once more, now, while somebody may be at work on it.

        What this changes is not held against anybody, and a right recovery may do what either break allows.
        """
        self.suffer_further(fault_called(FAULTS, fault))

    def suffer_further(self, chosen: Fault) -> None:
        """Break it once more with a fault that needs not be one of FAULTS."""
        before = facts.take(self._department)
        chosen.cause(self._department)
        self._before = with_later_break(self._before, before, facts.take(self._department))
        self._allowed |= chosen.allowed_changes

    def inputs(self) -> dict[str, str]:
        """What a runbook is told, none of it secret. See practice/README.md."""
        places = self._department.places
        return {
            "QUEUE_DATABASE": self._department.databases.reader,
            "ATTEMPTS_LOG": str(places.attempts_log),
            "STATE_FOLDER": str(places.operator),
            "LEASE_SECONDS": founding.LEASE_SECONDS,
        }

    def judge(self, settle_seconds: float = SETTLE_SECONDS) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._department, self._before, self._allowed, settle_seconds)
