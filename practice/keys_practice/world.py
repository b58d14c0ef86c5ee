"""A world: one company from its start to its complete end."""

from pathlib import Path
from typing import Self

from keys_practice import founding, oracle, snapshot
from keys_practice.company import Company
from keys_practice.faults import FAULTS
from keys_practice.kept_world import KeptWorld, fault_called
from keys_practice.lifeline import Lifeline
from keys_practice.verdict import Verdict

TRAFFIC_SECONDS = 3.0
SETTLE_SECONDS = 5.0


class World(KeptWorld):
    """Larkspur Letters, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    known_faults = FAULTS

    def __init__(self, company: Company, lifeline: Lifeline) -> None:
        super().__init__(company, lifeline)
        self._company = company
        self._before = snapshot.take(company)

    @classmethod
    def start(cls, folder: Path | None = None) -> Self:
        """Start a healthy company with some twenty events behind it.

        `folder` is where the world's own folder is made (default: the system's temp folder). Raises PracticeError
        when a part does not come up; then nothing is left behind.
        """
        return cls(*founding.found(folder))

    @property
    def company(self) -> Company:
        """Handles on the running parts, for tests that do what no command does."""
        return self._company

    def break_with(self, fault: str) -> None:
        """Really break the company (a name of FAULTS) and return when the symptom can be seen.

        From now on a new event happens every few seconds, and `judge` compares with this moment.
        """
        chosen = fault_called(FAULTS, fault)
        chosen.cause(self._company)
        self._allowed = chosen.allowed_changes
        self._before = snapshot.take(self._company)
        self.keep_busy(TRAFFIC_SECONDS)

    def break_further(self, fault: str) -> None:
        """Break the company once more, now, while somebody may be at work on it.

        What this changes is not held against anybody, and a right recovery may do what either break allows.
        """
        chosen = fault_called(FAULTS, fault)
        before = snapshot.take(self._company, self._before.log_size)
        chosen.cause(self._company)
        after = snapshot.take(self._company, self._before.log_size)
        self._before = snapshot.with_later_break(self._before, before, after)
        self._allowed |= chosen.allowed_changes

    def keep_busy(self, interval_seconds: float | None) -> None:
        """Let one event happen every `interval_seconds` (None: only when asked)."""
        self._company.stripe.practise("traffic", interval_seconds=interval_seconds)

    def inputs(self) -> dict[str, str]:
        """What a runbook is told, none of it secret: addresses, ids, paths. See practice/README.md."""
        facts, layout = self._company.layout.facts(), self._company.layout
        return {
            "APP_URL": facts["app_url"],
            "LETTERS_URL": facts["letters_url"],
            "STRIPE_ENDPOINT_ID": self._company.endpoint_id,
            "WEBHOOK_LOG": str(layout.webhook_log),
            "APP_ENV_FILE": str(layout.env_file),
            "APP_DATABASE": self._company.databases.reader,
        }

    def secrets(self) -> dict[str, str]:
        """What a runbook is told and must not show: the URL of a role that may change the database's settings."""
        return {"APP_DATABASE_ADMIN": self._company.databases.admin}

    def judge(self, settle_seconds: float = SETTLE_SECONDS) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._company, self._before, self._allowed, settle_seconds)
