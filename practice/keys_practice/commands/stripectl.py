"""stripectl: what the Stripe dashboard shows and does, for webhooks."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from keys_practice.commands import applied_list, records
from keys_practice.commands.frame import NO, YES, Command, Result, facts, instant, moment, table
from keys_practice.errors import PracticeError
from keys_practice.layout import Layout
from keys_practice.stripe_client import Stripe

RECENT = 20
STATES = ("delivered", "failed", "pending", "sending")

Fields = dict[str, Any]


def endpoints_list(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """List all endpoints with how their recent attempts went."""
    stripe = Stripe(layout)
    content = [{**_shown(each), **_rate(stripe, each["id"])} for each in stripe.get("")]
    rows = [
        [
            e["id"],
            e["status"],
            e["team"],
            f"last {e['last_status']}",
            f"{e['failure_rate_percent']} % failing",
            e["url"],
        ]
        for e in content
    ]
    return Result(content, table(rows))


def endpoints_show(layout: Layout, asked: argparse.Namespace) -> Result:
    """Describe one endpoint, and with --needs say whether it is sent every type that is needed."""
    content = _shown(Stripe(layout).get(f"/{asked.id}"))
    if asked.needs:
        needed = _read(asked.needs).split()
        if not needed:
            raise PracticeError("The list of types is empty, as if its command had failed.")
        content["missing_types"] = [each for each in needed if each not in content["enabled_events"]]
    return Result(content, facts(content), NO if content.get("missing_types") else YES)


def endpoints_switch(layout: Layout, asked: argparse.Namespace) -> Result:
    """Enable or disable one endpoint."""
    content = _shown(Stripe(layout).post(f"/{asked.id}", disabled=asked.disabled))
    return Result(content, facts(content))


def reveal_secret(layout: Layout, asked: argparse.Namespace) -> Result:
    """Print the signing secret, for a pipe."""
    secret = Stripe(layout).get(f"/{asked.id}/secret")["secret"]
    return Result({"secret": secret}, secret)


def roll_secret(layout: Layout, asked: argparse.Namespace) -> Result:
    """Make a new signing secret; the old one is invalid at once."""
    content = _shown(Stripe(layout).post(f"/{asked.id}/roll_secret"))
    return Result(content, facts(content))


def events_list(layout: Layout, asked: argparse.Namespace) -> Result:
    """List the events an endpoint is to have, and how each stands."""
    deliveries = _wanted(layout, asked)
    events = [_shown_delivery(each) for each in deliveries]
    content = {"count": len(events), "events": events}
    rows = [[e["created_at"], e["id"], e["type"], e["state"], e["last_status"]] for e in events]
    return Result(content, table(rows) if rows else "no events")


def resend(layout: Layout, asked: argparse.Namespace) -> Result:
    """Deliver events again, now, and wait for what comes of it."""
    chosen = [bool(asked.events), bool(asked.states), bool(asked.missing_from)]
    if sum(chosen) != 1:
        raise PracticeError(
            "Say which events: ids, or --all-undelivered, or --missing-from. Nothing was sent."
        )
    ids = asked.events or [each["id"] for each in _wanted(layout, asked)]
    results = Stripe(layout).post(f"/{asked.endpoint}/resend", events=ids) if ids else []
    refused = [each for each in results if not 200 <= each["status"] < 300]
    content = {
        "requested": len(ids),
        "delivered": len(results) - len(refused),
        "failed": len(refused),
        "status_counts": _count(each["status"] for each in results),
        "failed_events": [each["event"] for each in refused],
    }
    return Result(content, facts(content), NO if refused else YES)


def deliver_test_event(layout: Layout, asked: argparse.Namespace) -> Result:
    """Deliver a signed ping now and say what the endpoint answered."""
    content = Stripe(layout).post(f"/{asked.endpoint}/test")
    return Result(content, facts(content), YES if 200 <= content["status"] < 300 else NO)


def compare_records(layout: Layout, asked: argparse.Namespace) -> Result:
    """Compare the service's records with the events that they follow from."""
    held = records.parse(_read(asked.file))
    wrong = records.differing(held, Stripe(layout).get(f"/{asked.endpoint}/events"))
    compared = len(held["invoices"]) + len(held["subscriptions"])
    content = {"compared": compared, "differ": len(wrong), "ids": wrong}
    return Result(content, facts(content), NO if wrong else YES)


