"""Records that differ from Stripe: the faults show, corrections heal and lose nothing, and the oracle sees what is lost."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from keys_practice import record_facts
from keys_practice.world import World

ENDS_WELL = (
    "rows-missing",
    "rows-orphaned",
    "status-differs",
    "amounts-differ",
    "details-differ",
    "payments-duplicated",
    "forty-differ",
    "forty-orphaned",
)
Change = dict[str, Any]


@pytest.fixture(scope="module")
def books() -> Iterator[World]:
    """A company whose records are broken and corrected again by each test."""
    with World.start() as world:
        yield world


def ask(world: World, *argv: str, stdin: str = "") -> tuple[int, str]:
    """Exit code and output of one of the company's commands."""
    program = str(world.company.layout.bin / argv[0])
    done = subprocess.run(
        [program, *argv[1:]], input=stdin, capture_output=True, text=True, env=world.environment(), timeout=60
    )
    return done.returncode, done.stdout or done.stderr


def broken(world: World, fault: str) -> None:
    """Break it, and let no more events happen, so that records stay as they are."""
    world.break_with(fault)
    world.keep_busy(None)


def differences(world: World) -> list[Change]:
    """The changes that make the records what Stripe's events say, worked out from two commands."""
    shown = ask(world, "recordsctl", "show")[1]
    held = json.loads(shown)
    must_be = json.loads(
        ask(world, "stripectl", "ledger", "--endpoint", world.company.endpoint_id, "--of", "-", stdin=shown)[
            1
        ]
    )
    found = []
    for table in ("invoices", "subscriptions"):
        before, after = ({row["id"]: row for row in side[table]} for side in (held, must_be))
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                change = {"table": table, "id": key, "before": before.get(key), "after": after.get(key)}
                found.append({**change, "reason": "test"})
    return found


def planned(world: World, run: str) -> list[Change]:
    """The differences, written down as a plan."""
    changes = differences(world)
    assert (0, True) == (ask(world, "recordsctl", "plan", run, stdin=json.dumps(changes))[0], bool(changes))
    return changes


def corrected(world: World, run: str) -> None:
    """Plan and make every change."""
    planned(world, run)
    exit_code, words = ask(world, "recordsctl", "apply", run)
    assert 0 == exit_code, words


def execute(world: World, statement: str) -> None:
    """One statement past every command."""
    with psycopg.connect(world.company.databases.superuser) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("fault", ENDS_WELL)
def test_a_fault_shows_and_a_correction_heals_it(books: World, fault: str) -> None:
    """Stripe's side and the oracle see that records differ; after the correction neither does, and nothing is lost."""
    broken(books, fault)
    shown = ask(books, "recordsctl", "show")[1]
    compare = ("stripectl", "compare-records", "--endpoint", books.company.endpoint_id, "-")

    assert 1 == ask(books, *compare, stdin=shown)[0]
    assert books.judge(settle_seconds=0).problems

    corrected(books, f"rec-{fault}")
    verdict = books.judge()
    assert ([], []) == (verdict.problems, verdict.changed)


def test_an_undo_restores_the_exact_records_and_keeps_the_archive(books: World) -> None:
    """Every record as before, those in the archive too; done again it does nothing, and asked it says so."""
    broken(books, "forty-differ")
    before = record_facts.take(books.company)
    corrected(books, "rec-undone")
    corrected_rows = record_facts.take(books.company)
    assert before
    assert corrected_rows
    assert before.rows != corrected_rows.rows
    assert 1 == ask(books, "recordsctl", "check-undone", "rec-undone")[0]

    assert 0 == ask(books, "recordsctl", "undo", "rec-undone")[0]
    after = record_facts.take(books.company)
    assert (after and after.rows) == before.rows
    assert 0 == ask(books, "recordsctl", "check-undone", "rec-undone")[0]
    assert '"done": 0' in ask(books, "recordsctl", "undo", "rec-undone", "--json")[1]
    restored = json.loads(ask(books, "recordsctl", "archive", "--json")[1])
    assert 40 == sum(each["restored_at"] is not None for each in restored if each["run"] == "rec-undone")
    corrected(books, "rec-after-undo")


