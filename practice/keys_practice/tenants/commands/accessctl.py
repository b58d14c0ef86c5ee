"""accessctl: who may do what in the letters rooms, and how that is set right."""

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from keys_practice.commands.frame import NO, UNKNOWN, YES, Command, Result, facts, table
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout
from keys_practice.tenants import accounts, changes, contract, http_matrix, releases, sql_matrix, state
from keys_practice.tenants.cells import Cell, summary
from keys_practice.tenants.layout import RoomsLayout

CONNECT_SECONDS = 5

Answer = dict[str, Any]


class _Office:
    """What every verb needs: the layout, the contract, what the operator knows."""

    def __init__(self, layout: Layout) -> None:
        self.layout = RoomsLayout(layout.folder)
        self.contract = contract.read(self.layout.contract)
        self.operator = accounts.operator(self.layout.operator)

    @contextlib.contextmanager
    def connection(self, url: str) -> Iterator[psycopg.Connection]:
        """A connection whose transaction is rolled back unless it was committed. Raises Unreachable."""
        try:
            connection = psycopg.connect(url, connect_timeout=CONNECT_SECONDS)
        except psycopg.OperationalError as problem:
            raise Unreachable(f"The database does not answer: {_first_line(problem)}") from problem
        try:
            yield connection
            connection.rollback()
        except psycopg.Error as problem:
            raise Unreachable(f"The database refused, or was lost: {_first_line(problem)}") from problem
        finally:
            connection.close()

    def cells(self) -> list[Cell]:
        """The whole matrix, over SQL and over HTTP."""
        urls = (self.operator.api_url, self.operator.auth_url)
        with self.connection(self.operator.auditor) as connection:
            sql_matrix.limit_time(connection)
            return [
                *sql_matrix.cells(connection, self.contract),
                *http_matrix.cells(connection, self.contract, urls, self.operator.accounts),
            ]

    def exposed(self) -> list[str]:
        """Relations and functions that clients may reach and the contract does not know: each reads past the policies."""
        with self.connection(self.operator.auditor) as connection:
            return state.exposed(state.read(connection), self.contract)


