"""Which records differ from what Stripe's events say they must be, and how. Pure."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

Record = dict[str, Any]
TABLES = ("invoices", "subscriptions")
STATUS = frozenset({"status"})
AMOUNT = frozenset({"amount_cents", "paid_total_cents"})
MISSING, ORPHANED, DUPLICATED = "missing_here", "orphaned", "duplicated"
STATUS_DIFFERS, AMOUNT_DIFFERS, DETAILS_DIFFER = "status_differs", "amount_differs", "details_differ"
KINDS = (MISSING, ORPHANED, DUPLICATED, STATUS_DIFFERS, AMOUNT_DIFFERS, DETAILS_DIFFER)


class Difference(NamedTuple):
    """One record. `held` None: it is missing here; `must_be` None: Stripe does not have it. `fields` differ."""

    table: str
    key: str
    kind: str
    fields: tuple[str, ...]
    held: Record | None
    must_be: Record | None


def differences(held: dict[str, Any], ledger: dict[str, Any]) -> list[Difference]:
    """Every record that is not as it must be, by table and id."""
    return [each for table in TABLES for each in _in_table(table, _by_id(held[table]), _by_id(ledger[table]))]


def compared(held: dict[str, Any], ledger: dict[str, Any]) -> int:
    """How many records there are on either side."""
    return sum(len(_by_id(held[table]).keys() | _by_id(ledger[table]).keys()) for table in TABLES)


def words(each: Difference) -> str:
    """One difference in a line."""
    if each.held is None or each.must_be is None:
        what = {
            MISSING: "missing here",
            ORPHANED: "Stripe does not know it",
            DUPLICATED: "a copy of a record that Stripe has once",
        }
        return f"{each.table} {each.key}: {what[each.kind]}"
    fields = (
        f"{name} {each.held.get(name)} here, {each.must_be.get(name)} at Stripe" for name in each.fields
    )
    return f"{each.table} {each.key}: {'; '.join(fields)}"


def _in_table(table: str, held: dict[str, Record], must_be: dict[str, Record]) -> list[Difference]:
    names = frozenset(name for row in must_be.values() for name in row)
    copies = {_without_id(row, names) for row in must_be.values()}
    return [
        _difference(
            table, key, held.get(key), must_be.get(key), lambda row: _without_id(row, names) in copies
        )
        for key in sorted(held.keys() | must_be.keys())
        if not _agrees(held.get(key), must_be.get(key))
    ]


def _difference(
    table: str, key: str, held: Record | None, must_be: Record | None, is_copy: Callable[[Record], bool]
) -> Difference:
    if held is None:
        return Difference(table, key, MISSING, (), held, must_be)
    if must_be is None:
        kind = DUPLICATED if is_copy(held) else ORPHANED
        return Difference(table, key, kind, (), held, must_be)
    fields = _unlike(held, must_be)
    return Difference(table, key, _kind(frozenset(fields)), fields, held, must_be)


def _agrees(held: Record | None, must_be: Record | None) -> bool:
    if held is None or must_be is None:
        return held is must_be
    return not _unlike(held, must_be)


def _unlike(held: Record, must_be: Record) -> tuple[str, ...]:
    """Fields that no event tells, as of a column that was added, do not count."""
    return tuple(sorted(name for name in must_be if name not in held or held[name] != must_be[name]))


def _kind(fields: frozenset[str]) -> str:
    if fields & STATUS:
        return STATUS_DIFFERS
    return AMOUNT_DIFFERS if fields & AMOUNT else DETAILS_DIFFER


def _by_id(rows: list[Record]) -> dict[str, Record]:
    return {row["id"]: row for row in rows}


def _without_id(row: Record, names: frozenset[str]) -> str:
    return json.dumps([row.get(name) for name in sorted(names - {"id"})])
