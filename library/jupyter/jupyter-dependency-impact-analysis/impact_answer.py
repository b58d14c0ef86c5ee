"""The result of the analysis: numbers with their exact meaning, and one sentence for a person."""

from typing import Any

import instants
from answers_log import (
    CRASHED,
    DEGRADED,
    FAILURES,
    FULL,
    HIDDEN,
    NOTHING,
    REFUSED,
    UNSURE,
    Tally,
    percentile,
)

STILL_SECONDS = 30


def result(tally: Tally) -> dict[str, Any]:
    """Everything that key.json promises."""
    failed = sum(tally.kinds[kind] for kind in FAILURES)
    given_up = sum(kind in FAILURES for kind in tally.last_kind.values())
    is_still = tally.last_failure_ms is not None and tally.newest_ms is not None
    found = {
        "answers": tally.answers,
        "full": tally.kinds[FULL],
        "degraded": tally.kinds[DEGRADED],
        "hidden": tally.kinds[HIDDEN],
        "refused": tally.kinds[REFUSED],
        "unsure": tally.kinds[UNSURE],
        "crashed": tally.kinds[CRASHED],
        "unanswered": tally.kinds[NOTHING],
        "failing_share": round(failed / tally.answers, 4) if tally.answers else None,
        "customers": len(tally.last_kind),
        "customers_without_order": given_up,
        "because": [
            {"dependency": name, "answers": number} for name, number in tally.because.most_common(10)
        ],
        "first_failure_at": instants.words(tally.first_failure_ms),
        "last_failure_at": instants.words(tally.last_failure_ms),
        "is_still_failing": is_still
        and (tally.newest_ms or 0) - (tally.last_failure_ms or 0) < STILL_SECONDS * 1000,
        "p50_ms": percentile(tally, 50),
        "p95_ms": percentile(tally, 95),
        "entries_left_out": tally.skipped,
    }
    return {"answer": sentence(found), **found}


def sentence(found: dict[str, Any]) -> str:
    """The answer, for a tired person."""
    if not found["answers"]:
        return "The log holds no answer. That is not the same as no failure."
    hidden = f" {found['hidden']:,} degraded answers hid that they are." if found["hidden"] else ""
    failing = found["failing_share"]
    if not failing:
        degraded = f", {found['degraded']:,} of them degraded" if found["degraded"] else ""
        return f"All {found['answers']:,} answers were served{degraded}.{hidden}"
    since = found["first_failure_at"][11:19]
    how_long = "and it goes on" if found["is_still_failing"] else f"until {found['last_failure_at'][11:19]}"
    names = ", ".join(ascii(each["dependency"])[1:-1] for each in found["because"][:3])
    because = f" The service blames {names}." if names else ""
    head = f"{100 * failing:.0f} % of {found['answers']:,} answers failed, since {since} UTC {how_long}."
    return f"{head} {found['customers_without_order']:,} customers have no order.{because}{hidden}"
