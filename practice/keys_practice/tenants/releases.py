"""Access releases: what was released, whether it is still whole, and how one is put in force."""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg

from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import write_json
from keys_practice.tenants import database, state
from keys_practice.tenants.contract import Contract
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.state import State

_HISTORY = """
    SELECT version, policies_sha256, contract_sha256, released_by, released_at
    FROM access_register.releases ORDER BY released_at DESC
"""


class Released(NamedTuple):
    """One row of the register."""

    version: str
    policies_sha256: str
    contract_sha256: str
    released_by: str
    released_at: Any


def history(connection: psycopg.Connection) -> list[Released]:
    """What was put in force, the newest first."""
    return [Released(*row) for row in connection.execute(_HISTORY)]


def in_force(connection: psycopg.Connection) -> Released:
    """The release that is in force. Raises PracticeError where the register is empty."""
    found = history(connection)
    if not found:
        raise PracticeError("The register of access releases is empty. Nothing was done.")
    return found[0]


def faults(layout: RoomsLayout, connection: psycopg.Connection, version: str) -> list[str]:
    """How the files of a release, and the contract, differ from what was registered when they were released."""
    rows = [row for row in history(connection) if row.version == version]
    if not rows:
        return [f"there was never a release {version}"]
    is_whole = _digest([layout.policies(version)]) == rows[0].policies_sha256
    own = [] if is_whole else [f"{version}/policies.sql is not what was released"]
    return [*own, *contract_faults(layout, connection)]


def contract_faults(layout: RoomsLayout, connection: psycopg.Connection) -> list[str]:
    """How the contract and the fence differ from what was registered with the release in force."""
    is_whole = _digest([layout.contract, layout.access / "fence.sql"]) == in_force(connection).contract_sha256
    return [] if is_whole else ["contract.json or fence.sql is not what was released"]


def recorded(layout: RoomsLayout, version: str) -> State:
    """The state that the release made when it was released. Raises Unreachable when that can't be read."""
    try:
        found: State = json.loads((layout.access / version / "state.json").read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise Unreachable(f"The record of release {version} can't be read: {problem}.") from problem
    return found


def apply(connection: psycopg.Connection, layout: RoomsLayout, contract: Contract, version: str) -> None:
    """Run the SQL of a release in the caller's transaction, on cleared tables."""
    for table in contract.tables:
        state.clear(connection, table)
    connection.execute(layout.policies(version).read_bytes())


def release(
    connection: psycopg.Connection, layout: RoomsLayout, contract: Contract, version: str, by: str
) -> None:
    """Put a release in force as its team does, and keep the state that it makes."""
    apply(connection, layout, contract, version)
    keep_state(connection, layout, contract, version)
    database.register(connection, layout.access, version, by)


def keep_state(connection: psycopg.Connection, layout: RoomsLayout, contract: Contract, version: str) -> None:
    """Keep what a release has made of the contract's tables, for later comparison."""
    made = {name: each for name, each in state.read(connection).items() if name in contract.tables}
    write_json(layout.access / version / "state.json", made)


@contextlib.contextmanager
def release_lock(layout: RoomsLayout) -> Iterator[None]:
    """Keep others from changing access meanwhile. Raises PracticeError while somebody else does."""
    with layout.release_lock.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise PracticeError("An access release is running. Nothing was done.") from held
        yield


def is_releasing(layout: RoomsLayout) -> bool:
    """Whether somebody is changing access right now."""
    try:
        with release_lock(layout):
            return False
    except PracticeError:
        return True


def _digest(paths: list[Any]) -> str:
    try:
        return database.digest(*paths)
    except OSError:
        return "unreadable"
