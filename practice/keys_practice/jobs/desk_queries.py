"""What the desk can tell about the queue. Every function reads only."""

from typing import Any, LiteralString

import psycopg

from keys_practice.jobs import slots

Connection = psycopg.Connection[dict[str, Any]]
Rows = list[dict[str, Any]]

WINDOW_SECONDS = 5
LATE_SECONDS = 10
GROWN = 12
SLOW_TIMES, SLOW_SECONDS, RECENT_ATTEMPTS = 4, 2.0, 2
GONE_SECONDS = 1.5

_WAITING: LiteralString = """
FROM jobs j WHERE state = 'queued' AND NOT EXISTS (
  SELECT 1 FROM jobs e WHERE j.is_ordered AND e.is_ordered AND e.customer = j.customer
    AND e.position < j.position AND e.state = 'dead')
"""


def status(connection: Connection) -> dict[str, Any]:
    """Counts by state, jobs that wait behind a dead one, and the settings."""
    states = connection.execute("SELECT state, count(*) AS number FROM jobs GROUP BY state").fetchall()
    counts = dict.fromkeys(("queued", "running", "done", "dead", "quarantined"), 0)
    counts |= {row["state"]: row["number"] for row in states}
    waiting = _one(connection, f"SELECT count(*) AS number {_WAITING}")["number"]
    settings = {row["name"]: row for row in connection.execute("SELECT * FROM queue_settings").fetchall()}
    paused = settings["paused"]
    return {
        **counts,
        "blocked": counts["queued"] - waiting,
        "paused": paused["value"] == "true",
        "paused_by": paused["changed_by"] if paused["value"] == "true" else None,
        "paused_because": paused["reason"] if paused["value"] == "true" else None,
        "lease_seconds": float(settings["lease_seconds"]["value"]),
        "max_attempts": int(settings["max_attempts"]["value"]),
        "limits": _limits(settings),
    }


def workers(connection: Connection) -> Rows:
    """Each worker as it reports itself; ages in seconds."""
    return connection.execute(
        "SELECT name, pid, job, round(extract(epoch FROM now() - heartbeat_at), 1)::float8 AS heartbeat_age,"
        " round(extract(epoch FROM now() - progress_at), 1)::float8 AS progress_age FROM workers ORDER BY name"
    ).fetchall()


def flow(connection: Connection) -> dict[str, Any]:
    """Whether the workers keep up: what waits, what came in and went out in the last seconds, and what is slow."""
    waiting = _one(
        connection,
        "SELECT count(*) AS waiting,"
        f" coalesce(round(extract(epoch FROM now() - min(created_at)), 1), 0)::float8 AS oldest_seconds {_WAITING}",
    )
    moved = _one(
        connection,
        "SELECT count(*) FILTER (WHERE created_at > now() - %(s)s * interval '1 second') AS came_in,"
        " count(*) FILTER (WHERE finished_at > now() - %(s)s * interval '1 second') AS went_out FROM jobs",
        {"s": WINDOW_SECONDS},
    )
    slow = _slow_kinds(connection)
    is_growing = waiting["waiting"] >= GROWN and moved["came_in"] > moved["went_out"]
    return {
        **waiting,
        **moved,
        "window_seconds": WINDOW_SECONDS,
        "slow_kinds": slow,
        "is_growing": is_growing,
        "expired_leases": _expired(connection),
        **_lease_and_work(connection),
    }


def dead(connection: Connection) -> dict[str, Any]:
    """The dead letters, oldest first, and how many by cause: dependency, crash, lost.

    `others_done_since`: how many jobs of the same kind were begun after this one, and done. None: it is not alone.
    """
    jobs = connection.execute(
        "SELECT id, kind, customer, attempts, error_class AS cause, error, created_at,"
        " (SELECT count(*) FROM jobs b WHERE j.is_ordered AND b.is_ordered AND b.customer = j.customer"
        "  AND b.position > j.position AND b.state = 'queued') AS blocks,"
        " (SELECT count(*) FROM attempts o WHERE o.kind = j.kind AND o.outcome = 'done' AND o.started_at >"
        "  (SELECT min(started_at) FROM attempts f WHERE f.job = j.id)) AS others_done_since"
        " FROM jobs j WHERE state = 'dead' ORDER BY position"
    ).fetchall()
    causes = dict.fromkeys(("dependency", "crash", "lost"), 0)
    for each in jobs:
        causes[each["cause"]] += 1
    return {"count": len(jobs), "causes": causes, "jobs": jobs}


