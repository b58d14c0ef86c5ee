"""The world of the selling department, from its start to its complete end."""

from pathlib import Path
from typing import Self

from keys_practice.kept_world import KeptWorld, fault_called
from keys_practice.lifeline import Lifeline
from keys_practice.verdict import Verdict
from keys_practice.wire import founding, oracle, snapshot
from keys_practice.wire.company import Company
from keys_practice.wire.faults import FAULTS
from keys_practice.wire.layout import PAYMENTS

SETTLE_SECONDS = 5.0


class WireWorld(KeptWorld):
    """The selling department, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    known_faults = FAULTS

    def __init__(self, company: Company, lifeline: Lifeline) -> None:
        super().__init__(company, lifeline)
        self._company = company
        self._dependency = PAYMENTS
        self._answered = len(company.answers())
        self._before = snapshot.take(company)

    @classmethod
    def start(cls, folder: Path | None = None) -> Self:
        """Start a healthy department with its first orders behind it.

        `folder` is where the world's own folder is made (default: the system's temp folder). Raises PracticeError
        when a part does not come up; then nothing is left behind.
        """
        return cls(*founding.found(folder))

    @property
    def company(self) -> Company:
        """Handles on the running parts, for tests that do what no command does."""
        return self._company

    def break_with(self, fault: str) -> None:
        """Really break it (a name of FAULTS) and return when the symptom can be seen; `judge` compares with this moment."""
        chosen = fault_called(FAULTS, fault)
        self._dependency = chosen.dependency
        self._answered = len(self._company.answers())
        chosen.cause(self._company)
        self._allowed = chosen.allowed_changes
        self._before = snapshot.take(self._company)

    def break_further(self, fault: str) -> None:
        """Break it once more, now, while somebody may be at work on it. What this changes is held against nobody."""
        chosen = fault_called(FAULTS, fault)
        before = snapshot.take(self._company)
        chosen.cause(self._company)
        after = snapshot.take(self._company)
        self._before = snapshot.with_later_break(self._before, before, after)
        self._allowed |= chosen.allowed_changes

    def inputs(self) -> dict[str, str]:
        """What a runbook is told, none of it secret. See practice/README.md."""
        return {
            "DEPENDENCY": self._dependency,
            "CHECKOUT_URL": self._company.layout.facts()["app_url"],
            "ANSWERS_LOG": str(self._company.layout.answers),
        }

    def judge(self, settle_seconds: float = SETTLE_SECONDS) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._company, self._before, self._allowed, self._answered, settle_seconds)
