"""What was kept elsewhere, held against the journal or a bundle. Sends nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from runbook_keys.errors import AnchorUnavailable
from runbook_keys.journal.anchor_check import (
    Held,
    Lag,
    check_copies,
    check_stamps,
    joined,
    lag_of,
    written_at,
)
from runbook_keys.journal.checkpoint_check import Verifier
from runbook_keys.journal.whole import Contents
from runbook_keys.model.entry import Checkpoint
from runbook_keys.operations.services import Services
from runbook_keys.ports import Anchor

PATIENCE_SECONDS = 30.0
"""How long one look at an anchor may take where somebody asked for it."""

_KEPT = re.compile(r"data/checkpoints/(\d{6,18})\.(note|tsr)", re.ASCII)


async def against_anchors(services: Services, contents: Contents, verifier: Verifier) -> Held:
    """Every copy and every time-stamp against the journal. What can't be looked at is a notice, never silence."""
    return joined([await _copies(services, contents, verifier), await _stamps(services, contents)])


async def tokens_here(services: Services) -> Mapping[int, bytes]:
    """The time-stamps by the number of their checkpoint; none where they can't be read."""
    try:
        return await services.stamps.kept(PATIENCE_SECONDS)
    except AnchorUnavailable:
        return {}


def stamps_in(services: Services, files: Mapping[str, bytes]) -> Held:
    """The time-stamps in a bundle's files against the checkpoints beside them."""
    found: dict[str, dict[int, bytes]] = {"note": {}, "tsr": {}}
    for path, content in files.items():
        if match := _KEPT.fullmatch(path):
            found[match[2]][int(match[1])] = content
    checkpoints = [Checkpoint(no, 0, note) for no, note in sorted(found["note"].items())]
    return _stamped(services, found["tsr"], checkpoints, {})


def lag_words(place: str, lag: Lag) -> str:
    """How far an anchor is behind, in a sentence."""
    entries = "1 entry is" if lag.entries == 1 else f"{lag.entries} entries are"
    since = f", since {lag.since}" if lag.since else ""
    return f"{entries} not yet with {place}{since}."


async def _copies(services: Services, contents: Contents, verifier: Verifier) -> Held:
    anchor = services.copies
    try:
        copies = await anchor.kept(PATIENCE_SECONDS)
    except AnchorUnavailable as unavailable:
        return Held(lags=(f"What {anchor.place} keeps was not compared. {unavailable}",))
    held = check_copies(copies, contents.checkpoints, contents.spine, verifier, anchor.place)
    return joined([held, Held(lags=tuple(_lag(anchor, copies, contents)))])


async def _stamps(services: Services, contents: Contents) -> Held:
    anchor = services.stamps
    try:
        tokens = await anchor.kept(PATIENCE_SECONDS)
    except AnchorUnavailable as unavailable:
        return Held(notices=(f"The time-stamps were not looked at. {unavailable}",))
    held = _stamped(services, tokens, contents.checkpoints, written_at(contents) if tokens else {})
    return joined([held, Held(lags=tuple(_lag(anchor, tokens, contents)))])


def _stamped(
    services: Services,
    tokens: Mapping[int, bytes],
    checkpoints: Sequence[Checkpoint],
    written: Mapping[int, datetime],
) -> Held:
    notes = {each.no: each.note for each in checkpoints}
    try:
        stamps = {no: services.stamps.read(token, notes.get(no, b"")) for no, token in tokens.items()}
    except AnchorUnavailable as unavailable:
        return Held(notices=(f"{len(tokens)} time-stamps were not looked at. {unavailable}",))
    return check_stamps(stamps, checkpoints, written)


def _lag(anchor: Anchor, kept: Mapping[int, bytes], contents: Contents) -> Iterator[str]:
    lag = lag_of(kept, contents.checkpoints, len(contents.spine))
    if anchor.place and lag.entries:
        yield lag_words(anchor.place, lag)