def leaks(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say whether anybody reaches rows that are not theirs."""
    office = _Office(layout)
    found, exposed = summary(office.cells()), office.exposed()
    content = {
        "leaks": found["leaks"] + len(exposed),
        "leaks_sql": found["sql"]["leaks"] + len(exposed),
        "leaks_http": found["http"]["leaks"],
        "unknown": found["unknown"],
        "checked": found["cells"],
        "exposed": exposed,
        "tables": found["tables"],
        "wrong_cells": found["wrong_cells"],
    }
    is_open, is_unknown = content["leaks"] > 0, content["unknown"] > 0
    return Result(content, facts(content), NO if is_open else UNKNOWN if is_unknown else YES)


def matrix(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say whether everybody reaches exactly what the contract gives them, and nothing else."""
    office = _Office(layout)
    found, exposed = summary(office.cells()), office.exposed()
    found["wrong"] += len(exposed)
    found["leaks"] += len(exposed)
    found["exposed"] = exposed
    words = "\n".join(
        [f"{found['wrong']} of {found['cells']} cells are wrong.", *found["wrong_cells"], *exposed]
    )
    is_only_unknown = found["unknown"] > 0 and found["unknown"] == found["wrong"]
    return Result(found, words, UNKNOWN if is_only_unknown else NO if found["wrong"] else YES)


def compare(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Compare what is in the database with what the release in force made of it."""
    office = _Office(layout)
    with office.connection(office.operator.auditor) as connection:
        version = releases.in_force(connection).version
        differing = state.differences(state.read(connection), releases.recorded(office.layout, version))
        content = {
            "release": version,
            "differs": sum(map(len, differing.values())),
            "platform": state.platform_changes(connection, office.contract),
            **differing,
        }
    is_same = not content["differs"] and not content["platform"]
    return Result(content, facts(content), YES if is_same else NO)


def verify(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say whether a release's files are what was released."""
    office = _Office(layout)
    with office.connection(office.operator.auditor) as connection:
        version = asked.release or releases.in_force(connection).version
        problems = releases.faults(office.layout, connection, version)
    content = {"release": version, "match": not problems, "problems": problems}
    return Result(content, facts(content), NO if problems else YES)


def history(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """List what was put in force, the newest first."""
    office = _Office(layout)
    with office.connection(office.operator.auditor) as connection:
        found = releases.history(connection)
    content = [
        {
            "released_at": each.released_at.isoformat(timespec="seconds"),
            "release": each.version,
            "by": each.released_by,
        }
        for each in found
    ]
    return Result(content, table([list(each.values()) for each in content]))


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say which release is in force, and whether one is running now."""
    office = _Office(layout)
    is_running = releases.is_releasing(office.layout)
    with office.connection(office.operator.auditor) as connection:
        newest = releases.in_force(connection)
    content = {
        "state": "releasing" if is_running else "idle",
        "release": newest.version,
        "by": newest.released_by,
        "released_at": newest.released_at.isoformat(timespec="seconds"),
    }
    return Result(content, facts(content))


def restore(layout: Layout, asked: argparse.Namespace) -> Result:
    """Put the release in force again, or another one with --release."""

    def change(office: _Office, connection: psycopg.Connection) -> Answer:
        version = asked.release or releases.in_force(connection).version
        return changes.restore(connection, office.layout, office.contract, version, asked.dry_run)

    return _changed(layout, change)


def fence(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Close a hole."""
    return _changed(
        layout, lambda office, connection: changes.fence(connection, office.layout, office.contract)
    )


def undo(layout: Layout, asked: argparse.Namespace) -> Result:
    """Put access back as it was before the last change."""
    if asked.check:
        return _undo_checked(layout)
    may_open = asked.even_if_it_opens
    return _changed(
        layout,
        lambda office, connection: changes.undo(connection, office.layout, office.contract, may_open),
    )


def release(layout: Layout, asked: argparse.Namespace) -> Result:
    """Put a release in force, as its team does."""

    def change(office: _Office, connection: psycopg.Connection) -> Answer:
        if not office.layout.policies(asked.release).is_file():
            raise PracticeError(f"There is no release {asked.release}. Nothing was done.")
        releases.release(connection, office.layout, office.contract, asked.release, asked.by)
        connection.commit()
        time.sleep(asked.soak_seconds)
        return {"release": asked.release, "by": asked.by}

    return _changed(layout, change)


def _changed(layout: Layout, change: Callable[[_Office, psycopg.Connection], Answer]) -> Result:
    office = _Office(layout)
    with releases.release_lock(office.layout), office.connection(office.operator.owner) as connection:
        content = change(office, connection)
    return Result(content, facts(content))


def _undo_checked(layout: Layout) -> Result:
    office = _Office(layout)
    with office.connection(office.operator.auditor) as connection:
        is_undone = changes.is_undone(connection, office.layout)
    content = {"is_as_before": is_undone}
    return Result(content, facts(content), YES if is_undone else NO)


def main(folder: Path, arguments: list[str]) -> int:
    """Run accessctl."""
    command = Command(
        "accessctl", "Row level security of the letters rooms: who reaches what, and the access releases."
    )
    command.verb("leaks", "does anybody reach rows that are not theirs? exit 0 no, 1 yes", leaks)
    command.verb("matrix", "does everybody reach exactly what is theirs? exit 0 yes, 1 no", matrix)
    command.verb("compare", "is the database as the release in force made it? exit 0 yes, 1 no", compare)
    command.verb("status", "the release in force, and whether one is running", status)
    command.verb("history", "what was put in force, the newest first", history)
    verifying = command.verb("verify", "are a release's files what was released? exit 0 yes, 1 no", verify)
    restoring = command.verb("restore", "put a release in force again, in one tried transaction", restore)
    for parser in (verifying, restoring):
        parser.add_argument("--release", metavar="VERSION", help="default: the one in force")
    restoring.add_argument(
        "--dry-run", action="store_true", help="try it, say what would change, take it back"
    )
    command.verb("fence", "close a hole: clients reach their own rows at most", fence)
    undoing = command.verb("undo", "put access back as it was before the last change", undo)
    undoing.add_argument("--check", action="store_true", help="only look: is it as before? exit 0 yes, 1 no")
    undoing.add_argument("--even-if-it-opens", action="store_true", help="also where that opens a hole again")
    releasing = command.verb("release", "put a release in force, as its team does", release)
    releasing.add_argument("release", metavar="VERSION")
    releasing.add_argument("--by", required=True, metavar="TEAM")
    releasing.add_argument("--soak-seconds", type=float, default=0, metavar="N", help="watch it for so long")
    return command.run(folder, arguments)


def _first_line(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__).strip().splitlines()[0]
