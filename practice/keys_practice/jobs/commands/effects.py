"""Comparing what was ordered with what the queue knows, and what the queue believes with what really went out."""

import argparse
import re
import time
from collections import Counter
from typing import Any

from keys_practice.commands.frame import NO, YES, Result, facts
from keys_practice.jobs.commands import ask
from keys_practice.layout import Layout

SHOWN = 20
ENTERED_SECONDS = 3  # an order is written down first, and enqueued soon after
EVERYONE = "everyone"  # whom a digest is for
AMOUNT = re.compile(r"[0-9]+\.[0-9]{2} [A-Z]{3}\b")


def compare(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Each order's and each slot's job must be in the queue, and each done job have one message, as it was ordered.

    A customer's messages must be in order.
    """
    orders = {each["id"]: each for each in ask.orders(layout)}
    wanted = [job for job, each in orders.items() if each["at"] < time.time() - ENTERED_SECONDS]
    wanted += ask.desk(layout, "slot-jobs")
    known = set(ask.desk(layout, "known"))
    # The queue first: what is done afterwards is missing in neither.
    done = ask.desk(layout, "done")
    messages = ask.messages(layout)
    sent = Counter(each["reference"] for each in messages)
    content: dict[str, Any] = {
        "compared": len(done),
        "not_in_queue": [job for job in wanted if job not in known],
        "missing": [each["id"] for each in done if not sent[each["id"]]],
        "wrong": sorted({each["reference"] for each in messages if not _is_as_ordered(each, orders)}),
        "twice": sorted(job for job, times in sent.items() if times > 1),
        "out_of_order": _out_of_order(messages),
    }
    counts = {name: len(found) for name, found in content.items() if isinstance(found, list)}
    shown = {f"{name}_jobs": content[name][:SHOWN] for name in counts}
    told = {"compared": len(done), **counts, "differ": sum(counts.values()), **shown}
    return Result(told, facts(told), NO if told["differ"] else YES)


def _is_as_ordered(message: dict[str, Any], orders: dict[str, dict[str, Any]]) -> bool:
    """Whether a message went to whom it was meant for, and a receipt names the order's amount and no other.

    An order that came in after the orders were asked for can't be compared yet.
    """
    if message["kind"] != "receipt":
        return bool(message["to"] == EVERYONE)
    order = orders.get(message["reference"])
    if order is None:
        return True
    return bool(message["to"] == order["customer"]) and AMOUNT.findall(message["text"]) == [order["amount"]]


def _out_of_order(messages: list[dict[str, Any]]) -> list[str]:
    last: dict[str, int] = {}
    late = []
    for each in messages:
        if each["kind"] != "receipt":
            continue
        if each["sequence"] < last.get(each["to"], 0):
            late.append(each["reference"])
        last[each["to"]] = max(each["sequence"], last.get(each["to"], 0))
    return late
