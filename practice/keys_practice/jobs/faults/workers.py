"""Faults of the workers' and the scheduler's processes."""

import os
import signal

from keys_practice.jobs.build import WORKERS
from keys_practice.jobs.department import Department
from keys_practice.jobs.faults.fault import Fault, must_end_as
from keys_practice.processes import is_frozen, wait_until

WAITING = 4
SILENT_SECONDS = 3.1
FREEZE_SECONDS = 1


def _kill(department: Department, *names: str) -> None:
    for name in names:
        os.kill(department.unit(name)["pid"], signal.SIGKILL)
    department.must_become(
        lambda: all(department.unit(name)["state"] == "crashed" for name in names),
        "the killed workers are noticed",
    )


def _all_dead(department: Department) -> None:
    _kill(department, *WORKERS)
    department.orders(WAITING)


def _one_dead(department: Department) -> None:
    """Between two jobs: one that dies again and again in the middle of the same job is another story."""
    pid = department.unit(WORKERS[0])["pid"]

    def is_held_between_jobs() -> bool:
        os.kill(pid, signal.SIGSTOP)
        busy = "SELECT 1 FROM jobs WHERE state = 'running' AND worker = %s"
        if wait_until(lambda: is_frozen(pid), FREEZE_SECONDS, 0.001) and not department.rows(
            busy, WORKERS[0]
        ):
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    department.must_become(is_held_between_jobs, f"{WORKERS[0]} is between two jobs")
    _kill(department, WORKERS[0])


def _frozen(department: Department) -> None:
    """Stopped in the middle of a job: its connection, and with it the customer's lock, stays."""
    name = WORKERS[0]

    def is_at_a_receipt() -> bool:
        return any(w["name"] == name and str(w["job"]).startswith("R-") for w in department.desk("workers"))

    department.orders(12)
    department.must_become(is_at_a_receipt, f"{name} is in the middle of a receipt")
    pid = department.unit(name)["pid"]
    os.kill(pid, signal.SIGSTOP)
    department.must_become(lambda: is_frozen(pid), f"{name} is frozen")
    department.must_become(
        lambda: _age(department, name, "heartbeat_age") > SILENT_SECONDS, f"{name} is silent"
    )


def _hanging(department: Department) -> None:
    """The mail sender's answer to one message is lost, and the worker waits for it almost for ever."""
    (job,) = department.orders(1, picture={"width": 1, "height": 1})
    department.behave(swallow=[job])
    department.must_become(lambda: department.states([job]) == {"running"}, f"{job} runs")
    (row,) = department.rows("SELECT worker FROM jobs WHERE id = %s", job)
    department.must_become(
        lambda: _age(department, row["worker"], "progress_age") > SILENT_SECONDS,
        "its worker makes no progress",
    )


def _age(department: Department, name: str, which: str) -> float:
    return next(float(w[which]) for w in department.desk("workers") if w["name"] == name)


def _leased_for_long(department: Department) -> None:
    """A worker on a host whose clock is wrong took a job until tomorrow, and is gone."""
    *others, last = department.orders(6, "cus_yew")
    taken = department.rows(
        "UPDATE jobs SET state = 'running', worker = 'worker-9', attempts = 1, lease_until = now() + interval '1 day'"
        " WHERE id = %s AND state = 'queued' RETURNING id",
        last,
    )
    department.must_become(lambda: bool(taken), f"{last} is leased until tomorrow")
    must_end_as(department, others, "done")


def _cron_dead(department: Department) -> None:
    os.kill(department.unit("cron")["pid"], signal.SIGKILL)
    department.must_become(lambda: department.desk("cron")["missed_count"] >= 2, "two slots are missed")


def _cron_was_down(department: Department) -> None:
    _cron_dead(department)
    department.command("cronctl", "start")


def _thaw(department: Department) -> None:
    os.kill(department.unit(WORKERS[0])["pid"], signal.SIGCONT)
    department.must_become(
        lambda: _age(department, WORKERS[0], "progress_age") < SILENT_SECONDS - 1, "the worker goes on"
    )


def _colleague_starts_them(department: Department) -> None:
    department.command("workerctl", "start")


def _settings_broken(department: Department) -> None:
    """Somebody saved worker.env without its first line. The workers that run have read it long ago."""
    path = department.places.worker_settings
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("DATABASE_URL=")), "utf-8")


_WORKER = frozenset({"worker"})

FAULTS: dict[str, Fault] = {
    "workers-dead": Fault("The kernel killed both workers. Nobody takes a job.", _all_dead, _WORKER),
    "worker-dead": Fault("One of two workers is dead. The other one goes on.", _one_dead, _WORKER),
    "worker-frozen": Fault(
        "A worker is frozen in the middle of a job: no heartbeat, and it keeps its customer's lock.",
        _frozen,
        _WORKER,
    ),
    "worker-hanging": Fault(
        "A worker waits for an answer that never comes: its heart beats, and it does nothing.",
        _hanging,
        _WORKER,
    ),
    "job-leased-for-long": Fault(
        "A worker that is gone has leased a job until tomorrow. The queue calls it running, and nobody does it.",
        _leased_for_long,
    ),
    "worker-thaws": Fault("The frozen worker goes on by itself.", _thaw, _WORKER),
    "workers-started": Fault(
        "A colleague starts the dead workers and tells nobody.", _colleague_starts_them, _WORKER
    ),
    "worker-settings-broken": Fault(
        "Somebody saved worker.env without DATABASE_URL. Workers run on, and none can start.",
        _settings_broken,
        frozenset({"worker", "spare-worker"}),
    ),
    "cron-dead": Fault(
        "The scheduler is dead and has missed slots. The queue looks well.",
        _cron_dead,
        frozenset({"cron", "catch-up"}),
    ),
    "cron-was-down": Fault(
        "The scheduler was dead for some slots, and a colleague has started it.",
        _cron_was_down,
        frozenset({"catch-up"}),
    ),
}
