"""The selling department and the jobs department side by side: a receipt needs the address service, as an order does.

So one dependency breaks both. Each department keeps its own processes, database, faults and oracle.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from keys_practice.errors import PracticeError
from keys_practice.jobs.department import Department
from keys_practice.jobs.faults import FAULTS as OF_JOBS
from keys_practice.jobs.faults.fault import Fault
from keys_practice.jobs.faults.outside import receipts_die
from keys_practice.jobs.places import WIRE
from keys_practice.jobs.world import World
from keys_practice.kept_world import fault_called
from keys_practice.layout import Layout, write_json
from keys_practice.verdict import Verdict
from keys_practice.wire.commands.depctl import JOBS
from keys_practice.wire.world import WireWorld

_RECEIPTS_DIE = Fault("Receipts die of the address service.", receipts_die, frozenset({"pause", "replay"}))


@dataclass(frozen=True)
class Both:
    """What breaks in the selling department, and then in the jobs department; None: nothing there."""

    description: str
    selling: str
    jobs: Fault | None = None


FAULTS = {
    "nothing-broken": Both(
        "Nothing is broken. A right run changes nothing.", "nothing-broken", OF_JOBS["nothing-broken"]
    ),
    "addresses-refused": Both(
        "The address service refuses connections: nobody can order, and receipts die in the queue.",
        "addresses-refused",
        _RECEIPTS_DIE,
    ),
    "mended": Both("Every dependency is well again from this moment.", "mended"),
    "list-cut": Both("A full disk cut the list of dependencies.", "list-cut"),
}


class JoinedWorld:
    """Both departments, running. Every method blocks. They end with the Python process that started them."""

    def __init__(self, selling: WireWorld, jobs: World) -> None:
        self._selling, self._jobs = selling, jobs

    @classmethod
    def start(cls) -> Self:
        """Start both at once. Raises PracticeError; then nothing is left behind."""
        with ThreadPoolExecutor(2) as pool:
            starting = pool.submit(WireWorld.start), pool.submit(World.start)
        problem = next((each.exception() for each in starting if each.exception()), None)
        if problem is not None:
            for each in starting:
                if each.exception() is None:
                    each.result().stop()
            raise PracticeError(f"One of the departments did not start: {problem}") from problem
        selling, jobs = starting[0].result(), starting[1].result()
        _introduce(selling.company.layout, JOBS, jobs.department.layout)
        _introduce(jobs.department.layout, WIRE, selling.company.layout)
        return cls(selling, jobs)

    @classmethod
    def faults(cls) -> dict[str, str]:
        """How they can be broken: name to description."""
        return {name: fault.description for name, fault in FAULTS.items()}

    @property
    def department(self) -> Department:
        """Handles on the jobs department, for tests that do what no command does."""
        return self._jobs.department

    def break_with(self, fault: str) -> None:
        """Really break them (a name of FAULTS); returns when the symptom can be seen."""
        chosen = fault_called(FAULTS, fault)
        self._selling.break_with(chosen.selling)
        if chosen.jobs is not None:
            self._jobs.suffer(chosen.jobs)

    def break_further(self, fault: str) -> None:
        """Break them once more, now, while somebody may be at work on them."""
        chosen = fault_called(FAULTS, fault)
        self._selling.break_further(chosen.selling)
        if chosen.jobs is not None:
            self._jobs.suffer_further(chosen.jobs)

    def inputs(self) -> dict[str, str]:
        """What the runbooks of both are told, none of it secret."""
        return {**self._selling.inputs(), **self._jobs.inputs()}

    def secrets(self) -> dict[str, str]:
        """Nothing."""
        return {}

    def environment(self) -> dict[str, str]:
        """The commands of both. `dbctl` is that of the queue's database."""
        jobs, selling = (each.environment()["PATH"] for each in (self._jobs, self._selling))
        return {**self._jobs.environment(), "PATH": f"{jobs.partition(':')[0]}:{selling}"}

    def judge(self) -> Verdict:
        """What both oracles see."""
        seen = self._selling.judge(), self._jobs.judge()
        return Verdict(
            [words for each in seen for words in each.problems],
            changed=[words for each in seen for words in each.changed],
            recovered=[words for each in seen for words in each.recovered],
        )

    def stop(self) -> None:
        """End every process and remove both folders. Calling it again does nothing."""
        self._selling.stop()
        self._jobs.stop()


def _introduce(layout: Layout, name: str, other: Layout) -> None:
    """Let one department know where the other is."""
    write_json(
        layout.facts_file, {**json.loads(layout.facts_file.read_text("utf-8")), name: str(other.folder)}
    )
