"""The contract: who may do what in the letters rooms, whatever an access release says."""

import json
from dataclasses import dataclass
from pathlib import Path

from keys_practice.errors import Unreachable

CLIENTS = ("anon", "authenticated")
COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Table:
    """One table. Rows belong to a tenant or, where there is no such column, to everybody once they are published.

    `allowed` maps role and command to `own`, `published` or `none`.
    """

    name: str
    tenant_column: str | None
    published_column: str | None
    text_column: str
    id_column: str
    allowed: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Contract:
    """The tables; for each client role the roles it is a member of; the bodies of the functions that policies call.

    `definers` are the functions that clients may call although they run with their owner's rights, as `NAME(TYPES)`.
    """

    tables: dict[str, Table]
    roles: dict[str, list[str]]
    functions: dict[str, str]
    definers: frozenset[str]


def read(path: Path) -> Contract:
    """The contract of record. Raises Unreachable when it can't be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
        tables = {
            name: Table(
                name,
                each["tenant_column"],
                each["published_column"],
                each["text_column"],
                each["id_column"],
                {role: each[role] for role in CLIENTS},
            )
            for name, each in found["tables"].items()
        }
        return Contract(tables, found["roles"], found["functions"], frozenset(found["definer_functions"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Unreachable(f"The contract {path} can't be read: {problem}. Nothing was done.") from problem
