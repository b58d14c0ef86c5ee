"""What is right in the letters rooms, worked out from the people and rows that were put there."""

from typing import NamedTuple
from uuid import UUID

from keys_practice.tenants import people
from keys_practice.tenants.people import Person

BREACH = "Rows that are not theirs"
LOCKOUT = "Locked out"
EXCESS = "More than they may"
NAMED = 3  # how many ids a problem lists

Ids = frozenset[UUID]
NONE: Ids = frozenset()


class Table(NamedTuple):
    """One table: its column of ids, a column of text, and the commands that members have on their own rows."""

    name: str
    key: str
    text: str
    writes: frozenset[str]


TABLES = (
    Table("members", "user_id", "role", frozenset()),
    Table("drafts", "id", "title", frozenset({"INSERT", "UPDATE", "DELETE"})),
    Table("subscribers", "id", "email", frozenset({"INSERT", "DELETE"})),
    Table("announcements", "id", "title", frozenset()),
)
CALLERS: tuple[Person | None, ...] = (None, *people.PEOPLE)
"""Everybody who may come; None is a stranger without a token."""


def name_of(caller: Person | None) -> str:
    """How a problem calls somebody."""
    return caller.name if caller else "a stranger"


def own_ids(table: str, caller: Person | None) -> Ids:
    """The rows that somebody is to see: of their tenant, or published."""
    if table == "announcements":
        return frozenset(key for key, _, is_out in people.announcements() if is_out)
    if caller is None or caller.tenant is None:
        return NONE
    rows: dict[str, list[tuple[UUID, UUID]]] = {
        "members": [(user, of) for of, user, _ in people.members()],
        "drafts": [(key, of) for key, of, _, _ in people.drafts()],
        "subscribers": [(key, of) for key, of, _ in people.subscribers()],
    }
    return frozenset(key for key, of in rows[table] if of == people.id_of("tenant", caller.tenant))


def writable_ids(table: Table, caller: Person | None, command: str) -> Ids:
    """The rows that somebody may change or delete."""
    return own_ids(table.name, caller) if caller and command in table.writes else NONE


def tenant_of(caller: Person | None) -> UUID | None:
    """The tenant whose rows are theirs."""
    return people.id_of("tenant", caller.tenant) if caller and caller.tenant else None


def other_tenant(caller: Person | None) -> UUID:
    """A tenant whose rows are not theirs."""
    return next(
        people.id_of("tenant", name) for name in people.TENANTS if not caller or name != caller.tenant
    )


def new_row(table: str, tenant: UUID, key: UUID) -> dict[str, str]:
    """A row that does not exist yet, of this tenant."""
    rows = {
        "members": {"tenant_id": tenant, "user_id": key, "role": "x"},
        "drafts": {"id": key, "tenant_id": tenant, "author": key, "title": "x"},
        "subscribers": {"id": key, "tenant_id": tenant, "email": "x"},
        "announcements": {"id": key, "title": "x", "is_published": True},
    }
    return {column: str(value) for column, value in rows[table].items()}


def compared(
    how: str, caller: Person | None, command: str, table: str, reached: Ids, right: Ids
) -> list[str]:
    """The problems of one trial: rows too many, rows too few."""
    who = f"{how}, {name_of(caller)}, {command} {table}"
    found = []
    own = own_ids(table, caller)
    if foreign := reached - own:
        found.append(f"{BREACH}: {who}: {len(foreign)} ({_some(foreign)}).")
    if more := (reached & own) - right:
        found.append(f"{EXCESS}: {who}: {len(more)} ({_some(more)}).")
    if less := right - reached:
        found.append(f"{LOCKOUT}: {who}: {len(less)} ({_some(less)}).")
    return found


def _some(ids: Ids) -> str:
    return ", ".join(sorted(str(each)[:8] for each in ids)[:NAMED]) + (", …" if len(ids) > NAMED else "")
