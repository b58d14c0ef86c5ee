"""The disk fails at the Nth call, for every N: the journal holds all of an append or none of it, and says which."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from journals import AT, NOTE, NOTED, OTHER, RUN, entered, findings, open_run, wait, write

from runbook_keys.errors import JournalUnavailable, KeysError
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import MaterialErased
from runbook_keys.stores.sqlite import SqliteStore

FAULTS = [
    (sqlite3.SQLITE_FULL, "no space left on the disk"),
    (sqlite3.SQLITE_IOERR | (4 << 8), "input/output error"),
]


NEVER = 10**9


class Plan:
    """Which calls fail, and how. Calls are counted over all connections that are made by it."""

    def __init__(self, code: int, at: int, is_lasting: bool, is_late: bool) -> None:
        self.code = code
        self.at = at
        self.is_lasting = is_lasting
        self.is_late = is_late
        self.calls = 0
        self.has_failed = False

    def next_fails(self) -> bool:
        """Whether the call that begins now is to fail."""
        self.calls += 1
        fails = self.calls == self.at or (self.is_lasting and self.calls > self.at)
        self.has_failed = self.has_failed or fails
        return fails

    def error(self) -> sqlite3.OperationalError:
        """What SQLite would raise."""
        error = sqlite3.OperationalError("planned")
        error.sqlite_errorcode = self.code
        return error


def failing(plan: Plan) -> type[sqlite3.Connection]:
    """Connections that fail by the plan: before a statement is done or, `is_late`, after it was."""

    class Failing(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            fails = plan.next_fails()
            if fails and not plan.is_late:
                raise plan.error()
            cursor = super().execute(*arguments)
            if fails:
                raise plan.error()
            return cursor

    return Failing


def held(path: Path) -> dict[str, int]:
    """How many entries each run has, read by a store that never failed; and everything verifies."""
    assert findings(path) == []
    return heads(path)


def heads(path: Path) -> dict[str, int]:
    """How many entries each run has, read by a store that never failed."""
    store = SqliteStore.open(path)
    found = wait(store.runs())
    wait(store.close())
    return {head.run: head.seq for head in found}


def failure(action: Callable[..., object], *arguments: object) -> JournalUnavailable | None:
    """What it fails with, or None if it succeeds."""
    try:
        action(*arguments)
    except JournalUnavailable as error:
        return error
    return None


def open_and_close(path: Path, factory: type[sqlite3.Connection]) -> None:
    """A start that does nothing else."""
    wait(SqliteStore.open(path, factory).close())


def append_to_old(store: SqliteStore) -> None:
    """Three entries and a blob in one append."""
    wait(store.append(RUN, 2, AT, DRIVER, [entered(2), NOTED, entered(3)], [NOTE]))


def append_to_new(store: SqliteStore) -> None:
    """A second run is opened."""
    open_run(store, OTHER)


ALL_PLANS = [
    (append, code, told, is_lasting, is_late)
    for append in (append_to_old, append_to_new)
    for code, told in FAULTS
    for is_lasting in (False, True)
    for is_late in (False, True)
]


@pytest.mark.parametrize(("append", "code", "told", "is_lasting", "is_late"), ALL_PLANS)
def test_whatever_call_fails_an_append_is_whole_or_not_there(
    tmp_path: Path,
    append: Callable[[SqliteStore], None],
    code: int,
    told: str,
    is_lasting: bool,
    is_late: bool,
) -> None:
    """N = 1, 2, 3 … until the append completes without meeting the fault; once, and from then on."""
    after = {RUN: 5} if append is append_to_old else {RUN: 2, OTHER: 2}
    for number in range(1, 100):
        path = tmp_path / str(number) / "journal.db"
        plan = Plan(code, NEVER, is_lasting, is_late)
        store = SqliteStore.open(path, failing(plan))
        open_run(store)
        plan.at = plan.calls + number
        error = failure(append, store)
        if error is not None:
            assert told in str(error)
            assert "keys resume" in str(error)
            assert str(failure(append, store)) == str(error)
        with contextlib.suppress(KeysError, sqlite3.Error):
            wait(store.close())
        assert held(path) in ([after] if error is None else [after, {RUN: 2}])
        if error is not None and not is_lasting:
            assert ("can be read back" in str(error)) is (held(path) == after)
        if not plan.has_failed:
            assert (error, held(path)) == (None, after)
            assert number > 5
            return
    pytest.fail("the append never got past its faults")


@pytest.mark.parametrize(("code", "told"), FAULTS)
@pytest.mark.parametrize("is_lasting", [False, True])
def test_whatever_call_fails_a_new_journal_is_made_whole_or_not_at_all(
    tmp_path: Path, code: int, told: str, is_lasting: bool
) -> None:
    """A first start that failed half-way does no harm to the second."""
    for number in range(1, 100):
        path = tmp_path / str(number) / "journal.db"
        plan = Plan(code, number, is_lasting, is_late=False)
        error = failure(open_and_close, path, failing(plan))
        assert (error is not None) is plan.has_failed
        assert error is None or told in str(error)
        store = SqliteStore.open(path)
        assert open_run(store) == 2
        wait(store.close())
        assert held(path) == {RUN: 2}
        if not plan.has_failed:
            assert number > 20
            return
    pytest.fail("opening never got past its faults")


@pytest.mark.parametrize("is_late", [False, True])
def test_whatever_call_fails_erasing_leaves_the_journal_whole(tmp_path: Path, is_late: bool) -> None:
    """What the record says is erased is erased, or still there and said so; nothing else changes."""
    for number in range(1, 100):
        path = tmp_path / str(number) / "journal.db"
        plan = Plan(sqlite3.SQLITE_FULL, NEVER, is_lasting=False, is_late=is_late)
        store = SqliteStore.open(path, failing(plan))
        open_run(store)
        append_to_old(store)
        plan.at = plan.calls + number
        with contextlib.suppress(JournalUnavailable):
            write(store, RUN, 5, MaterialErased((NOTE.digest,), (4,), "asked for"))
            wait(store.erase(NOTE.digest))
        wait(store.close())
        assert findings(path) == []
        assert heads(path) in ({RUN: 5}, {RUN: 6})
        if not plan.has_failed:
            assert number > 3
            return
    pytest.fail("erasing never got past its faults")


def test_a_store_that_failed_once_still_shows_what_it_holds(tmp_path: Path) -> None:
    """The file was opened anew: the screen can still tell the person where the run stands."""
    plan = Plan(sqlite3.SQLITE_FULL, NEVER, is_lasting=False, is_late=False)
    store = SqliteStore.open(tmp_path / "journal.db", failing(plan))
    open_run(store)
    plan.at = plan.calls + 4
    with pytest.raises(JournalUnavailable):
        append_to_old(store)
    assert len(wait(store.entries(RUN))) == 2
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    with pytest.raises(JournalUnavailable):
        write(store, RUN, 2, entered(2))
    wait(store.close())


def test_a_store_that_can_not_be_opened_anew_still_says_why(tmp_path: Path) -> None:
    """The first failure is the one that matters."""
    plan = Plan(sqlite3.SQLITE_FULL, NEVER, is_lasting=True, is_late=False)
    store = SqliteStore.open(tmp_path / "journal.db", failing(plan))
    open_run(store)
    plan.at = plan.calls + 1
    with pytest.raises(JournalUnavailable, match="no space left"):
        append_to_old(store)
    with pytest.raises(JournalUnavailable, match="no space left"):
        wait(store.entries(RUN))


def test_an_interrupted_append_leaves_nothing_behind(tmp_path: Path) -> None:
    """Ctrl-C between two statements takes the whole append back, and the store can go on."""

    class Interrupted(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            if "INSERT INTO spine" in arguments[0] and is_pressed:
                is_pressed.clear()
                raise KeyboardInterrupt
            return super().execute(*arguments)

    is_pressed: list[bool] = []
    store = SqliteStore.open(tmp_path / "journal.db", Interrupted)
    open_run(store)
    is_pressed.append(True)
    with pytest.raises(KeyboardInterrupt):
        append_to_old(store)
    assert len(wait(store.entries(RUN))) == 2
    append_to_old(store)
    wait(store.close())
    assert held(tmp_path / "journal.db") == {RUN: 5}