def ledger(layout: Layout, asked: argparse.Namespace) -> Result:
    """Write out what the records must be, by Stripe's events that were applied."""
    found = records.ledger(records.parse(_read(asked.of)), Stripe(layout).get(f"/{asked.endpoint}/events"))
    content = found.content()
    return Result(content, json.dumps(content))


def summary(layout: Layout, asked: argparse.Namespace) -> Result:
    """Sum up how the deliveries to one endpoint stand and how the recent attempts went."""
    stripe = Stripe(layout)
    states = Counter(each["state"] for each in stripe.get(f"/{asked.endpoint}/deliveries", since=asked.since))
    attempts = stripe.get(f"/{asked.endpoint}/attempts", since=asked.since, last=asked.last)
    content = {**{state: states[state] for state in STATES}, **_sum_up(attempts)}
    return Result(content, facts(content))


def main(folder: Path, arguments: list[str]) -> int:
    """Run stripectl."""
    command = Command("stripectl", "Stripe: webhook endpoints, events and deliveries.")
    _add_endpoints(command)
    events = command.group("events", "events and how their delivery stands")
    listing = command.verb("list", "events an endpoint is to have, oldest first", events_list, events)
    _add_choice(listing)
    _add_states(listing)
    again = command.verb("resend", "deliver events again now; waits for the result", resend)
    again.add_argument("events", nargs="*", metavar="EVENT", help="ids of events")
    _add_choice(again)
    again.add_argument(
        "--all-undelivered",
        "--all-failed",
        dest="states",
        action="store_const",
        const=("failed", "pending"),
        help="every event that the endpoint has not accepted (failed and pending)",
    )
    test = command.verb(
        "deliver-test-event", "deliver a signed ping now; changes nothing", deliver_test_event
    )
    _add_endpoint(test)
    compare = command.verb("compare-records", "do our records say what the events say?", compare_records)
    _add_endpoint(compare)
    compare.add_argument(
        "file", metavar="FILE", help="made by `appctl records` or `recordsctl show` (- is stdin)"
    )
    book = command.verb("ledger", "what the records must be, by the events that were applied", ledger)
    _add_endpoint(book)
    book.add_argument("--of", required=True, metavar="FILE", help="made by `recordsctl show` (- is stdin)")
    deliveries = command.group("deliveries", "attempts to deliver")
    short = command.verb("summary", "counts over the recent attempts, pings left out", summary, deliveries)
    _add_endpoint(short)
    short.add_argument("--since", type=moment, metavar="WHEN", help="like 15m, or an ISO instant")
    short.add_argument(
        "--last", type=int, default=RECENT, metavar="N", help=f"attempts to look at (default {RECENT})"
    )
    return command.run(folder, arguments)


def _add_endpoints(command: Command) -> None:
    endpoints = command.group("endpoints", "addresses that Stripe delivers to")
    command.verb("list", "all of them, with the failure rate of recent attempts", endpoints_list, endpoints)
    for name, about, do in (
        ("show", "status, url, team, secret_fingerprint, failing_for_days", endpoints_show),
        ("reveal-secret", "print the signing secret; for a pipe", reveal_secret),
        ("roll-secret", "make a new secret; the old one is invalid at once", roll_secret),
        ("enable", "deliver to it again; what it missed must be resent", endpoints_switch),
        ("disable", "stop delivering to it", endpoints_switch),
    ):
        parser = command.verb(name, about, do, endpoints)
        parser.add_argument("id", metavar="ENDPOINT")
        parser.set_defaults(disabled=name == "disable", needs=None)
        if name == "show":
            parser.add_argument(
                "--needs",
                metavar="FILE",
                help="name the types in FILE that are not sent (- is stdin); exit 0 none, 1 some",
            )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    """Options that choose among the events of one endpoint."""
    _add_endpoint(parser)
    parser.add_argument(
        "--missing-from", metavar="FILE", help="not in FILE, made by `appctl events applied` (- is stdin)"
    )
    parser.add_argument(
        "--since", type=moment, metavar="WHEN", help="created since, like 15m or an ISO instant"
    )


