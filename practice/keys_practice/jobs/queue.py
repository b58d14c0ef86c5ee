"""The queue's own rules in SQL: claim, renew, finish, fail, and notice what was lost."""

from collections.abc import Iterable
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg.rows import dict_row

# An ordered job is claimable when no earlier ordered job of its customer is still open. A dead one is open: what
# comes after it must not overtake it. A quarantined one is not.
CLAIMABLE: LiteralString = """
SELECT id, kind, customer, is_ordered, payload, attempts FROM jobs j
WHERE state = 'queued' AND run_at <= now()
  AND (NOT is_ordered OR NOT EXISTS (
    SELECT 1 FROM jobs e WHERE e.customer = j.customer AND e.is_ordered AND e.position < j.position
      AND e.state IN ('queued', 'running', 'dead')))
  AND NOT EXISTS (
    SELECT 1 FROM queue_settings s WHERE s.name = 'limit:' || j.kind
      AND s.value::integer <= (SELECT count(*) FROM jobs r WHERE r.kind = j.kind AND r.state = 'running'))
ORDER BY position LIMIT 5 FOR UPDATE OF j SKIP LOCKED
"""

TAKE: LiteralString = """
UPDATE jobs SET state = 'running', attempts = attempts + 1, worker = %(worker)s,
  lease_until = now() + %(lease)s * interval '1 second', error_class = NULL, error = NULL
WHERE id = %(id)s RETURNING attempts
"""

LOSE: LiteralString = """
WITH lost AS (
  SELECT id, worker, attempts FROM jobs WHERE state = 'running' AND lease_until < now() FOR UPDATE SKIP LOCKED
), told AS (
  UPDATE attempts a SET outcome = 'lost', ended_at = now(), error_class = 'lost' FROM lost
  WHERE a.job = lost.id AND a.number = lost.attempts AND a.outcome IS NULL
)
UPDATE jobs SET state = CASE WHEN jobs.attempts >= %(most)s THEN 'dead' ELSE 'queued' END, run_at = now(),
  worker = NULL, lease_until = NULL, error_class = 'lost', error = lost.worker || ' did not report back in time'
FROM lost WHERE jobs.id = lost.id
RETURNING jobs.id AS job, kind, customer, jobs.attempts AS attempt, lost.worker
"""

END: LiteralString = """
UPDATE jobs SET state = CASE WHEN %(error_class)s::text IS NULL THEN 'done'
    WHEN attempts >= %(most)s THEN 'dead' ELSE 'queued' END,
  run_at = now() + %(pause)s * interval '1 second', worker = NULL, lease_until = NULL,
  finished_at = CASE WHEN %(error_class)s::text IS NULL THEN now() END,
  error_class = %(error_class)s, error = %(error)s
WHERE id = %(id)s AND state = 'running' AND worker = %(worker)s AND attempts = %(number)s
"""

BACK_OFF_SECONDS = 0.2


class Job(NamedTuple):
    """A claimed job: it is this worker's until its lease ends. `number` counts attempts from 1."""

    id: str
    kind: str
    customer: str
    is_ordered: bool
    payload: dict[str, Any]
    number: int
    locks: tuple[str, ...]


class Failure(NamedTuple):
    """Why an attempt failed. Class: dependency, crash."""

    error_class: str
    error: str


