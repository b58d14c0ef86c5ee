"""Compares the events that Stripe has with the events that the service applied."""

from pathlib import Path
from typing import Any

import instants
from asking import ask
from event_gap import Comparison, compare, span


def run(arguments: dict[str, Any], tools: Any) -> dict[str, Any]:
    """Read both exports and say what is missing, twice and late. Raises ValueError in words."""
    late_seconds = float(arguments.get("late_after_seconds", 300))
    events, applied = _lists(arguments, Path(tools.scratch))
    sides = Comparison(Path(tools.scratch))
    sides.read_sent(events)
    tools.progress("Stripe's events are read.")
    sides.read_applied(applied)
    tools.progress("The applied events are read.")
    start_ms, end_ms = _window(arguments, sides)
    found = compare(sides, start_ms, end_ms, int(late_seconds * 1000))
    return {
        "answer": _sentence(found),
        "window_start_at": instants.words(start_ms),
        "window_end_at": instants.words(end_ms),
        "as_of": sides.as_of or None,
        **found,
        "is_complete": found["missing"] == 0 and found["too_new_to_tell"] == 0,
        "entries_left_out": sides.skipped,
    }


def _lists(arguments: dict[str, Any], scratch: Path) -> tuple[Path, Path]:
    """The two files that were given, or those that both sides are asked for."""
    files = [arguments[name] for name in ("stripe_events", "applied") if arguments.get(name)]
    if endpoint := arguments.get("endpoint"):
        if files:
            raise ValueError("Give the two files, or endpoint to have both sides asked. Not both.")
        return ask(endpoint, scratch)
    if len(files) < 2:
        raise ValueError("Give both files, stripe_events and applied, or endpoint to have both sides asked.")
    return Path(files[0]), Path(files[1])


def _window(arguments: dict[str, Any], sides: Comparison) -> tuple[int, int]:
    """From `since` to `until`; without them the whole span of Stripe's export."""
    first, last = span(sides)
    until, since = arguments.get("until", ""), arguments.get("since", "")
    end_ms = instants.moment(until, last) if until else last
    return (instants.moment(since, end_ms) if since else first), end_ms


def _sentence(found: dict[str, Any]) -> str:
    if not found["stripe_events"]:
        return "Stripe's export holds no event of this window. That is not the same as no gap."
    faults = [
        f"{found[name]:,} {words}"
        for name, words in (("missing", "missing"), ("twice", "applied twice"), ("late", "late"))
        if found[name]
    ]
    if faults:
        return f"Of {found['stripe_events']:,} events: {', '.join(faults)}."
    if found["too_new_to_tell"]:
        return f"None is missing, but {found['too_new_to_tell']:,} of {found['stripe_events']:,} are too new to tell."
    return f"All {found['stripe_events']:,} events were applied, each once."
