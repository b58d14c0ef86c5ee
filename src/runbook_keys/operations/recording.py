"""Add to the record of a run from beside its course: what people say of it later, and who read it."""

from __future__ import annotations

from collections.abc import Callable

from runbook_keys.driver.session import Session
from runbook_keys.engine.inputs import Input
from runbook_keys.executors.masking import mask_text
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import Blob
from runbook_keys.model.event import AnyEvent
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.record.checkpoints import sign_rest
from runbook_keys.operations.recorded import find_run, pinned_pack, reopen, undamaged
from runbook_keys.operations.services import Services
from runbook_keys.operations.values import MIN_SECRET_BYTES

Told = Callable[[Session, Blob], Input]
"""Makes the input; the blob holds what was said, and is only kept where something was."""


async def add_to_run(
    services: Services, run: str, actor: Actor, said: str, told: Told
) -> tuple[str, tuple[AnyEvent, ...]]:
    """Put it on the record of `run` (empty: the latest open one): the run's name and what was recorded.

    Raises RunNotFound, RunTaken while somebody drives it, Refused, JournalDamaged, JournalUnavailable.
    """
    head = await find_run(services, run)
    claim = services.store.claim(head.run)
    try:
        await undamaged(services, head)
        session, _ = await reopen(services, head, needs_values=False)
        text = mask_text(said.strip(), await _secrets(services, session))
        blob = session.seal(text.encode("utf-8", "backslashreplace"))
        events = await session.tell(told(session, blob), actor, (blob,) if text else ())
        await sign_rest(services, "said of a run")
    finally:
        claim.release()
    return head.run, events


async def _secrets(services: Services, session: Session) -> dict[str, str]:
    """The secrets of the run's runbook that are known here: nobody may type one into a note by mistake."""
    opened = session.state.opened
    if opened is None:
        return {}
    metadata = read_pack(await pinned_pack(services, session.run, opened), services.cache).metadata
    known = {each.name: services.secrets.value(each.name) or "" for each in metadata.inputs if each.secret}
    return {name: value for name, value in known.items() if len(value.encode()) >= MIN_SECRET_BYTES}


def digest_if_said(blob: Blob) -> str:
    """The blob's digest, empty where nothing was said."""
    return blob.digest if blob.content else ""