class Queue:
    """One worker's hold on the queue. Not for several threads. Methods raise psycopg.Error."""

    def __init__(self, database: str, worker: str, pid: int) -> None:
        self._connection = psycopg.connect(database, autocommit=True, row_factory=dict_row, connect_timeout=3)
        self._worker, self._pid = worker, pid

    def close(self) -> None:
        """Let go of the connection and of every lock."""
        self._connection.close()

    def settings(self) -> dict[str, str]:
        """The queue's settings as they are now."""
        return {
            row["name"]: row["value"]
            for row in self._connection.execute("SELECT name, value FROM queue_settings")
        }

    def enrol(self) -> None:
        """Say that this worker is there from now on."""
        self._connection.execute(
            "INSERT INTO workers (name, pid) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET"
            " pid = EXCLUDED.pid, started_at = now(), heartbeat_at = now(), progress_at = now(), job = NULL",
            (self._worker, self._pid),
        )

    def progress(self, job: str | None) -> None:
        """Say that the main loop moves, and what it works at."""
        self._connection.execute(
            "UPDATE workers SET progress_at = now(), job = %s WHERE name = %s", (job, self._worker)
        )

    def beat(self, job: Job | None, lease_seconds: float) -> None:
        """Say that the process is alive, and keep the lease of its job."""
        self._connection.execute(
            "UPDATE workers SET heartbeat_at = now() WHERE name = %s AND pid = %s", (self._worker, self._pid)
        )
        if job is not None:
            self._connection.execute(
                "UPDATE jobs SET lease_until = now() + %s * interval '1 second'"
                " WHERE id = %s AND state = 'running' AND worker = %s AND attempts = %s",
                (lease_seconds, job.id, self._worker, job.number),
            )

    def lose(self, most_attempts: int) -> list[dict[str, Any]]:
        """Take back jobs whose lease has ended; those without attempts left are dead. Returns them."""
        return self._connection.execute(LOSE, {"most": most_attempts}).fetchall()

    def claim(self, lease_seconds: float, limits: dict[str, int]) -> Job | None:
        """The oldest job that may be done now and whose locks are free, or None."""
        with self._connection.transaction():
            for row in self._connection.execute(CLAIMABLE).fetchall():
                locks = self._lock(row, limits)
                if locks is not None:
                    return self._take(row, locks, lease_seconds)
        return None

    def end(self, job: Job, failure: Failure | None, most_attempts: int) -> str:
        """Report how an attempt ended. Returns done, failed, or late: then the job was somebody else's by now."""
        reported = self._connection.execute(
            END,
            {
                "id": job.id,
                "worker": self._worker,
                "number": job.number,
                "most": most_attempts,
                "pause": BACK_OFF_SECONDS * 2**job.number,
                "error_class": failure and failure.error_class,
                "error": failure and failure.error,
            },
        ).rowcount
        outcome = ("failed" if failure else "done") if reported else "late"
        self._connection.execute(
            "UPDATE attempts SET outcome = %s, ended_at = now(), error_class = %s, error = %s"
            " WHERE job = %s AND number = %s AND pid = %s",
            (
                outcome,
                failure and failure.error_class,
                failure and failure.error,
                job.id,
                job.number,
                self._pid,
            ),
        )
        self._unlock(job.locks)
        return outcome

    def _take(self, row: dict[str, Any], locks: tuple[str, ...], lease_seconds: float) -> Job:
        given = {"id": row["id"], "worker": self._worker, "lease": lease_seconds}
        taken = self._connection.execute(TAKE, given).fetchone() or {}
        number = int(taken["attempts"])
        self._connection.execute(
            "INSERT INTO attempts (job, number, worker, pid, kind) VALUES (%s, %s, %s, %s, %s)",
            (row["id"], number, self._worker, self._pid, row["kind"]),
        )
        return Job(row["id"], row["kind"], row["customer"], row["is_ordered"], row["payload"], number, locks)

    def _lock(self, row: dict[str, Any], limits: dict[str, int]) -> tuple[str, ...] | None:
        """Hold what this job needs: its customer, and a place among the few of its kind. None when it is not free.

        A lock belongs to the connection. So it is free when its process has died, and not while it is frozen.
        """
        wanted = [[f"customer:{row['customer']}"]] if row["is_ordered"] else []
        if row["kind"] in limits:
            wanted.append([f"limit:{row['kind']}:{place}" for place in range(limits[row["kind"]])])
        held: list[str] = []
        for choices in wanted:
            found = next((each for each in choices if self._try(each)), None)
            if found is None:
                self._unlock(held)
                return None
            held.append(found)
        return tuple(held)

    def _try(self, lock: str) -> bool:
        asked = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0)) AS is_mine"
        found = self._connection.execute(asked, (lock,)).fetchone() or {}
        return bool(found["is_mine"])

    def _unlock(self, locks: Iterable[str]) -> None:
        for lock in locks:
            self._connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (lock,))


def enqueue(
    connection: psycopg.Connection[Any], job: str, kind: str, customer: str, is_ordered: bool, payload: str
) -> None:
    """Add a job, or do nothing when it is there. `payload` is JSON. Raises psycopg.Error."""
    connection.execute(
        "INSERT INTO jobs (id, kind, customer, is_ordered, payload) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (id) DO NOTHING",
        (job, kind, customer, is_ordered, payload),
    )