def suspects(connection: Connection) -> dict[str, Any]:
    """Open jobs during which two or more different worker processes died."""
    jobs = connection.execute(
        "SELECT j.id, j.kind, j.customer, j.state, count(DISTINCT a.pid) AS died FROM jobs j"
        " JOIN attempts a ON a.job = j.id"
        " WHERE j.state IN ('queued', 'running', 'dead')"
        " AND (a.outcome = 'lost' OR (a.outcome IS NULL AND j.lease_until < now()))"
        " AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.name = a.worker AND w.pid = a.pid"
        "   AND w.heartbeat_at > now() - %s * interval '1 second')"
        " GROUP BY j.id HAVING count(DISTINCT a.pid) > 1 ORDER BY j.position",
        (GONE_SECONDS,),
    ).fetchall()
    return {"count": len(jobs), "jobs": jobs}


def abandoned(connection: Connection) -> dict[str, Any]:
    """Jobs that are running for the queue, and that no living worker says it is at.

    `is_stuck`: its lease ends later than any that the queue gives, so waiting does not bring it back.
    """
    jobs = connection.execute(
        "SELECT id, kind, customer, worker, lease_until, lease_until IS NULL OR lease_until > now() +"
        " (SELECT value::float8 FROM queue_settings WHERE name = 'lease_seconds') * interval '1 second' AS is_stuck"
        " FROM jobs j WHERE state = 'running'"
        " AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.name = j.worker AND w.job = j.id"
        "   AND w.heartbeat_at > now() - %(gone)s * interval '1 second')"
        # One that was begun a moment ago may not have been reported yet.
        " AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job = j.id AND a.outcome IS NULL"
        "   AND a.started_at > now() - %(gone)s * interval '1 second') ORDER BY position",
        {"gone": GONE_SECONDS},
    ).fetchall()
    return {"count": len(jobs), "jobs": jobs}


def held(connection: Connection) -> dict[str, Any]:
    """What stays undone until a person lets it go: jobs put aside and kinds held back, each with why.

    `reason` is empty where nobody left a note.
    """
    jobs = connection.execute(
        "SELECT id, kind, customer, coalesce((SELECT reason FROM job_notes n WHERE n.job = j.id"
        " AND n.action = 'quarantine' ORDER BY at DESC LIMIT 1), '') AS reason"
        " FROM jobs j WHERE state = 'quarantined' ORDER BY position"
    ).fetchall()
    settings = {row["name"]: row for row in connection.execute("SELECT * FROM queue_settings").fetchall()}
    limits = _limits(settings)
    reasons = {kind: settings[f"limit:{kind}"]["reason"] for kind in limits}
    return {"count": len(jobs), "jobs": jobs, "limits": limits, "limit_reasons": reasons}


def poison(connection: Connection) -> dict[str, Any]:
    """Open jobs that are poison: two workers died of it, or it crashed for good while others of its kind are done."""
    killers = [{**each, "why": "workers died"} for each in suspects(connection)["jobs"]]
    crashed = [
        {**each, "why": each["error"]}
        for each in dead(connection)["jobs"]
        if each["cause"] == "crash" and each["others_done_since"]
    ]
    jobs = [{name: each[name] for name in ("id", "kind", "customer", "why")} for each in killers + crashed]
    return {"count": len(jobs), "jobs": jobs}


def done(connection: Connection) -> Rows:
    """Every finished job: id, kind, customer, is_ordered, sequence; in the order of their places in the queue."""
    return connection.execute(
        "SELECT id, kind, customer, is_ordered, (payload->>'sequence')::bigint AS sequence FROM jobs"
        " WHERE state = 'done' ORDER BY position"
    ).fetchall()


def known(connection: Connection) -> list[str]:
    """The ids of all jobs, whatever their state."""
    return [row["id"] for row in connection.execute("SELECT id FROM jobs ORDER BY position").fetchall()]


