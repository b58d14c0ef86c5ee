"""Who is hit by events that were not applied, since when, and whether that began with the newest release."""

import time
from datetime import datetime
from typing import Any

from keys_practice.commands import deployctl, rehearsal
from keys_practice.commands.frame import instant
from keys_practice.layout import Layout
from keys_practice.stripe_client import Stripe

SOON_SECONDS = 3600

Event = dict[str, Any]


def measure(layout: Layout, endpoint: str) -> dict[str, Any]:
    """The facts for a decision. `began` is a word: see `_began`."""
    missing = _missing(layout, endpoint)
    newest = deployctl.history(layout)[-1]
    deployed_at = datetime.fromisoformat(newest["deployed_at"]).timestamp()
    times = [int(event["created"]) for event in missing]
    return {
        "release": layout.current.readlink().name,
        "deployed_at": newest["deployed_at"],
        "by": newest["by"],
        "began": _began(times, deployed_at),
        "missing": len(missing),
        "missing_before": sum(each < deployed_at for each in times),
        "customers": len({event["data"]["object"]["customer"] for event in missing}),
        "first_missing_at": instant(min(times, default=None)),
        "last_missing_at": instant(max(times, default=None)),
        "switch_seconds": _switch_seconds(layout, deployed_at),
    }


def _missing(layout: Layout, endpoint: str) -> list[Event]:
    """Events that are not applied, without those that are on their way."""
    stripe = Stripe(layout)
    as_of = time.time()
    applied = rehearsal.applied_events(layout)
    lost = {
        each["id"]
        for each in stripe.get(f"/{endpoint}/deliveries")
        if each["id"] not in applied and each["state"] != "sending" and (each["accepted_at"] or 0) <= as_of
    }
    return [event for event in stripe.get(f"/{endpoint}/events") if event["id"] in lost]


def _began(times: list[int], deployed_at: float) -> str:
    """nothing-missing, with-the-release, before-the-release, long-after-the-release, or ended-with-the-release."""
    if not times:
        return "nothing-missing"
    if max(times) < deployed_at:
        return "ended-with-the-release"
    if min(times) < deployed_at:
        return "before-the-release"
    is_soon = min(times) - deployed_at <= SOON_SECONDS
    return "with-the-release" if is_soon else "long-after-the-release"


def _switch_seconds(layout: Layout, deployed_at: float) -> int | None:
    """How long the newest switch of releases took until the service had started; None where the log does not tell."""
    for line in layout.webhook_log.read_text("utf-8", "replace").splitlines():
        stamp, _, words = line.partition(" ")
        if "started release=" in words and (at := datetime.fromisoformat(stamp).timestamp()) >= deployed_at:
            return round(at - deployed_at)
    return None
