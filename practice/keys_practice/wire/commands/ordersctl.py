"""ordersctl: orders of which a part is still to be done, and whether our records say what the dependency says."""

import argparse
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keys_practice.commands.frame import NO, YES, Command, Result, facts
from keys_practice.errors import Unreachable
from keys_practice.layout import Layout
from keys_practice.wire.commands import service
from keys_practice.wire.layout import PAYMENTS

if TYPE_CHECKING:
    from keys_practice.wire.calling import Heard

YOUNG_SECONDS = 3  # an order that is just being taken stands in one of the two books only
NAMED = 5
CONFIRMED_ORDERS = 20  # a webhook that is dead has confirmed none of so many
OPEN_STATES = ("new", "queued", "unsure")

KINDS = ("missing", "unnoted", "doubled", "differ")

Record = dict[str, Any]
Values = dict[str, list[int]]


def waiting(layout: Layout, asked: argparse.Namespace) -> Result:
    """Count what is to be done later."""
    found = _waiting(layout, asked)
    oldest = time.time() - found[0]["created_at"] if found else None
    content = {
        "name": asked.name,
        "waiting": len(found),
        "promised": sum(each["promised"] for each in found),
        "unsure": sum(not each["promised"] for each in found),
        "oldest_seconds": None if oldest is None else round(oldest),
    }
    return Result(content, facts(content))


def first(layout: Layout, asked: argparse.Namespace) -> Result:
    """Name those that wait longest, in one line; an empty one where none waits."""
    orders = [each["order_id"] for each in _waiting(layout, asked)[: asked.orders]]
    return Result({"name": asked.name, "orders": orders}, " ".join(orders))


def cancelled(layout: Layout, asked: argparse.Namespace) -> Result:
    """Name the orders that were cancelled lately, and when: a customer was told that we are not sure; none was charged."""
    records = service.ask(layout, "GET", "/internal/records")
    since = time.time() - 3600 * asked.hours
    lately = [each for each in records if each["state"] == "cancelled" and each["cancelled_at"] >= since]
    orders = [{"id": each["id"], "cancelled_at": _utc(each["cancelled_at"])} for each in lately]
    head = f"Cancelled in the last {asked.hours:g} hours: {len(orders)}"
    lines = [f"{each['id']}  {each['cancelled_at']}" for each in orders]
    return Result({"hours": asked.hours, "orders": orders}, "\n".join([head, *lines]))


def drain(layout: Layout, asked: argparse.Namespace) -> Result:
    """Do what waits, one after another, and stop at the first that fails. Safe to repeat."""
    found = _waiting(layout, asked)
    outcomes: Counter[str] = Counter()
    stopped: dict[str, Any] = {}
    for each in [] if asked.dry_run else found:
        body = {"order": each["order_id"]}
        answer = service.ask(layout, "POST", f"/internal/deferred/{asked.name}", body)
        outcomes[answer["outcome"]] += 1
        if answer["outcome"] == "failed":
            stopped = answer
            break
        time.sleep(1 / asked.per_second)
    content = {
        "name": asked.name,
        "dry_run": asked.dry_run,
        "found": len(found),
        **{outcome: outcomes[outcome] for outcome in ("done", "cancelled", "already", "failed")},
        "left": len(found) if asked.dry_run else len(_waiting(layout, asked)),
        "why": stopped.get("why"),
        "retry_after_seconds": stopped.get("retry_after_seconds"),
    }
    return Result(content, facts(content), NO if stopped else YES)


def _statement(layout: Layout, name: str) -> "Heard":
    from keys_practice.wire.calling import call  # TLS takes longer to load than all the rest

    return call(service.dependency(layout, name), "GET", "/v1/statement")


def compare(layout: Layout, asked: argparse.Namespace) -> Result:
    """Hold our records against the dependency's own statement, and say apart whether the newest are right."""
    records = service.ask(layout, "GET", "/internal/records")
    heard = _statement(layout, asked.name)
    if not heard.is_ok:
        raise Unreachable(f"{asked.name} gives no statement: {heard.how} {heard.status} {heard.words}")
    theirs = _values(heard)
    ours = [each for each in records if each["age_seconds"] > YOUNG_SECONDS]
    held = None if asked.values_of is None else asked.values_of.split()
    # Read again after the statement: an order is noted before it is charged, so one that stands in theirs alone is none of ours.
    known = {each["id"] for each in service.ask(layout, "GET", "/internal/records")}
    unknown = [order for order in theirs if order not in known and asked.name == PAYMENTS]
    found = _compared(asked.name, ours, theirs, held, unknown)
    newest_word = _word(asked.name, _settled(asked.name, records)[-NAMED:], theirs)
    content = {"name": asked.name, "compared": len(ours), **found, "newest": newest_word}
    is_same = newest_word != "differ" and not any(found[kind] for kind in KINDS)
    return Result(content, facts(content), YES if is_same else NO)


