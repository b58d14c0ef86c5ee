"""The result of the analysis: numbers with their exact meaning, and one sentence for a person."""

from typing import Any

import instants
from webhook_events import Failing, Tally, before, failing, wilson
from webhook_records import CLASSES, CRASH, DEPENDENCY, OTHER, PING, SIGNATURE, UNKNOWN, UNSIGNED

CALLED = {
    SIGNATURE: "refused signatures",
    CRASH: "crashes of the handler",
    DEPENDENCY: "a dependency that fails",
    UNKNOWN: "a cause the log does not name",
}
LISTED_TYPES = 20


def result(tally: Tally) -> dict[str, Any]:
    """Everything that key.json promises."""
    stretch = failing(tally)
    interval = wilson(tally.failures, tally.deliveries)
    return {
        "answer": sentence(tally, stretch),
        **_window(tally),
        "deliveries": tally.deliveries,
        "accepted": tally.classes["accepted"],
        "ignored": tally.counts["ignored"],
        "failures": tally.failures,
        "failure_rate": _share(tally.failures, tally.deliveries),
        "failure_rate_low": interval[0] if interval else None,
        "failure_rate_high": interval[1] if interval else None,
        "failures_by_class": {name: tally.classes[name] for name in CLASSES},
        "signature_failures": _of_failures(tally, SIGNATURE),
        "handler_crashes": _of_failures(tally, CRASH),
        "dependency_failures": _of_failures(tally, DEPENDENCY),
        "unknown_failures": _of_failures(tally, UNKNOWN),
        "main_cause": main_cause(tally),
        "classified_by_words": _share(tally.counts["by_words"], tally.failures),
        **_course(tally, stretch),
        "event_types": _types(tally),
        "unsigned_requests": tally.kinds[UNSIGNED],
        "pings": tally.kinds[PING],
        "notes": notes(tally),
    }


def main_cause(tally: Tally) -> str:
    """The class of most failures; `none` without failures."""
    return max(CLASSES, key=lambda name: tally.classes[name]) if tally.failures else "none"


def sentence(tally: Tally, stretch: Failing) -> str:
    """The answer, for a tired person."""
    if not tally.deliveries:
        return "The log shows no delivery in this window. That is not the same as no failure."
    if not tally.failures:
        return f"All {tally.deliveries:,} deliveries were accepted."
    cause = main_cause(tally)
    head = (
        f"{tally.failures:,} of {tally.deliveries:,} deliveries failed "
        f"({percent(tally.failures, tally.deliveries)}), {_most(tally, cause)} {CALLED[cause]}"
    )
    return f"{head}; {_when(stretch)}."


def percent(part: int, whole: int) -> str:
    """`12 %`, and `< 1 %` or `> 99 %` rather than a rounded untruth."""
    share = 100 * part / whole
    return "< 1 %" if 0 < share < 1 else "> 99 %" if 99 < share < 100 else f"{share:.0f} %"


def notes(tally: Tally) -> list[str]:
    """What weakens the answer, in words."""
    said = (
        ("unread", "lines begin with no instant and were left out."),
        ("future", "lines are more than five minutes in the future and were left out."),
        ("zone_assumed", "lines name no time zone; the one you gave was assumed."),
        ("repeated", "lines repeat an event in the same millisecond and were counted once."),
    )
    found = [f"{tally.counts[name]:,} {words}" for name, words in said if tally.counts[name]]
    guessed = tally.failures - tally.counts["by_words"]
    if guessed:
        found.append(f"{guessed:,} failures were classed by their HTTP status alone.")
    if tally.kinds[UNSIGNED]:
        found.append(
            f"{tally.kinds[UNSIGNED]:,} requests carried no signature: a probe, or a proxy drops it."
        )
    return found


def certainty(found: dict[str, Any]) -> list[str]:
    """How sure the answer is, line by line. What comes from the log is spelled in plain ASCII."""
    lines = [f"How sure the beginning is: {found['began_certainty']}."]
    if found["failure_rate"] is not None:
        low, high = found["failure_rate_low"], found["failure_rate_high"]
        lines.insert(0, f"Failure rate {found['failure_rate']:.1%}, between {low:.1%} and {high:.1%}.")
    if before_it := found["before_it_began"]:
        lines.append(f"Just before, at {before_it['at']}: {ascii(before_it['line'])[1:-1]}")
    return [*lines, *found["notes"]]


def _window(tally: Tally) -> dict[str, Any]:
    return {
        "window_start_at": instants.words(tally.start_ms),
        "window_end_at": instants.words(tally.end_ms),
        "lines": tally.counts["lines"],
        "lines_left_out": tally.counts["unread"] + tally.counts["future"],
        "other_lines": tally.kinds[OTHER],
    }


def _course(tally: Tally, stretch: Failing) -> dict[str, Any]:
    return {
        "began_at": instants.words(stretch.began_ms),
        "ended_at": instants.words(stretch.ended_ms),
        "is_ongoing": stretch.is_ongoing,
        "began_certainty": stretch.certainty,
        "failure_rate_outside": _rounded(stretch.rate_outside),
        "failure_rate_inside": _rounded(stretch.rate_inside),
        "before_it_began": before(tally, stretch.began_ms),
        "last_delivery_at": instants.words(tally.last_ms.get("delivery")),
        "last_failure_at": instants.words(tally.last_ms.get("failure")),
    }


def _types(tally: Tally) -> list[dict[str, Any]]:
    ranked = sorted(tally.types, key=lambda name: (-tally.failed_types[name], -tally.types[name], name))
    return [
        {"type": name, "deliveries": tally.types[name], "failures": tally.failed_types[name]}
        for name in ranked[:LISTED_TYPES]
    ]


def _of_failures(tally: Tally, name: str) -> float:
    return _share(tally.classes[name], tally.failures) or 0.0


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)


def _most(tally: Tally, cause: str) -> str:
    return "all by" if tally.classes[cause] == tally.failures else "mostly by"


def _when(stretch: Failing) -> str:
    if stretch.certainty == "none":
        return "no clear beginning"
    sure = "began" if stretch.certainty == "clear" else "probably began"
    end = "and goes on" if stretch.is_ongoing else f"and ended by {_clock(stretch.ended_ms)}"
    return f"it {sure} at {_clock(stretch.began_ms)} UTC {end}"


def _clock(ms: int | None) -> str:
    return f"{instants.at(ms):%d %b %H:%M:%S}" if ms is not None else "an unknown time"
