"""Faults of jobs themselves: poison, texts that no job of a kind survives, and what people do to jobs by hand."""

from typing import Any

from keys_practice.jobs.build import WORKERS
from keys_practice.jobs.department import Department
from keys_practice.jobs.faults.fault import Fault, must_end_as

BEHIND = 2
HUGE = {"width": 400_000, "height": 400_000}
VICTIM = "cus_yew"
VICTIMS = tuple(f"cus_import_{number}" for number in range(6))


def _crashes(department: Department) -> None:
    """An order without an amount. Its receipt can't be written, and later ones of the customer wait for it."""
    (job,) = department.orders(1, VICTIM, amount=None)
    department.poison.add(job)
    department.orders(BEHIND, VICTIM)
    must_end_as(department, [job], "dead")


def _many_crash(department: Department) -> None:
    """A bad import: orders without an amount, of several customers, among good ones."""
    jobs = [department.orders(1, customer, amount=None)[0] for customer in VICTIMS]
    department.poison.update(jobs)
    must_end_as(department, jobs, "dead")


def _kills(department: Department) -> None:
    """An order with a picture that no worker has the memory for: each one that takes it dies."""
    (job,) = department.orders(1, VICTIM, picture=HUGE)
    department.poison.add(job)
    department.orders(BEHIND, VICTIM)

    def are_dead() -> bool:
        return all(department.unit(name)["state"] == "crashed" for name in WORKERS)

    department.must_become(are_dead, "the job has killed both workers")
    department.must_become(lambda: department.desk("suspects")["count"] == 1, "both lost it")


def _template_broken(department: Department) -> None:
    """Somebody saved a template with a field that no order has: every receipt crashes, whoever it is for."""
    path = department.places.templates / "receipt.txt"
    path.write_text(path.read_text("utf-8") + "Your garden: {garden}\n", "utf-8")
    department.orders(12)
    department.must_become(lambda: department.desk("dead")["causes"]["crash"] > 3, "receipts crash")


def _deleted(department: Department) -> None:
    """Somebody tidied up by hand: a waiting job is gone, and the queue knows nothing of it."""
    *_, last = department.orders(6, VICTIM)
    department.rows("DELETE FROM jobs WHERE id = %s AND state = 'queued'", last)
    department.must_become(
        lambda: department.desk("status")["queued"] < BEHIND, "the jobs that are left are done"
    )


def _edited(department: Department) -> None:
    """A script that merged customers gave a waiting receipt to another customer, and one another amount."""
    jobs = department.orders(8, VICTIM)
    edited = [
        *department.rows(
            "UPDATE jobs SET customer = 'cus_stranger' WHERE id = %s AND state = 'queued' RETURNING id",
            jobs[-1],
        ),
        *department.rows(
            "UPDATE jobs SET payload = payload || '{\"amount\": \"0.01 EUR\"}' WHERE id = %s AND state = 'queued'"
            " RETURNING id",
            jobs[-2],
        ),
    ]
    department.must_become(lambda: len(edited) == BEHIND, "two waiting jobs are edited")
    must_end_as(department, jobs, "done")


def _put_aside(department: Department) -> None:
    """A colleague put a good job aside by hand to look at it, and forgot it."""
    *others, last = department.orders(6, VICTIM)
    department.command("queuectl", "quarantine", "--reason", "looking at it", last)
    must_end_as(department, others, "done")


def _template_emptied(department: Department) -> None:
    """Somebody saved a trial over the receipt's template: no job fails, and no receipt says an amount."""
    (department.places.templates / "receipt.txt").write_text("A trial. Please ignore.\n", "utf-8")
    must_end_as(department, department.orders(2, VICTIM), "done")


def _digest_deleted(department: Department) -> None:
    """Somebody tidied up by hand: a waiting digest is gone before it went out, and its slot counts as run."""
    for name in WORKERS:
        department.keeper("stop", name)
    gone: list[dict[str, Any]] = []

    def is_gone() -> bool:
        gone.extend(
            department.rows(
                "DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE kind = 'digest' AND state = 'queued'"
                " AND attempts = 0 ORDER BY position LIMIT 1) RETURNING id"
            )
        )
        return bool(gone)

    department.must_become(is_gone, "a waiting digest is gone")
    for name in WORKERS:
        department.keeper("start", name)
    must_end_as(department, department.orders(2), "done")


FAULTS: dict[str, Fault] = {
    "poison-crashes": Fault(
        "One job can't be done: its order has no amount. It is dead, and its customer's later jobs wait.",
        _crashes,
        frozenset({"quarantine", "replay"}),
    ),
    "poison-import": Fault(
        "A bad import has brought six orders that can't be done, each of another customer.",
        _many_crash,
        frozenset({"quarantine", "replay"}),
    ),
    "poison-kills": Fault(
        "One job kills every worker that takes it. Both are dead.",
        _kills,
        frozenset({"quarantine", "worker", "replay"}),
    ),
    "job-deleted": Fault("Somebody deleted a waiting job by hand. The queue looks well.", _deleted),
    "jobs-edited": Fault(
        "A script gave a waiting receipt to another customer, and another one a wrong amount. Both went out.",
        _edited,
    ),
    "job-put-aside": Fault(
        "A colleague has put a good job aside by hand and forgotten it. Its customer waits.", _put_aside
    ),
    "template-emptied": Fault(
        "Somebody saved a trial over the receipt's template. Receipts go out, and say nothing.",
        _template_emptied,
    ),
    "digest-deleted": Fault(
        "Somebody deleted a waiting digest by hand. Its slot counts as run.", _digest_deleted
    ),
    "template-broken": Fault(
        "Somebody saved a broken template: every receipt crashes. No job is poison.", _template_broken
    ),
}
