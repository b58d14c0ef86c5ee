"""A checkpoint of the journal to keep elsewhere, and the change to a new signing key."""

from __future__ import annotations

from contextlib import suppress

from msgspec import Struct

from runbook_keys.errors import JournalUnavailable, KeysError, SigningUnavailable
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.model.entry import Checkpoint
from runbook_keys.operations.services import Services


class CheckpointMade(Struct, frozen=True):
    """The checkpoint, the name of the key that signs now, and why it is not signed (empty where it is)."""

    checkpoint: Checkpoint
    key: str
    fault: str


async def make_checkpoint(services: Services, why: str = "asked for") -> CheckpointMade:
    """A checkpoint over the journal as it is now. Raises JournalUnavailable where there is no entry yet."""
    made = await services.store.checkpoint(services.clock.now(), why)
    if made is None:
        raise JournalUnavailable(
            "The journal has no entry yet, so there is nothing to sign. `keys run` starts a run."
        )
    fault = read_note(made.note).unsigned
    if fault:
        services.store.notice()  # whoever asked for a signature is told with it
    return CheckpointMade(made, "" if fault else services.signer.sign(b"").key, fault)


async def sign_rest(services: Services, why: str) -> None:
    """Have a checkpoint over what would wait for the next one, since nobody writes for now: a day is long enough to edit it.

    What has to be on record is so already: where this can't be written, nothing is lost but the signature.
    """
    with suppress(KeysError):
        await services.store.checkpoint(services.clock.now(), why)


async def change_key(services: Services, reason: str) -> CheckpointMade:
    """Sign with a new key from now on. The old key announces the new one, if it is still there.

    The announcement is written first, so that there is no moment at which the new key signs unannounced. Whoever
    breaks off in between does it again: the same new key is taken. Raises SigningUnavailable, JournalUnavailable.
    """
    key = services.signer.prepare_next()
    why = f"key change: {reason}"
    made = await services.store.checkpoint(services.clock.now(), why, next_key=key)
    if made is None:
        raise JournalUnavailable(
            "The journal has no entry yet, so its key has signed nothing. Nothing was changed."
        )
    why_not = read_note(made.note).unsigned
    if why_not and not services.signer.fault():  # the old key is here, and may not announce the new one
        raise SigningUnavailable(f"The key was not changed. {why_not}")
    services.signer.take_next()
    return await make_checkpoint(services, why)
