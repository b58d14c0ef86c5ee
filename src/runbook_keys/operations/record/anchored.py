"""What was kept elsewhere, held against the journal or a bundle. Sends nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from runbook_keys.errors import AnchorUnavailable
from runbook_keys.journal.anchor_check import (
    Held,
    Lag,
    check_copies,
    check_stamps,
    joined,
    lag_of,
    readable,
)
from runbook_keys.journal.checkpoint import Note
from runbook_keys.journal.checkpoint_check import Places, Verifier
from runbook_keys.model.entry import Checkpoint
from runbook_keys.operations.services import Services
from runbook_keys.ports import Anchor

PATIENCE_SECONDS = 30.0
"""How long one look at an anchor may take where somebody asked for it."""

_KEPT = re.compile(r"data/checkpoints/(\d{6,18})\.(note|tsr)", re.ASCII)


class Elsewhere(Struct, frozen=True):
    """What the anchors keep, by the number of the checkpoint; and in words why one of them could not be asked."""

    copies: Mapping[int, bytes]
    tokens: Mapping[int, bytes]
    no_copies: str = ""
    no_tokens: str = ""


async def kept_elsewhere(services: Services) -> Elsewhere:
    """Ask the anchors, before the journal is looked at: what they keep by then stood in the journal before."""
    copies, no_copies = await _kept(services.copies)
    tokens, no_tokens = await _kept(services.stamps)
    return Elsewhere(copies, tokens, no_copies, no_tokens)


async def _kept(anchor: Anchor) -> tuple[Mapping[int, bytes], str]:
    try:
        return await anchor.kept(PATIENCE_SECONDS), ""
    except AnchorUnavailable as unavailable:
        return {}, str(unavailable)


class Own(Struct, frozen=True):
    """The journal's side: its checkpoints, how many entries, and by checkpoint when the first entry was written that it adds."""

    checkpoints: Sequence[Checkpoint]
    entries: int
    written: Mapping[int, datetime]


def against_anchors(
    services: Services,
    elsewhere: Elsewhere,
    own: Own,
    places: Places,
    verifier: Verifier,
    known: frozenset[str] = frozenset(),
) -> Held:
    """Every copy and every time-stamp against the journal. What can't be looked at is a notice, never silence.

    `places` has the rows that copies tell of which the journal does not hold so; `known` are marks of checkpoints that the
    journal itself declares as lost.
    """
    copies, stamps = services.copies, services.stamps
    if elsewhere.no_copies:
        with_copies = Held(lags=(f"What {copies.place} keeps was not compared. {elsewhere.no_copies}",))
    else:
        held = check_copies(elsewhere.copies, own.checkpoints, places, verifier, copies.place, known)
        with_copies = joined([held, Held(lags=tuple(_lag(copies, elsewhere.copies, own)))])
    if elsewhere.no_tokens:
        return joined(
            [with_copies, Held(notices=(f"The time-stamps were not looked at. {elsewhere.no_tokens}",))]
        )
    stamped = _stamped(services, elsewhere.tokens, own.checkpoints, own.written)
    return joined([with_copies, stamped, Held(lags=tuple(_lag(stamps, elsewhere.tokens, own)))])


async def copied_notes(services: Services) -> list[Note]:
    """The checkpoints that the folder elsewhere keeps; none where it can't be read."""
    try:
        return readable((await services.copies.kept(PATIENCE_SECONDS)).values())
    except AnchorUnavailable:
        return []


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


def _lag(anchor: Anchor, kept: Mapping[int, bytes], own: Own) -> Iterator[str]:
    lag = lag_of(kept, own.checkpoints, own.entries)
    if anchor.place and lag.entries:
        yield lag_words(anchor.place, lag)
