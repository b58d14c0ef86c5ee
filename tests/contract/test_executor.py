"""What every executor promises, held against each of them as far as it applies."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from runbook_keys.executors.bash import BashExecutor
from runbook_keys.executors.human import HumanExecutor
from runbook_keys.executors.sql import SqlExecutor
from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind, Role
from runbook_keys.ports import Executor, Task
from runbook_keys.testing.executor import ScriptedExecutor
from runbook_keys.testing.task import a_task

SECRET = "open-sesame-4711"


@dataclass(frozen=True)
class Subject:
    """An executor, and texts in its language for what every language can do.

    `has_changed` tells whether the world shows what `changes` does. None where the language can't do a thing.
    """

    executor: Executor
    language: str
    works: str
    fails: str
    repeats_secret: str
    changes: str | None = None
    hangs: str | None = None
    has_changed: Callable[[], bool] = lambda: False
    values: tuple[tuple[str, str], ...] = ()

    def task(self, text: str, **options: Any) -> Task:
        """A task with this text."""
        values = {**dict(self.values), **options.pop("values", {})}
        return a_task(text, language=self.language, on="DB_URL", values=values, **options)

    def run(self, text: str, shown: list[str] | None = None, **options: Any) -> Outcome:
        """The outcome of the text."""
        shown = [] if shown is None else shown
        return asyncio.run(self.executor.execute(self.task(text, **options), shown.append))


@pytest.fixture
def bash(tmp_path: Path) -> Subject:
    """Real bash."""
    executor = BashExecutor({**os.environ, "HOME": str(tmp_path)}, tmp_path / "scratch")
    canary = tmp_path / "canary"
    return Subject(
        executor,
        "bash",
        works="echo worked",
        fails="exit 3",
        repeats_secret='echo "$SECRET"',
        changes="touch canary",
        hangs="sleep 300",
        has_changed=canary.exists,
    )


@pytest.fixture
def sql(server_url: str) -> Iterator[Subject]:
    """Real PostgreSQL."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute("DROP TABLE IF EXISTS canary")

        def has_changed() -> bool:
            return admin.execute("SELECT to_regclass('canary')").fetchone() != (None,)

        yield Subject(
            SqlExecutor(),
            "sql",
            works="SELECT 'worked' AS word",
            fails="SELECT 1 / 0",
            repeats_secret="SELECT :'SECRET' AS word",
            changes="SELECT 1 AS i INTO canary",
            hangs="SELECT pg_sleep(300)",
            has_changed=has_changed,
            values=(("DB_URL", server_url),),
        )


@pytest.fixture
def scripted() -> Subject:
    """The stand-in for all of them."""

    def play(task: Task) -> Outcome:
        if task.block.text == "fail":
            return Outcome(OutcomeKind.FAILED, Observation(exit_code=1), why="It failed.")
        return Outcome(OutcomeKind.SUCCEEDED, Observation(exit_code=0, stdout=f"{task.block.text}\n"))

    return Subject(
        ScriptedExecutor({"D1": play}), "bash", works="worked", fails="fail", repeats_secret="[secret SECRET]"
    )


@pytest.fixture(params=["bash", "sql", "scripted"])
def subject(request: pytest.FixtureRequest) -> Subject:
    """Each executor."""
    made: Subject = request.getfixturevalue(request.param)
    return made


@pytest.fixture(params=["bash", "sql"])
def real(request: pytest.FixtureRequest) -> Subject:
    """Each executor that acts on the world."""
    made: Subject = request.getfixturevalue(request.param)
    return made


def test_every_executor_is_an_executor() -> None:
    """The type checker holds each of them to the port."""
    kinds: list[Callable[..., Executor]] = [BashExecutor, SqlExecutor, HumanExecutor, ScriptedExecutor]
    assert len(kinds) == 4


