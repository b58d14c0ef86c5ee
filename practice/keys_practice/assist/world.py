"""The world of the answering department, from its start to its complete end."""

from dataclasses import replace
from pathlib import Path
from typing import Self

from keys_practice.assist import facts, founding, oracle, settings
from keys_practice.assist.department import Department
from keys_practice.assist.faults import FAULTS, Fault
from keys_practice.errors import PracticeError
from keys_practice.kept_world import KeptWorld, fault_called
from keys_practice.lifeline import Lifeline
from keys_practice.verdict import Verdict


class AssistWorld(KeptWorld):
    """The answering department, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    known_faults = FAULTS

    def __init__(self, department: Department, lifeline: Lifeline) -> None:
        super().__init__(department, lifeline)
        self._department = department
        self._broken = oracle.Break(oracle.in_force(department))
        self._remember_answers()
        self._look()

    @classmethod
    def start(cls, folder: Path | None = None) -> Self:
        """Start a healthy department with accepted nights and answered questions behind it.

        `folder` is where the world's own folder is made (default: the system's temp folder). Raises PracticeError
        when a part does not come up; then nothing is left behind.
        """
        return cls(*founding.found(folder))

    @property
    def department(self) -> Department:
        """Handles on the running parts, for tests that do what no command does."""
        return self._department

    def break_with(self, fault: str) -> None:
        """Really break it (a name of FAULTS); returns when the symptom can be seen."""
        chosen = fault_called(FAULTS, fault)
        self._remember_answers()
        self._expect(chosen)
        self._look()

    def break_further(self, fault: str) -> None:
        """Break it once more, now, while somebody is at work on it. What this changes is held against nobody."""
        before = facts.take(self._department)
        self._expect(fault_called(FAULTS, fault))
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
            "GOLDEN_RELEASE": str(layout.release),
            "FORBIDDEN_TEXTS": str(layout.forbidden),
        }

    def judge(self) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._department, self._broken, self._allowed)

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
