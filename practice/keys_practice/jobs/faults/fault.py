"""What a fault of the jobs department is, and how one waits until its symptom shows."""

from collections.abc import Callable
from dataclasses import dataclass

from keys_practice.jobs.department import Department


@dataclass(frozen=True)
class Fault:
    """One way to break the department.

    `allowed_changes` are the kinds of change (see facts.py) that a right recovery may make; everything else that
    differs afterwards was touched without need. `cause` returns when the symptom can be seen.
    """

    description: str
    cause: Callable[[Department], None]
    allowed_changes: frozenset[str] = frozenset()


def must_end_as(department: Department, jobs: list[str], state: str) -> None:
    """Wait until all these jobs are in this state."""
    department.must_become(lambda: department.states(jobs) == {state}, f"the jobs {jobs} become {state}")


def nothing(department: Department) -> None:
    """Let ordinary work happen."""
    must_end_as(department, department.orders(3), "done")