@pytest.mark.parametrize("is_looking", [True, False])
def test_what_works_succeeds_with_exit_code_zero(subject: Subject, is_looking: bool) -> None:
    """And what it said is kept and was shown."""
    shown: list[str] = []
    outcome = subject.run(subject.works, shown, is_looking=is_looking)
    assert (outcome.kind, outcome.observation.exit_code, outcome.why) == (OutcomeKind.SUCCEEDED, 0, "")
    assert "worked" in outcome.observation.stdout
    assert "".join(shown) == outcome.observation.stdout


@pytest.mark.parametrize("is_looking", [True, False])
def test_what_fails_is_an_outcome_with_a_reason(subject: Subject, is_looking: bool) -> None:
    """Nothing is raised for what a command does."""
    outcome = subject.run(subject.fails, is_looking=is_looking)
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.observation.exit_code not in (0, None)
    assert outcome.why


def test_a_secret_is_shown_nowhere(subject: Subject) -> None:
    """Not on the screen, not in what is kept."""
    shown: list[str] = []
    outcome = subject.run(subject.repeats_secret, shown, secrets={"SECRET": SECRET})
    assert "[secret SECRET]" in outcome.observation.stdout
    assert SECRET not in repr(outcome) + "".join(shown)


def test_a_looking_attempt_changes_nothing_and_names_what_kept_it(real: Subject) -> None:
    """The same text as a change takes effect, so it was the enforcement that kept it."""
    assert real.changes is not None
    looked = real.run(real.changes)
    assert looked.kind is OutcomeKind.FAILED
    assert "may only look" in looked.why
    assert looked.enforcement
    assert not real.has_changed()
    changed = real.run(real.changes, is_looking=False)
    assert (changed.kind, changed.enforcement) == (OutcomeKind.SUCCEEDED, "")
    assert real.has_changed()


@pytest.mark.parametrize("is_looking", [True, False])
def test_what_takes_too_long_times_out(real: Subject, is_looking: bool) -> None:
    """It has no exit code of its own choosing, and the reason says how long it had."""
    assert real.hangs is not None
    outcome = real.run(real.hangs, is_looking=is_looking, timeout_seconds=0.3)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert "0.3 seconds" in outcome.why
    assert outcome.observation.exit_code != 0


@pytest.mark.parametrize("is_looking", [True, False])
def test_cancelling_is_raised_after_the_work_has_ended(real: Subject, is_looking: bool) -> None:
    """The waiting ends with `CancelledError`, soon."""
    assert real.hangs is not None
    task = real.task(real.hangs, is_looking=is_looking)

    async def cancelled() -> None:
        attempt = asyncio.create_task(real.executor.execute(task, lambda _: None))
        await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt

    asyncio.run(asyncio.wait_for(cancelled(), 20))


@pytest.mark.parametrize(
    ("bash_text", "sql_text", "code"),
    [
        ("test -d /", "SELECT true", 0),
        ("test -d /", "SELECT 'f'", 0),
        ("test -d /no/such/folder", "SELECT 1 WHERE false", 1),
        ("test -d /no/such/folder", "SELECT false", 1),
        ("test -d /no/such/folder", "SELECT max(i) FROM (VALUES (NULL::int)) AS v (i)", 1),
        ('test -d "$NO_SUCH_VALUE"', "SELECT 1 / 0", None),
        ("echo x > /canary", "SELECT no_such_function()", None),
        ("grep x /no/such/file", "CREATE TABLE canary (i int)", None),
    ],
)
@pytest.mark.parametrize("role", [Role.PROBE, Role.ROLLBACK_CHECK])
@pytest.mark.parametrize("name", ["bash", "sql"])
def test_a_check_that_broke_is_never_taken_for_a_no(
    request: pytest.FixtureRequest, name: str, role: Role, bash_text: str, sql_text: str, code: int | None
) -> None:
    """0 is yes, 1 is no; a check that could not be made has neither."""
    subject: Subject = request.getfixturevalue(name)
    text = bash_text if name == "bash" else sql_text
    exit_code = subject.run(text, role=role).observation.exit_code
    assert exit_code == code or (code is None and exit_code not in (0, 1))