def slot_jobs(connection: Connection) -> list[str]:
    """The id of the job of each slot that ran. A slot and its job are written together."""
    rows = connection.execute("SELECT slot FROM cron_runs ORDER BY slot").fetchall()
    return [slots.job_of(row["slot"]) for row in rows]


def cron(connection: Connection) -> dict[str, Any]:
    """The slots that ran, and those between the first and the one before this that did not."""
    rows = connection.execute("SELECT slot FROM cron_runs ORDER BY slot").fetchall()
    ran = {row["slot"] for row in rows}
    if not ran:
        return {"last_slot": None, "missed": [], "missed_count": 0}
    last = slots.slot_at(slots.current().timestamp() - slots.SLOT_SECONDS)
    missed = [slot for slot in slots.between(min(ran), last) if slot not in ran]
    return {"last_slot": max(ran), "missed": missed, "missed_count": len(missed)}


def job(connection: Connection, name: str) -> dict[str, Any]:
    """One job with its attempts and what people did to it; empty when there is none."""
    found = connection.execute("SELECT * FROM jobs WHERE id = %s", (name,)).fetchone()
    if found is None:
        return {}
    tried = connection.execute(
        "SELECT * FROM attempts WHERE job = %s ORDER BY started_at", (name,)
    ).fetchall()
    notes = connection.execute("SELECT * FROM job_notes WHERE job = %s ORDER BY at", (name,)).fetchall()
    return {**found, "tried": tried, "notes": notes}


def _limits(settings: dict[str, dict[str, Any]]) -> dict[str, int]:
    """How many jobs of a kind may run at a time, by kind; a kind without a limit is not in it."""
    return {
        name.removeprefix("limit:"): int(row["value"])
        for name, row in settings.items()
        if name.startswith("limit:")
    }


def _expired(connection: Connection) -> int:
    """Leases that ran out in the last seconds although their worker lives: it was only slower than the lease."""
    return int(
        _one(
            connection,
            "SELECT count(*) AS number FROM attempts a JOIN workers w ON w.name = a.worker AND w.pid = a.pid"
            " WHERE a.outcome IN ('late', 'lost') AND a.ended_at > now() - %s * interval '1 second'"
            " AND w.heartbeat_at > now() - %s * interval '1 second'",
            (LATE_SECONDS, GONE_SECONDS),
        )["number"]
    )


def _lease_and_work(connection: Connection) -> dict[str, Any]:
    return _one(
        connection,
        "SELECT (SELECT value::float8 FROM queue_settings WHERE name = 'lease_seconds') AS lease_seconds,"
        " coalesce(round(max(extract(epoch FROM ended_at - started_at)), 2), 0)::float8 AS longest_work_seconds"
        " FROM attempts WHERE outcome IN ('done', 'late') AND ended_at > now() - interval '60 seconds'",
    )


def _slow_kinds(connection: Connection) -> list[str]:
    """Kinds of which both newest attempts took many times what the quickest earlier one took.

    One that goes on says nothing until it has taken long: so a kind that is slow stays so, whenever one looks.
    """
    rows = connection.execute(
        "WITH timed AS (SELECT kind, started_at, ended_at IS NULL AS goes_on,"
        "  extract(epoch FROM coalesce(ended_at, clock_timestamp()) - started_at) AS took FROM attempts"
        "  WHERE outcome IS NULL OR outcome IN ('done', 'failed')),"
        " known AS (SELECT kind, took, row_number() OVER (PARTITION BY kind ORDER BY started_at DESC) AS newest"
        "  FROM timed WHERE NOT goes_on OR took > %(long)s)"
        " SELECT kind, min(took) FILTER (WHERE newest <= %(recent)s) AS now,"
        "  min(took) FILTER (WHERE newest > %(recent)s) AS before FROM known GROUP BY kind ORDER BY kind",
        {"recent": RECENT_ATTEMPTS, "long": SLOW_SECONDS},
    ).fetchall()
    return [
        row["kind"]
        for row in rows
        if row["before"] and row["now"] > SLOW_SECONDS and row["now"] > SLOW_TIMES * row["before"]
    ]


def _one(connection: Connection, query: LiteralString, values: Any = None) -> dict[str, Any]:
    return connection.execute(query, values).fetchone() or {}