def _add_states(parser: argparse.ArgumentParser) -> None:
    state = parser.add_mutually_exclusive_group()
    for option, states, about in (
        ("--delivered", ("delivered",), "accepted by the endpoint"),
        ("--failed", ("failed",), "refused at the last attempt"),
        ("--pending", ("pending",), "never tried, and nothing is planned"),
        ("--undelivered", ("failed", "pending"), "failed and pending"),
    ):
        state.add_argument(option, dest="states", action="store_const", const=states, help=about)


def _add_endpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--endpoint", required=True, metavar="ENDPOINT", help="id of the endpoint, we_…")


def _wanted(layout: Layout, asked: argparse.Namespace) -> list[Fields]:
    """The deliveries that the options choose."""
    states = asked.states or STATES
    deliveries = Stripe(layout).get(f"/{asked.endpoint}/deliveries", since=asked.since)
    chosen = [each for each in deliveries if each["state"] in states]
    return _missing(chosen, asked.missing_from) if asked.missing_from else chosen


def _missing(deliveries: list[Fields], source: str) -> list[Fields]:
    """Those that are not in the list of applied events, without what is or was under way when it was made."""
    applied = applied_list.parse(_read(source))
    return [
        each
        for each in deliveries
        if each["id"] not in applied.ids
        and each["state"] != "sending"
        and (each["accepted_at"] or 0) <= applied.as_of
    ]


def _read(source: str) -> str:
    return sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")


def _shown(endpoint: Fields) -> Fields:
    return {**endpoint, "disabled_at": instant(endpoint["disabled_at"])}


def _shown_delivery(delivery: Fields) -> Fields:
    return {
        "id": delivery["id"],
        "type": delivery["type"],
        "created_at": instant(delivery["created"]),
        "state": delivery["state"],
        "attempts": delivery["attempts"],
        "last_status": _status(delivery["last_status"]) if delivery["attempts"] else None,
        "last_attempt_at": instant(delivery["last_attempt_at"]),
        "next_attempt_in_seconds": delivery["next_attempt_in_seconds"],
    }


def _rate(stripe: Stripe, endpoint_id: str) -> Fields:
    sums = _sum_up(stripe.get(f"/{endpoint_id}/attempts", last=RECENT))
    return {name: sums[name] for name in ("failure_rate_percent", "last_status", "last_attempt_at")}


def _sum_up(attempts: list[Fields]) -> Fields:
    statuses = [_status(each["status"]) for each in attempts]
    failures = [each for each, status in zip(attempts, statuses, strict=True) if not 200 <= status < 300]
    return {
        "attempts": len(attempts),
        "failed_attempts": len(failures),
        "failure_rate_percent": round(100 * len(failures) / len(attempts)) if attempts else 0,
        "signature_failures": sum("signature verification failed" in each["answer"] for each in failures),
        "status_counts": _count(statuses),
        "last_status": statuses[-1] if statuses else None,
        "last_attempt_at": instant(attempts[-1]["attempted_at"]) if attempts else None,
    }


def _count(statuses: Any) -> dict[str, int]:
    return dict(sorted(Counter(map(str, statuses)).items()))


def _status(status: int | None) -> int:
    """The HTTP status; 0 when nothing answered."""
    return status or 0
