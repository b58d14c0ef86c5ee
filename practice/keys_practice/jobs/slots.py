"""The schedule: one digest for each slot. A slot is two seconds here, and stands for an hour."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import psycopg

from keys_practice.jobs.queue import enqueue

SLOT_SECONDS = 2
LIST = "everyone"


def slot_at(seconds: float) -> datetime:
    """The slot that the instant (Unix seconds) falls into, by its beginning."""
    return datetime.fromtimestamp(seconds // SLOT_SECONDS * SLOT_SECONDS, UTC)


def current() -> datetime:
    """The slot of this moment."""
    return slot_at(time.time())


def between(first: datetime, last: datetime) -> list[datetime]:
    """Every slot from `first` to `last`, both included."""
    begin, end = int(first.timestamp()), int(last.timestamp())
    return [slot_at(at) for at in range(begin, end + 1, SLOT_SECONDS)]


def job_of(slot: datetime) -> str:
    """The id of the job that a slot enqueues."""
    return f"digest-{slot:%Y%m%dT%H%M%SZ}"


def run(connection: psycopg.Connection[Any], slot: datetime, by: str) -> bool:
    """Enqueue the slot's job and note that, in one transaction. False when the slot ran already, whoever ran it."""
    with connection.transaction():
        noted = connection.execute(
            "INSERT INTO cron_runs (slot, ran_by) VALUES (%s, %s) ON CONFLICT (slot) DO NOTHING", (slot, by)
        ).rowcount
        if noted:
            payload = {"slot": slot.isoformat(), "sequence": int(slot.timestamp())}
            enqueue(connection, job_of(slot), "digest", LIST, False, json.dumps(payload))
    return bool(noted)
