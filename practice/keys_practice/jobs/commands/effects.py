"""Comparing what was ordered with what the queue knows, and what the queue believes with what really went out."""

import argparse
import time
from collections import Counter
from typing import Any

from keys_practice.commands.frame import NO, YES, Result, facts
from keys_practice.jobs.commands import ask
from keys_practice.layout import Layout

SHOWN = 20
ENTERED_SECONDS = 3  # an order is written down first, and enqueued soon after


def compare(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Each order must be in the queue, each done job have exactly one message, a customer's messages be in order."""
    ordered = [each["id"] for each in ask.orders(layout) if each["at"] < time.time() - ENTERED_SECONDS]
    known = set(ask.desk(layout, "known"))
    # The queue first: what is done afterwards is missing in neither.
    done = ask.desk(layout, "done")
    messages = ask.messages(layout)
    sent = Counter(each["reference"] for each in messages)
    content: dict[str, Any] = {
        "compared": len(done),
        "not_in_queue": [job for job in ordered if job not in known],
        "missing": [each["id"] for each in done if not sent[each["id"]]],
        "twice": sorted(job for job, times in sent.items() if times > 1),
        "out_of_order": _out_of_order(messages),
    }
    counts = {name: len(found) for name, found in content.items() if isinstance(found, list)}
    shown = {f"{name}_jobs": content[name][:SHOWN] for name in counts}
    told = {"compared": len(done), **counts, "differ": sum(counts.values()), **shown}
    return Result(told, facts(told), NO if told["differ"] else YES)


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