def newest(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say in one word whether our newest records say what the dependency says: agree, differ, or unknown."""
    records = service.ask(layout, "GET", "/internal/records")
    heard = _statement(layout, asked.name)
    last = _settled(asked.name, records)[-asked.orders :]
    word = _word(asked.name, last, _values(heard)) if heard.is_ok else "unknown"
    return Result({"name": asked.name, "orders": len(last), "word": word}, word)


def confirmations(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Of the newest paid orders, count those that the provider's webhook has not confirmed."""
    records = service.ask(layout, "GET", "/internal/records")
    paid = [each for each in records if each["state"] == "paid" and each["age_seconds"] > YOUNG_SECONDS]
    newest_paid = paid[-CONFIRMED_ORDERS:]
    missing = [each["id"] for each in newest_paid if not each["confirmed"]]
    content = {"paid": len(newest_paid), "missing": len(missing), "ids": missing[:NAMED]}
    return Result(content, facts(content), NO if missing else YES)


def main(folder: Path, arguments: list[str]) -> int:
    """Run ordersctl."""
    command = Command("ordersctl", "Orders of which a part is still to be done.")
    seen = command.verb("waiting", "how many parts wait for this dependency", waiting)
    oldest = command.verb("first", "the orders that wait longest, in one line", first)
    oldest.add_argument("--orders", type=int, default=5, metavar="N", help="how many (default 5)")
    doing = command.verb(
        "drain", "do them, each exactly once; stops at the first that fails; may be repeated", drain
    )
    compared = command.verb("compare", "our records against its statement; exit 0 when they agree", compare)
    compared.add_argument("--values-of", metavar="ORDERS", help="`differ` counts these only")
    word = command.verb("newest", "do our newest records say what it says? one word", newest)
    word.add_argument("--orders", type=int, default=5, metavar="N", help="how many (default 5)")
    for parser in (seen, oldest, doing, compared, word):
        parser.add_argument("name", metavar="NAME", help="the dependency")
    for parser in (seen, doing):
        parser.add_argument("--of", metavar="ORDERS", help="only these, as `first` names them")
    oldest.set_defaults(of=None)
    doing.add_argument("--per-second", type=float, default=10, metavar="R", help="how fast (default 10)")
    doing.add_argument("--dry-run", action="store_true", help="only say what would be done")
    gone = command.verb(
        "cancelled", "orders cancelled lately: their customers still wait for a word", cancelled
    )
    gone.add_argument("--hours", type=float, default=4, metavar="N", help="since when (default 4 hours)")
    command.verb(
        "confirmations", "of the 20 newest paid orders, which no webhook has confirmed", confirmations
    )
    return command.run(folder, arguments)


def _waiting(layout: Layout, asked: argparse.Namespace) -> list[Record]:
    """What waits for the dependency, oldest first; where orders are named, only those."""
    found: list[Record] = service.ask(layout, "GET", f"/internal/deferred/{asked.name}")["waiting"]
    named = asked.of.split() if asked.of is not None else [each["order_id"] for each in found]
    return [each for each in found if each["order_id"] in named]


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _values(statement: "Heard") -> Values:
    """What it did for each order, the first first."""
    found: Values = {}
    for order, value in statement.content["records"]:
        found.setdefault(order, []).append(value)
    return found


def _compared(
    name: str, ours: list[Record], theirs: Values, held: list[str] | None, unknown: list[str]
) -> dict[str, Any]:
    """missing: ours says done, theirs does not. unnoted: theirs says charged, ours says it never will be, or nothing."""
    is_payments, settled = name == PAYMENTS, _settled(name, ours)
    missing = [each["id"] for each in settled if each["id"] not in theirs]
    unnoted = unknown + [
        each["id"]
        for each in ours
        if is_payments and each["id"] in theirs and each["state"] not in ("paid", *OPEN_STATES)
    ]
    doubled = [order for order, values in theirs.items() if is_payments and len(values) > 1]
    differ = [
        each["id"]
        for each in settled
        if each["id"] in theirs
        and (held is None or each["id"] in held)
        and not _agrees(each, theirs[each["id"]][0], name)
    ]
    found = {"missing": missing, "unnoted": unnoted, "doubled": doubled, "differ": differ}
    named = [order for orders in found.values() for order in orders][:NAMED]
    counts = {kind: len(orders) for kind, orders in found.items()}
    return {**counts, "not_once": len(missing) + len(unnoted) + len(doubled), "ids": named}


def _word(name: str, last: list[Record], theirs: Values) -> str:
    if not last:
        return "unknown"
    are_same = [each["id"] in theirs and _agrees(each, theirs[each["id"]][0], name) for each in last]
    return "agree" if all(are_same) else "differ"


def _settled(name: str, ours: list[Record]) -> list[Record]:
    """Those for which our record says that this dependency did its part. One that is paid says so, also without an amount."""
    if name == PAYMENTS:
        return [each for each in ours if each["charged_cents"] is not None or each["state"] == "paid"]
    return [each for each in ours if each["zone"] is not None]


def _agrees(record: Record, value: int, name: str) -> bool:
    if name == PAYMENTS:
        return bool(record["charged_cents"] == value == record["amount_cents"])
    return bool(record["zone"] == value)
