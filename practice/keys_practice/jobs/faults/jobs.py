"""Faults of jobs themselves: poison, and texts that no job of a kind survives."""

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
    "template-broken": Fault(
        "Somebody saved a broken template: every receipt crashes. No job is poison.", _template_broken
    ),
}