def test_what_somebody_changed_since_is_left_alone_and_named(books: World) -> None:
    """The two edited records stay as they were edited, the others are corrected, and a second call adds nothing."""
    broken(books, "amounts-differ")
    planned(books, "rec-edited")
    books.break_further("planned-row-edited")

    exit_code, words = ask(books, "recordsctl", "apply", "rec-edited", "--json")
    outcome = json.loads(words)
    assert (1, {"invoices", "subscriptions"}) == (
        exit_code,
        {each["table"] for each in outcome["left_alone"]},
    )
    again = json.loads(ask(books, "recordsctl", "apply", "rec-edited", "--json")[1])
    assert (0, outcome["done"]) == (again["done"], again["already"])
    corrected(books, "rec-edited-too")


def test_frozen_books_are_not_changed(books: World) -> None:
    """A plan that was made before the freeze is not applied either; what stands can still be looked at."""
    broken(books, "status-differs")
    planned(books, "rec-frozen")
    books.break_further("books-frozen")

    for verb in ("plan", "apply"):
        exit_code, words = ask(books, "recordsctl", verb, "rec-frozen", stdin=json.dumps(differences(books)))
        assert 1 == exit_code
        assert "frozen" in words
    execute(books, "UPDATE record_freezes SET ended_at = now()")
    assert 0 == ask(books, "recordsctl", "apply", "rec-frozen")[0]


def test_the_oracle_sees_a_record_that_was_deleted(books: World) -> None:
    """Right or wrong before: a record that is in no archive is lost."""
    broken(books, "rows-orphaned")
    execute(books, "DELETE FROM invoices WHERE id LIKE 'in_1Sarchived%'")
    lost = books.judge(settle_seconds=0).changed
    assert 3 == sum("was deleted and is in no archive" in words for words in lost), lost
    corrected(books, "rec-lost")


def test_the_oracle_sees_a_correction_whose_before_is_kept_nowhere(books: World) -> None:
    """Somebody makes a record right by hand: the records agree, and nobody can undo it."""
    broken(books, "amounts-differ")
    execute(books, "UPDATE invoices SET amount_cents = amount_cents / 100 WHERE amount_cents >= 20000")
    lost = books.judge(settle_seconds=0).changed
    assert 3 == sum("is written nowhere" in words for words in lost), lost
    corrected(books, "rec-by-hand")


def test_the_oracle_sees_an_archive_that_lost_something(books: World) -> None:
    """The change says that the record went to the archive, and the archive does not hold it."""
    broken(books, "rows-orphaned")
    corrected(books, "rec-archived")
    execute(books, "DELETE FROM records_archive WHERE run = 'rec-archived' AND row_id = 'sub_1Sbackup1'")

    shown = json.loads(ask(books, "recordsctl", "changes", "rec-archived", "--json")[1])
    assert (shown["done"], shown["done"] - 1) == (shown["planned"], shown["kept"])
    lost = books.judge(settle_seconds=0).changed
    assert any("sub_1Sbackup1" in words and "archive" in words for words in lost), lost


def test_a_plan_is_written_once_and_another_one_is_refused(books: World) -> None:
    """The same plan again is no new one; another plan under its name would take its undo away."""
    broken(books, "rows-missing")
    changes = planned(books, "rec-twice")
    assert 0 == ask(books, "recordsctl", "plan", "rec-twice", stdin=json.dumps(changes))[0]

    other = [{**changes[0], "reason": "another"}]
    exit_code, words = ask(books, "recordsctl", "plan", "rec-twice", stdin=json.dumps(other))
    assert (1, True) == (exit_code, "another plan" in words)
    assert 0 == ask(books, "recordsctl", "apply", "rec-twice")[0]


def test_the_changes_of_a_record_with_a_column_of_its_own_can_be_shown() -> None:
    """The plan knows the record whole, and the events tell less of it."""
    with World.start() as world:
        broken(world, "column-filled")
        planned(world, "rec-column")
        exit_code, words = ask(world, "recordsctl", "changes", "rec-column")
        assert (0, True) == (exit_code, "status " in words), words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '[{"table": "letters", "id": "1", "before": null, "after": {"id": "1"}, "reason": "x"}]',
    ],
)
def test_a_plan_that_is_none_is_refused(books: World, text: str) -> None:
    """An empty list is more likely a command that failed; another team's table is nobody's business."""
    exit_code, words = ask(books, "recordsctl", "plan", "rec-none", stdin=text)
    assert (1, True) == (exit_code, "Nothing was written" in words)
