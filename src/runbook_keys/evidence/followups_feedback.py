"""Feedback on steps: what it is bound to, and whether it still holds for a later text."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
from msgspec import Struct

from runbook_keys.model.runbook import Runbook, Step


class Feedback(Struct, frozen=True):
    """One person's word that a step is wrong. `version` is the pack's that the run pinned; `words` may be erased."""

    slug: str
    version: str
    step: str
    words: str
    by: str
    at: datetime
    run: str


def step_digest(step: Step) -> str:
    """Hex SHA-256 over all that a step says and does; where it stands in the file does not count."""
    return hashlib.sha256(msgspec.json.encode(_without_lines(msgspec.to_builtins(step)))).hexdigest()


def _without_lines(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_lines(each) for name, each in sorted(value.items()) if name != "line"}
    return [_without_lines(each) for each in value] if isinstance(value, list | tuple) else value


def still_holds(runbook: Runbook, step: str, digest: str) -> bool:
    """True while the text has this step unchanged: a mended step has heard its feedback."""
    now = runbook.step(step)
    return now is not None and step_digest(now) == digest
