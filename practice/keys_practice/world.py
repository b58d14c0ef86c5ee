"""A world: one company from its start to its complete end."""

from pathlib import Path
from types import TracebackType

from keys_practice import founding, oracle, snapshot
from keys_practice.company import Company
from keys_practice.errors import PracticeError
from keys_practice.faults import FAULTS, Fault
from keys_practice.lifeline import Lifeline
from keys_practice.verdict import Verdict

TRAFFIC_SECONDS = 3.0
SETTLE_SECONDS = 5.0


class World:
    """Larkspur Letters, running. A context manager; every method blocks.

    It ends with the Python process that started it, however that ends.
    """

    def __init__(self, company: Company, lifeline: Lifeline) -> None:
        self._company = company
        self._lifeline = lifeline
        self._allowed: frozenset[str] = frozenset()
        self._before = snapshot.take(company)

    @classmethod
    def start(cls, folder: Path | None = None) -> "World":
        """Start a healthy company with some twenty events behind it.

        `folder` is where the world's own folder is made (default: the system's temp folder). Raises PracticeError
        when a part does not come up; then nothing is left behind.
        """
        return cls(*founding.found(folder))

    @classmethod
    def faults(cls) -> dict[str, str]:
        """How it can be broken: name to description."""
        return {name: fault.description for name, fault in FAULTS.items()}

    @property
    def company(self) -> Company:
        """Handles on the running parts, for tests that do what no command does."""
        return self._company

    @property
    def folder(self) -> Path:
        """The world's own folder; gone after stop()."""
        return self._company.layout.folder

    @property
    def keeper_pid(self) -> int:
        """The process that owns all others."""
        return self._lifeline.keeper_pid

    def break_with(self, fault: str) -> None:
        """Really break the company (a name of FAULTS) and return when the symptom can be seen.

        From now on a new event happens every few seconds, and `judge` compares with this moment.
        """
        chosen = _fault(fault)
        chosen.cause(self._company)
        self._allowed = chosen.allowed_changes
        self._before = snapshot.take(self._company)
        self.keep_busy(TRAFFIC_SECONDS)

    def break_further(self, fault: str) -> None:
        """Break the company once more, now, while somebody may be at work on it.

        What this changes is not held against anybody, and a right recovery may do what either break allows.
        """
        chosen = _fault(fault)
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

    def environment(self) -> dict[str, str]:
        """What the operator's shell has: the company's commands first on PATH."""
        return self._company.environment()

    def judge(self, settle_seconds: float = SETTLE_SECONDS) -> Verdict:
        """Let the oracle look: is all well, and was anything touched without need since break_with()?"""
        return oracle.judge(self._company, self._before, self._allowed, settle_seconds)

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
