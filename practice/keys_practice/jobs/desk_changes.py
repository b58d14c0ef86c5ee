"""What the desk can change. Each change is one transaction, says who and why, and does nothing from a wrong state.

None means: not in a state that allows this, and nothing was changed. Nothing here deletes a job.
"""

from datetime import datetime
from typing import Any

import psycopg

from keys_practice.jobs import slots

Connection = psycopg.Connection[dict[str, Any]]
Asked = dict[str, Any]


def pause(connection: Connection, asked: Asked) -> Asked | None:
    """Let no worker take a job until `resume`. None when it is paused already: somebody else's pause stays theirs."""
    return _set(connection, "paused", "true", asked, "false")


def resume(connection: Connection, asked: Asked) -> Asked | None:
    """End the pause. None when there is none, or when it was set for another reason than `only_because`."""
    reason = asked.get("only_because")
    found = connection.execute(
        "SELECT 1 FROM queue_settings WHERE name = 'paused' AND (%s::text IS NULL OR reason = %s) FOR UPDATE",
        (reason, reason),
    ).fetchone()
    if found is None:
        return None
    return _set(connection, "paused", "false", asked, "true")


def lease(connection: Connection, asked: Asked) -> Asked | None:
    """Set the visibility timeout in seconds. Running jobs keep theirs until their worker's next heartbeat."""
    return _set(connection, "lease_seconds", str(float(asked["seconds"])), asked)


def limit(connection: Connection, asked: Asked) -> Asked | None:
    """Let at most `most` jobs of a kind run at a time; without `most`, as many as there are workers."""
    name = f"limit:{asked['kind']}"
    if asked.get("most") is None:
        gone = connection.execute("DELETE FROM queue_settings WHERE name = %s", (name,)).rowcount
        return {"kind": asked["kind"], "most": None} if gone else None
    connection.execute(
        "INSERT INTO queue_settings (name, value, changed_by, reason) VALUES (%s, %s, 'operator', %s)"
        " ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, changed_by = EXCLUDED.changed_by,"
        " reason = EXCLUDED.reason",
        (name, str(int(asked["most"])), asked.get("reason", "")),
    )
    return {"kind": asked["kind"], "most": int(asked["most"])}


def quarantine(connection: Connection, asked: Asked) -> Asked | None:
    """Put a job aside, with everything it holds; the jobs behind it go on. Not one that a living lease protects."""
    return _move(
        connection,
        asked,
        "quarantine",
        "UPDATE jobs SET state = 'quarantined', worker = NULL, lease_until = NULL WHERE id = %s"
        " AND (state IN ('queued', 'dead') OR (state = 'running' AND lease_until < now())) RETURNING id, state",
    )


def release(connection: Connection, asked: Asked) -> Asked | None:
    """Take a job out of quarantine: it is a dead letter again, and nothing runs it."""
    return _move(
        connection,
        asked,
        "release",
        "UPDATE jobs SET state = 'dead', error_class = coalesce(error_class, 'lost')"
        " WHERE id = %s AND state = 'quarantined' RETURNING id, state",
    )


def replay(connection: Connection, asked: Asked) -> Asked | None:
    """Queue a dead letter again, at its old place, with all its attempts."""
    return _move(
        connection,
        asked,
        "replay",
        "UPDATE jobs SET state = 'queued', attempts = 0, run_at = now() WHERE id = %s AND state = 'dead'"
        " RETURNING id, state",
    )


def settle(connection: Connection, asked: Asked) -> Asked | None:
    """Note that a dead letter's effect has happened, so that it is not done again."""
    return _move(
        connection,
        asked,
        "settle",
        "UPDATE jobs SET state = 'done', finished_at = now() WHERE id = %s AND state = 'dead' RETURNING id, state",
    )


def slot(connection: Connection, asked: Asked) -> Asked | None:
    """Run one missed slot. None when it ran already, or is not over yet: that one is the scheduler's."""
    at = datetime.fromisoformat(asked["slot"])
    if at != slots.slot_at(at.timestamp()) or at >= slots.current():
        return None
    if not slots.run(connection, at, "operator"):
        return None
    return {"slot": at, "job": slots.job_of(at)}


def _set(
    connection: Connection, name: str, value: str, asked: Asked, only_from: str | None = None
) -> Asked | None:
    return connection.execute(
        "UPDATE queue_settings SET value_before = value, value = %s, changed_by = %s, reason = %s"
        " WHERE name = %s AND (%s::text IS NULL OR value = %s) RETURNING name, value, value_before",
        (value, asked.get("by", "operator"), asked.get("reason", ""), name, only_from, only_from),
    ).fetchone()


def _move(connection: Connection, asked: Asked, action: str, statement: Any) -> Asked | None:
    moved: Asked | None = connection.execute(statement, (asked["job"],)).fetchone()
    if moved is not None:
        connection.execute(
            "INSERT INTO job_notes (job, action, reason) VALUES (%s, %s, %s)",
            (asked["job"], action, asked.get("reason", "")),
        )
    return moved
