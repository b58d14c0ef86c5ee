"""What a person says besides an answer: their words and files lie sealed beside the journal."""

from __future__ import annotations

from runbook_keys.driver.session import Session
from runbook_keys.engine import inputs as i
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import Blob
from runbook_keys.model.reply import AddNote, Answer, AttachFile, DeclareBreach

Kept = AddNote | Answer | AttachFile | DeclareBreach
"""Replies that only add to the record."""


async def keep(session: Session, actor: Actor, reply: Kept) -> None:
    """Record it. An empty note is nothing; an empty answer is recorded as not known. Raises Refused."""
    if isinstance(reply, AttachFile):
        blob = session.seal(reply.content)
        await session.tell(i.Attach(reply.name, len(reply.content), blob.digest), actor, (blob,))
    elif isinstance(reply, DeclareBreach):
        await _declare(session, actor, reply)
    elif isinstance(reply, AddNote):
        await _note(session, actor, reply.text)
    else:
        await _record(session, actor, reply.text)


async def _declare(session: Session, actor: Actor, reply: DeclareBreach) -> None:
    if not reply.text.strip():
        await session.tell(i.BecomeAware(reply.aware_at), actor)
        return
    blob = _sealed(session, reply.text)
    await session.tell(i.BecomeAware(reply.aware_at, blob.digest), actor, (blob,))


async def _note(session: Session, actor: Actor, text: str) -> None:
    if text.strip():
        blob = _sealed(session, text)
        await session.tell(i.Note(blob.digest), actor, (blob,))


async def _record(session: Session, actor: Actor, text: str) -> None:
    if not text.strip():
        await session.tell(i.Record(), actor)
        return
    blob = _sealed(session, text)
    await session.tell(i.Record(blob.digest), actor, (blob,))


def _sealed(session: Session, text: str) -> Blob:
    return session.seal(text.encode("utf-8", "backslashreplace"))
