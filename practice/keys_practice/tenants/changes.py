"""What `accessctl` changes: restore a release, fence a hole, undo. Each in one transaction that is tried before it counts.

Before anything else the state of now is written to `undo/`, so that every change can be taken back, also after a crash.
"""

import json
import os
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from keys_practice.errors import PracticeError
from keys_practice.tenants import database, releases, sql_matrix, state
from keys_practice.tenants.cells import LEAK, RIGHT, UNKNOWN, Cell
from keys_practice.tenants.contract import Contract
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.state import State

FENCE = "breach_fence"

Answer = dict[str, Any]


def restore(
    connection: psycopg.Connection, layout: RoomsLayout, contract: Contract, version: str, is_dry_run: bool
) -> Answer:
    """Put a release in force again, if it is what was released and if it sets everything right.

    What nobody can tell is borne before it, and is wrong after it. Raises PracticeError where the release does not set
    everything right; then nothing was changed.
    """
    _refuse_changed(releases.faults(layout, connection, version))
    sql_matrix.limit_time(connection)
    before, was_wrong = state.read(connection), _wrong(connection, contract)
    _refuse_open_hole(was_wrong, state.exposed(before, contract))
    if not is_dry_run:
        _keep(layout, before, releases.in_force(connection).version)
    releases.apply(connection, layout, contract, version)
    still_wrong = _wrong(connection, contract)
    if still_wrong:
        raise PracticeError(
            f"Release {version} would leave {len(still_wrong)} cells of the matrix wrong. Nothing was changed. "
            f"The first: {still_wrong[0].words()}."
        )
    after = state.read(connection)
    if version != releases.in_force(connection).version:
        database.register(connection, layout.access, version, "accessctl restore")
    _end(connection, is_dry_run)
    return {
        "release": version,
        "dry_run": is_dry_run,
        "changed": before != after,
        "wrong_before": len(was_wrong),
        "wrong_after": 0,
        **state.differences(before, after),
        "removed": state.removed(before, after),
    }


def fence(connection: psycopg.Connection, layout: RoomsLayout, contract: Contract) -> Answer:
    """Let every client see their own rows at most, whatever other policies say; take from clients what the contract does not know.

    Raises PracticeError where that does not close the hole; then nothing was changed.
    """
    # Only what a fence is made of: a hole is closed also while the release's own SQL is in doubt.
    _refuse_changed(releases.contract_faults(layout, connection))
    sql_matrix.limit_time(connection)
    before = state.read(connection)
    open_before = _leaks(_wrong(connection, contract))
    exposed = state.exposed(before, contract)
    _keep(layout, before, releases.in_force(connection).version)
    _lift(connection, before)
    for relation in exposed:
        state.clear(connection, relation)
    connection.execute((layout.access / "fence.sql").read_bytes())
    still_open = _leaks(_wrong(connection, contract))
    if still_open:
        raise PracticeError(
            f"The fence would leave {len(still_open)} holes open. Nothing was changed. Stop the API. "
            f"The first: {still_open[0].words()}."
        )
    if still_exposed := state.exposed(state.read(connection), contract):
        raise PracticeError(
            f"The fence can't take {', '.join(still_exposed)} from clients. Nothing was changed. Stop the API."
        )
    connection.commit()
    return {
        "fenced": sorted(contract.tables),
        "leaks_before": len(open_before),
        "leaks_after": 0,
        "taken": exposed,
    }


def undo(connection: psycopg.Connection, layout: RoomsLayout, contract: Contract, may_open: bool) -> Answer:
    """Put access back as it was before the last change. Row level security stays on wherever it is on.

    Raises PracticeError where that would open a hole and `may_open` does not allow it.
    """
    kept = _kept(layout)
    if kept is None:
        return {"undone": False, "release": releases.in_force(connection).version}
    sql_matrix.limit_time(connection)
    state.put(connection, kept["state"])
    wrong = _wrong(connection, contract)
    untold = [cell for cell in wrong if cell.verdict == UNKNOWN]
    holes = len(_leaks(wrong)) + len(state.exposed(state.read(connection), contract))
    if holes and not may_open:
        raise PracticeError(f"That would open {holes} holes again. Nothing was changed.")
    if untold and not may_open:
        raise PracticeError(
            f"Whether that opens a hole can't be told: {untold[0].words()}. Nothing was changed."
        )
    if releases.in_force(connection).version != kept["release"]:
        database.register(connection, layout.access, kept["release"], "accessctl undo")
    connection.commit()
    return {"undone": True, "release": kept["release"]}


def is_undone(connection: psycopg.Connection, layout: RoomsLayout) -> bool:
    """Whether access is as it was before the last change, apart from row level security that is on now."""
    kept = _kept(layout)
    now = state.read(connection)
    return kept is None or all(
        now.get(name, {}).get(what) == each[what]
        for name, each in kept["state"].items()
        for what in ("policies", "grants")
    )


def _wrong(connection: psycopg.Connection, contract: Contract) -> list[Cell]:
    """Every cell that is not right, also those that nobody could find out."""
    return [cell for cell in sql_matrix.cells(connection, contract) if cell.verdict != RIGHT]


def _leaks(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.verdict == LEAK]


def _refuse_changed(problems: list[str]) -> None:
    if problems:
        raise PracticeError(f"{' and '.join(problems)}. Nothing was changed.")


def _refuse_open_hole(wrong: list[Cell], exposed: list[str]) -> None:
    if _leaks(wrong) or exposed:
        raise PracticeError(
            "Other tenants' rows can be reached. Close that first, with `accessctl fence`. Nothing was changed."
        )


def _lift(connection: psycopg.Connection, before: State) -> None:
    """Drop a fence that stands, so that a fence can be set twice."""
    for name, each in before.items():
        for policy in each["policies"]:
            if policy.startswith(FENCE):
                table = sql.Identifier("public", name)
                connection.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), table))


def _keep(layout: RoomsLayout, before: State, release: str) -> None:
    """Write what is now, durably, before anything is changed."""
    number = len(list(layout.undo.glob("*.json"))) + 1
    with (layout.undo / f"{number:04}.json").open("x", encoding="utf-8") as file:
        json.dump({"release": release, "state": before}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _kept(layout: RoomsLayout) -> Answer | None:
    """The last thing that was kept, or None when nothing was ever changed."""
    files: list[Path] = sorted(layout.undo.glob("*.json"))
    return json.loads(files[-1].read_text("utf-8")) if files else None


def _end(connection: psycopg.Connection, is_dry_run: bool) -> None:
    if is_dry_run:
        connection.rollback()
    else:
        connection.commit()
