"""The result of the analysis: numbers with their exact meaning, and one sentence for a person."""

import statistics
from collections import Counter
from typing import Any

from questions import SIGNS, Reading
from stretch import Stretch

WORDS = {
    "worse": "Questions arrive damaged",
    "was-worse": "Questions arrived damaged, and that is over",
    "as-before": "Questions arrive as before",
    "too-few": "There are too few questions to tell",
}


def verdict(reading: Reading, stretch: Stretch | None, least: int) -> str:
    """worse, was-worse, as-before or too-few."""
    if min(len(reading.questions), reading.usual) < least:
        return "too-few"
    if stretch is None:
        return "as-before"
    return "was-worse" if stretch.is_over else "worse"


def result(reading: Reading, stretch: Stretch | None, least: int) -> dict[str, Any]:
    """Everything that key.json promises."""
    asked = reading.questions
    signs = Counter(each.sign for each in asked if each.sign)
    lengths = [each.length for each in asked[-least:]]
    return {
        "answer": sentence(reading, stretch, least),
        "verdict": verdict(reading, stretch, least),
        "questions": len(asked),
        "damaged": signs.total(),
        "signs": {name: signs[name] for name in SIGNS},
        "main_sign": main_sign(reading, stretch),
        "began_at": asked[stretch.first].at if stretch else None,
        "ended_at": asked[stretch.after].at if stretch and stretch.is_over else None,
        "share_inside": round(stretch.inside, 4) if stretch else None,
        "share_outside": round(stretch.outside, 4) if stretch else None,
        "p_value": round(stretch.p_value, 6) if stretch else 1.0,
        "last_at": asked[-1].at,
        "usual_length": reading.usual_length,
        "length_now": statistics.median(lengths),
        "notes": notes(reading),
    }


def main_sign(reading: Reading, stretch: Stretch | None) -> str:
    """What most damaged questions of the stretch show."""
    if stretch is None:
        return "none"
    inside = Counter(each.sign for each in reading.questions[stretch.first : stretch.after] if each.sign)
    return max(SIGNS, key=lambda name: inside[name])


def sentence(reading: Reading, stretch: Stretch | None, least: int) -> str:
    """The answer, for a tired person."""
    said = WORDS[verdict(reading, stretch, least)]
    if stretch is None or verdict(reading, stretch, least) == "too-few":
        return f"{said}: {len(reading.questions):,} were looked at, {reading.usual:,} of them older."
    began = reading.questions[stretch.first].at[:19].replace("T", " ")
    return f"{said}: {stretch.inside:.0%} {main_sign(reading, stretch)} since {began}, {stretch.outside:.0%} otherwise."


def certainty(reading: Reading, stretch: Stretch | None) -> list[str]:
    """How sure the answer is, line by line."""
    if stretch is None:
        lines = ["No stretch of questions surely differs from the rest."]
    else:
        lines = [f"Chance alone makes so clear a stretch with probability {stretch.p_value:.2g} at most."]
    return [*lines, f"Shorter than {reading.shortest} characters counts as short.", *notes(reading)]


def notes(reading: Reading) -> list[str]:
    """What weakens the answer."""
    return [f"{reading.left_out:,} lines hold no question."] if reading.left_out else []
