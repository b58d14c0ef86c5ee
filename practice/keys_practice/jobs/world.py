"""A world: the jobs department from its start to its complete end."""

from pathlib import Path
from types import TracebackType

from keys_practice.errors import PracticeError
from keys_practice.jobs import facts, founding, oracle
from keys_practice.jobs.department import Department
from keys_practice.jobs.faults import FAULTS, Fault
from keys_practice.lifeline import Lifeline
from keys_practice.snapshot import with_later_break
from keys_practice.verdict import Verdict

SETTLE_SECONDS = 8.0


class World:
    """The jobs department, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    def __init__(self, department: Department, lifeline: Lifeline) -> None:
        self._department = department
        self._lifeline = lifeline
        self._allowed: frozenset[str] = frozenset()
        self._before = facts.take(department)

    @classmethod
    def start(cls, folder: Path | None = None) -> "World":
        """Start a healthy department with a few jobs behind it.

        `folder` is where the world's own folder is made (default: the system's temp folder). Raises PracticeError
        when a part does not come up; then nothing is left behind.
        """
        return cls(*founding.found(folder))

    @classmethod
    def faults(cls) -> dict[str, str]:
        """How it can be broken: name to description."""
        return {name: fault.description for name, fault in FAULTS.items()}

    @property
    def department(self) -> Department:
        """Handles on the running parts, for tests that do what no command does."""
        return self._department

    @property
    def folder(self) -> Path:
        """The world's own folder; gone after stop()."""
        return self._department.layout.folder

    @property
    def keeper_pid(self) -> int:
        """The process that owns all others."""
        return self._lifeline.keeper_pid

    def break_with(self, fault: str) -> None:
        """Really break the department (a name of FAULTS); returns when the symptom can be seen."""
        chosen = _fault(fault)
        chosen.cause(self._department)
        self._allowed = chosen.allowed_changes
        self._before = facts.take(self._department)

    def break_further(self, fault: str) -> None:
        """Break it once more, now, while somebody may be at work on it.

        What this changes is not held against anybody, and a right recovery may do what either break allows.
        """
        chosen = _fault(fault)
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

    def secrets(self) -> dict[str, str]:
        """What a runbook is told and must not show: nothing in this department."""
        return {}

    def environment(self) -> dict[str, str]:
        """What the operator's shell has: the department's commands first on PATH."""
        return self._department.environment()

    def judge(self, settle_seconds: float = SETTLE_SECONDS) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._department, self._before, self._allowed, settle_seconds)

    def stop(self) -> None:
        """End every process and remove the folder. Calling it again does nothing."""
        self._lifeline.end()

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _fault(name: str) -> Fault:
    if name not in FAULTS:
        raise PracticeError(f"There is no fault {name!r}. Faults: {', '.join(FAULTS)}.")
    return FAULTS[name]
