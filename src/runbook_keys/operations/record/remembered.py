"""The last checkpoint that this machine signed, which lies beside its key, held against the journal."""

from __future__ import annotations

from msgspec import Struct

from runbook_keys.errors import SigningUnavailable
from runbook_keys.journal.anchor_check import Held
from runbook_keys.journal.checkpoint import Note, read_note
from runbook_keys.journal.checkpoint_check import BESIDE_THE_KEY, Places, Verifier, check_kept
from runbook_keys.operations.services import Services


class Remembered(Struct, frozen=True):
    """At most one checkpoint; and in words why what lies there could not be looked at."""

    notes: tuple[Note, ...] = ()
    fault: str = ""


def remembered_here(services: Services) -> Remembered:
    """Look there, before the journal is looked at: what lies there by then stood in the journal before."""
    try:
        content = services.signer.remembered()
    except SigningUnavailable as unavailable:
        return Remembered(fault=str(unavailable))
    return Remembered((read_note(content),) if content else ())


def behind(services: Services, newest: int) -> str:
    """How what is remembered lags behind checkpoint `newest`, the journal's last one with a good signature; else empty.

    Ask it after the journal was read: a driver at work remembers a moment after it has signed.
    """
    remembered = remembered_here(services)
    last = max((note.no for note in remembered.notes), default=0)
    if remembered.fault or last >= newest:
        return ""
    keeps = f"is {last}" if last else "is missing"
    return (
        f"The checkpoint that this machine remembers beside its key {keeps}; the journal's newest signed one is {newest}. "
        "What came after could be cut off, and nobody would see it. `keys checkpoint` makes up for it; "
        "where it does not, the folder `signing` can't be written."
    )


def against_remembered(
    remembered: Remembered, places: Places, verifier: Verifier, known: frozenset[str]
) -> Held:
    """The checkpoint against the journal; what can't be looked at is a notice. Where there is none, nothing is said."""
    if remembered.fault:
        told = f"The last checkpoint that this machine signed was not compared. {remembered.fault}"
        return Held(notices=(told,))
    kept = check_kept(remembered.notes, places, verifier, known, BESIDE_THE_KEY)
    return Held(kept.damages, kept.notices)
