"""The world of the answering department, from its start to its complete end."""

from dataclasses import replace
from pathlib import Path
from types import TracebackType

from keys_practice.assist import facts, founding, oracle, settings
from keys_practice.assist.department import Department
from keys_practice.assist.faults import FAULTS, Fault
from keys_practice.errors import PracticeError
from keys_practice.lifeline import Lifeline
from keys_practice.verdict import Verdict


class AssistWorld:
    """The answering department, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    def __init__(self, department: Department, lifeline: Lifeline) -> None:
        self._department = department
        self._lifeline = lifeline
        self._allowed: frozenset[str] = frozenset()
        right, _ = oracle.right_answers(department)
        self._broken = oracle.Break(oracle.in_force(department), right_before=right)
        self._remember_answers()
        self._look()

    @classmethod
    def start(cls, folder: Path | None = None) -> "AssistWorld":
        """Start a healthy department with accepted nights and answered questions behind it.

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
        """Really break it (a name of FAULTS); returns when the symptom can be seen."""
        chosen = _fault(fault)
        self._remember_answers()
        self._expect(chosen)
        self._look()

    def break_further(self, fault: str) -> None:
        """Break it once more, now, while somebody is at work on it. What this changes is held against nobody."""
        before = facts.take(self._department)
        self._expect(_fault(fault))
        after = facts.take(self._department)
        snapshot = facts.with_later_break(self._broken.snapshot, before, after)
        self._broken = replace(self._broken, snapshot=snapshot)

    def inputs(self) -> dict[str, str]:
        """What a runbook is told, none of it secret. See practice/README.md."""
        layout = self._department.layout
        return {
            "ANSWERS_LOG": str(layout.answers),
            "GOLDEN_LOG": str(layout.golden_log),
            "GOLDEN_SET": str(layout.golden),
        }

    def secrets(self) -> dict[str, str]:
        """Nothing here needs one."""
        return {}

    def environment(self) -> dict[str, str]:
        """What the operator's shell has: the department's commands first on PATH."""
        return self._department.environment()

    def judge(self) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._department, self._broken, self._allowed)

    def stop(self) -> None:
        """End every process and remove the folder. Calling it again does nothing."""
        self._lifeline.end()

    def __enter__(self) -> "AssistWorld":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _expect(self, chosen: Fault) -> None:
        """Cause it. What it makes bad must become what it was; what it changes besides may stay."""
        chosen.cause(self._department)
        after = settings.values(self._department.layout) if self._is_readable() else {}
        faulty = self._broken.faulty | chosen.faulty
        must_be = {
            name: value if name in faulty or name not in after else _harmless(name, value, after)
            for name, value in self._broken.must_be.items()
        }
        self._broken = replace(self._broken, must_be={**must_be, "answering": "model"}, faulty=faulty)
        allowed = {f"setting {name}" for name in chosen.faulty | chosen.may_change}
        self._allowed |= allowed | ({"review"} if chosen.faulty else set())

    def _is_readable(self) -> bool:
        try:
            settings.values(self._department.layout)
        except PracticeError:
            return False
        return True

    def _remember_answers(self) -> None:
        """What is on record now must stay, and what comes from now on may be affected."""
        first = len(self._department.answers())
        kept = facts.first_answers(self._department.layout.answers, first)
        self._broken = replace(self._broken, first=first, kept=kept)

    def _look(self) -> None:
        self._broken = replace(self._broken, snapshot=facts.take(self._department))


def _harmless(name: str, value: str, after: dict[str, str]) -> str:
    """A setting that a break changed and did not spoil must stay as the break left it."""
    return after[name] if name in ("prompt", "response_format", "intake") else value


def _fault(name: str) -> Fault:
    if name not in FAULTS:
        raise PracticeError(f"There is no fault {name!r}. Faults: {', '.join(FAULTS)}.")
    return FAULTS[name]
