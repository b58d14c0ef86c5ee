"""Where a way out leads: the words after the arrow as a target."""

from __future__ import annotations

import re
from difflib import get_close_matches

from runbook_keys.model.runbook import End, Ending, GoTo, HandOff, RollBack, Target

LABEL = r"[SDAVRE][1-9][0-9]?"
SLUG = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"

_ENDINGS = {"RESOLVED": Ending.RESOLVED, "ESCALATE": Ending.ESCALATED, "STOP": Ending.STOPPED}
_LABEL = re.compile(LABEL)
_HAND_OFF = re.compile(rf"HAND OFF ({SLUG})")
_ROLL_BACK = re.compile(rf"ROLL BACK ({LABEL}), then (.+)")
_HOW = "Write a step label, RESOLVED, ESCALATE, STOP, HAND OFF slug or ROLL BACK A1, then a target."


class NotATarget(Exception):
    """The words name no target; `reason` says why and `mend` what to write."""

    def __init__(self, reason: str, mend: str = _HOW) -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


def target_of(words: str) -> Target:
    """The target that the plain `words` name; raises NotATarget."""
    if match := _ROLL_BACK.fullmatch(words):
        return _roll_back(match[1], match[2])
    return simple_target_of(words)


def simple_target_of(words: str) -> GoTo | End | HandOff:
    """A target that is not itself a roll-back; raises NotATarget."""
    if _LABEL.fullmatch(words):
        return GoTo(words)
    if words in _ENDINGS:
        return End(_ENDINGS[words])
    if match := _HAND_OFF.fullmatch(words):
        return HandOff(match[1])
    raise _refusal(words)


def _roll_back(label: str, then: str) -> RollBack:
    if then.startswith("ROLL BACK"):
        raise NotATarget(
            "A roll-back can't be followed by another roll-back.", "Lead to a step after the first one."
        )
    return RollBack(label, simple_target_of(then))


def _refusal(words: str) -> NotATarget:
    upper = words.upper()
    if not words:
        return NotATarget("Nothing stands after the arrow.")
    if upper.startswith(("ROLL BACK", "ROLLBACK")):
        return NotATarget(
            f'"{shortened(words)}" is not a whole roll-back.', "Write: ROLL BACK A1, then ESCALATE"
        )
    if upper.startswith(("HAND OFF", "HANDOFF")):
        return NotATarget(f'"{shortened(words)}" names no runbook.', "Write: HAND OFF its-slug")
    meant = _meant(upper)
    if meant:
        return NotATarget(
            f'"{shortened(words)}" is not a target.', f"Write {meant} if that is what you mean."
        )
    return NotATarget(f'"{shortened(words)}" is not a target.')


def _meant(upper: str) -> str | None:
    if _LABEL.fullmatch(upper):
        return upper
    close = get_close_matches(upper[:40], _ENDINGS, n=1, cutoff=0.7)
    return close[0] if close else None


def shortened(words: str) -> str:
    """At most 60 characters of `words`, for a message."""
    return words if len(words) <= 60 else words[:59] + "…"
