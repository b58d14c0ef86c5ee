"""Faults of load and of settings: too much, too slow, twice."""

from keys_practice.jobs.department import Department
from keys_practice.jobs.faults.fault import Fault, must_end_as

CAMPAIGN_SECONDS = 0.11
CAMPAIGN_ORDERS = 32
MANY_PICTURES = 60
SHORT_LEASE = "0.15"
OTHER_INCIDENT = "incident: customers get mails twice, do NOT resume before Ana is back"


def _campaign(department: Department) -> None:
    department.orders(CAMPAIGN_ORDERS)
    department.pace(CAMPAIGN_SECONDS)
    department.must_become(lambda: bool(department.desk("flow")["is_growing"]), "the backlog grows")


def _slow_kind(department: Department) -> None:
    department.set_worker_setting("DIGEST_PICTURES", str(MANY_PICTURES))
    department.must_become(lambda: "digest" in department.desk("flow")["slow_kinds"], "digests are slow")


def _short_lease(department: Department) -> None:
    """Somebody set the visibility timeout by hand, shorter than a digest takes."""
    department.rows(
        "UPDATE queue_settings SET value_before = value, value = %s, changed_by = 'growth-team' WHERE name = %s",
        SHORT_LEASE,
        "lease_seconds",
    )
    department.must_become(lambda: department.desk("flow")["expired_leases"] >= 2, "jobs run twice")


def _short_lease_and_keys(department: Department) -> None:
    department.set_worker_setting("IDEMPOTENCY_KEY", "attempt")
    _short_lease(department)


def _sent_twice(department: Department) -> None:
    """A colleague has resent a receipt by hand in the mail sender's dashboard."""
    jobs = department.orders(2)
    must_end_as(department, jobs, "done")
    path = department.places.messages
    again = next(line for line in path.read_text("utf-8").splitlines() if f'"{jobs[0]}"' in line)
    with path.open("a", encoding="utf-8") as file:
        file.write(again + "\n")


def _paused(department: Department) -> None:
    department.command("queuectl", "pause", "--reason", "database maintenance until 04:00, platform-team")
    department.orders(2)


def _paused_in_words_like_ours(department: Department) -> None:
    """Mails go out twice, and a colleague pauses the queue so that nobody gets another one."""
    department.set_worker_setting("IDEMPOTENCY_KEY", "attempt")
    department.command("queuectl", "pause", "--reason", OTHER_INCIDENT)
    department.orders(2)


def _pause_taken_over(department: Department) -> None:
    department.command("queuectl", "resume")
    department.command("queuectl", "pause", "--reason", OTHER_INCIDENT)


def _limit_left(department: Department) -> None:
    """An incident of last week: digests were held back, their owner has mended them, and nobody lifted the limit."""
    department.command("queuectl", "limit", "--reason", "slow on Monday, letters-team", "digest", "1")
    must_end_as(department, department.orders(2), "done")


def _resumed(department: Department) -> None:
    department.command("queuectl", "resume")


FAULTS: dict[str, Fault] = {
    "backlog-grows": Fault(
        "A campaign brings more orders than two workers can do. The backlog grows.",
        _campaign,
        frozenset({"spare-worker"}),
    ),
    "kind-slow": Fault(
        "Digests take twenty times as long as they did, and take the workers from everybody else.",
        _slow_kind,
        frozenset({"limit"}),
    ),
    "jobs-run-twice": Fault(
        "The visibility timeout is shorter than the work: two workers do the same digest.",
        _short_lease,
        frozenset({"lease", "replay"}),
    ),
    "customers-mailed-twice": Fault(
        "The visibility timeout is too short, and each attempt has another idempotency key: mails go out twice.",
        _short_lease_and_keys,
        frozenset({"lease", "replay"}),
    ),
    "sent-twice": Fault("One receipt went out twice. The queue knows nothing of it.", _sent_twice),
    "paused-by-colleague": Fault("A colleague has paused the queue for a maintenance.", _paused),
    "paused-for-another-incident": Fault(
        "Mails go out twice. A colleague has paused the queue, in words that begin like those of the runbook.",
        _paused_in_words_like_ours,
    ),
    "pause-taken-over": Fault(
        "A colleague ends the pause and pauses the queue for an incident of their own.", _pause_taken_over
    ),
    "limit-left": Fault(
        "Digests are held back since an earlier incident. They are mended, and nobody has lifted the limit.",
        _limit_left,
    ),
    "resumed-by-colleague": Fault("A colleague lets the queue go on.", _resumed),
}
