"""recordsctl: invoices and subscriptions, and corrections of them that lose nothing."""

import argparse
import json
import re
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from keys_practice.commands.frame import NO, YES, Command, Result, facts, table
from keys_practice.commands.records import agrees
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout, read_env
from keys_practice.record_book import ALREADY, DONE, LEFT_ALONE, Change, RecordBook

RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
TABLES = ("invoices", "subscriptions")

Fields = dict[str, Any]


def show(book: RecordBook, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Write out the records and the applied events, from one look."""
    found = book.show()
    return Result(found, json.dumps(found, sort_keys=True))


def freeze(book: RecordBook, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say whether finance has frozen the books."""
    found = book.freeze()
    content = {"frozen": found is not None, **({name: _told(value) for name, value in (found or {}).items()})}
    return Result(content, facts(content))


def plan(book: RecordBook, asked: argparse.Namespace) -> Result:
    """Write down what is to be changed; nothing is changed yet."""
    changes = _parse(sys.stdin.read())
    content = {"run": asked.run, "planned": book.plan(asked.run, changes)}
    return Result(content, facts(content))


def discard(book: RecordBook, asked: argparse.Namespace) -> Result:
    """Forget what was planned and not done."""
    content = {"run": asked.run, "discarded": book.discard(asked.run)}
    return Result(content, facts(content))


def apply(book: RecordBook, asked: argparse.Namespace) -> Result:
    """Make planned changes: these, or all of the run."""
    seqs = asked.seqs or [each["seq"] for each in book.changes(asked.run)]
    if not seqs:
        raise PracticeError(f"There is no plan called {asked.run}. Nothing was changed.")
    return _outcome(book, asked.run, book.apply(asked.run, seqs))


def undo(book: RecordBook, asked: argparse.Namespace) -> Result:
    """Put back what the run changed."""
    return _outcome(book, asked.run, book.undo(asked.run))


def changes(book: RecordBook, asked: argparse.Namespace) -> Result:
    """Show what the run planned and did, with each record before, after and now."""
    found = [_shown(each) for each in book.changes(asked.run)]
    content = {
        "run": asked.run,
        "planned": len(found),
        "done": sum(each["done_at"] is not None for each in found),
        "undone": sum(each["undone_at"] is not None for each in found),
        "standing": sum(each["is_standing"] for each in found),
        "kept": sum(each["is_kept"] for each in found),
        "changes": found,
    }
    return Result(content, table([_line(each) for each in found]) if found else "no changes")


def check_undone(book: RecordBook, asked: argparse.Namespace) -> Result:
    """Ask whether nothing of the run stands: each record it changed is as it was before."""
    found = [each for each in book.changes(asked.run) if each["done_at"]]
    left = [each["row_id"] for each in found if each["now"] != each["before"]]
    content = {"undone": not left, "changed": len(found), "not_as_before": left}
    return Result(content, facts(content), NO if left else YES)


def runs(book: RecordBook, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """List every run of corrections."""
    found = [{name: _told(value) for name, value in each.items()} for each in book.runs()]
    rows = [
        [e["run"], f"planned {e['planned']}", f"done {e['done']}", f"undone {e['undone']}"] for e in found
    ]
    return Result(found, table(rows) if rows else "no runs")


def archive(book: RecordBook, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """List the archived records."""
    found = [{name: _told(value) for name, value in each.items()} for each in book.archive()]
    rows = [[e["archived_at"], e["run"], e["source_table"], e["row_id"], e["reason"]] for e in found]
    return Result(found, table(rows) if rows else "the archive is empty")


def main(folder: Path, arguments: list[str]) -> int:
    """Run recordsctl."""
    command = Command("recordsctl", "Invoices and subscriptions: look, and correct without losing anything.")

    def verb(name: str, about: str, do: Any) -> argparse.ArgumentParser:
        return command.verb(name, about, lambda layout, asked: _answered(do, layout, asked))

    verb("show", "records and applied events as JSON, from one look; for stripectl", show)
    verb("freeze", "has finance frozen the books?", freeze)
    verb("runs", "every run of corrections, the newest first", runs)
    verb("archive", "archived records; nothing is ever removed from there", archive)
    for name, about, do in (
        ("plan", "write down the changes on stdin; changes no record", plan),
        ("discard", "forget what was planned and not done", discard),
        ("apply", "make planned changes; a record that was changed since is left alone", apply),
        ("undo", "put back what the run changed; a record that was changed since is left alone", undo),
        ("changes", "what the run planned and did: each record before and after", changes),
        ("check-undone", "is everything as before the run? exit 0 yes, 1 no", check_undone),
    ):
        parser = verb(name, about, do)
        parser.add_argument("run", metavar="RUN", type=_run, help="the name of the run, such as rec-1")
        if name == "apply":
            parser.add_argument(
                "--only", dest="seqs", type=_seqs, default=[], metavar="N,N,…", help="only these of the plan"
            )
    return command.run(folder, arguments)


def _answered(do: Any, layout: Layout, asked: argparse.Namespace) -> Result:
    """One verb. A database that refuses or is gone is "could not find out", in its own first line."""
    try:
        book = RecordBook(read_env(layout.records_env)["DATABASE_URL"])
        found: Result = do(book, asked)
    except psycopg.Error as problem:
        words = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        raise Unreachable(f"The database refused: {words}. This call changed nothing.") from problem
    return found


def _outcome(book: RecordBook, run: str, outcomes: dict[int, str]) -> Result:
    by_seq = {each["seq"]: each for each in book.changes(run)}
    left = [by_seq[seq] for seq, outcome in outcomes.items() if outcome == LEFT_ALONE]
    count = Counter(outcomes.values())
    content = {
        "run": run,
        "done": count[DONE],
        "already": count[ALREADY],
        "left_alone": [
            {"seq": each["seq"], "table": each["source_table"], "id": each["row_id"], "now": each["now"]}
            for each in left
        ],
    }
    words = facts({**content, "left_alone": ", ".join(each["row_id"] for each in left) or "none"})
    return Result(content, words, NO if left else YES)


def _parse(text: str) -> list[Change]:
    """Changes on stdin: a JSON list of {table, id, before, after, reason}."""
    try:
        found = [_change(seq, each) for seq, each in enumerate(json.loads(text), 1)]
    except (ValueError, KeyError, TypeError) as problem:
        raise PracticeError(f"Stdin holds no list of changes: {problem!r}. Nothing was written.") from problem
    if not found:
        raise PracticeError("The list of changes is empty. Nothing was written.")
    return found


def _change(seq: int, each: Fields) -> Change:
    if each["table"] not in TABLES or each["before"] == each["after"]:
        raise ValueError(f"change {seq} is none")
    for record in (each["before"], each["after"]):
        if record is not None and record["id"] != each["id"]:
            raise ValueError(f"change {seq} names another record")
    return Change(seq, each["table"], each["id"], each["before"], each["after"], str(each["reason"]))


def _shown(change: Fields) -> Fields:
    shown = {name: _told(value) for name, value in change.items()}
    is_standing = (
        bool(change["done_at"]) and not change["undone_at"] and agrees(change["now"], change["after"])
    )
    is_done = bool(change["done_at"])
    is_kept = is_done and (change["after"] is not None or change["archived"] == change["before"])
    return {**shown, "is_standing": is_standing, "is_kept": is_kept}


def _line(change: Fields) -> list[object]:
    state = "undone" if change["undone_at"] else "done" if change["done_at"] else "planned"
    return [
        change["seq"],
        state,
        change["source_table"],
        change["row_id"],
        change["reason"],
        _difference(change),
    ]


def _difference(change: Fields) -> str:
    before, after = change["before"], change["after"]
    if before is None or after is None:
        return "was missing" if before is None else "to the archive"
    names = [name for name in after if before.get(name) != after[name]]
    return "; ".join(f"{name} {before.get(name)} -> {after[name]}" for name in names)


def _told(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _run(text: str) -> str:
    if not RUN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a run; write one like rec-1")
    return text


def _seqs(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers like 1,2,3") from None
