"""Faults of what the queue depends on: the mail sender, the database, the desk."""

import contextlib
from datetime import UTC, datetime, timedelta

from keys_practice.errors import PracticeError
from keys_practice.jobs.department import Department
from keys_practice.jobs.faults.fault import Fault, must_end_as

LONG_AGO = timedelta(hours=30)


def _mail_dies(department: Department) -> None:
    department.keeper("stop", "mail")


def _mail_down(department: Department) -> None:
    _mail_dies(department)
    receipts_die(department)


def receipts_die(department: Department) -> None:
    """Let orders happen until receipts are dead: of something that is down already."""
    department.orders(4)
    department.must_become(lambda: department.desk("dead")["count"] >= 2, "jobs die")


def _mail_back(department: Department) -> None:
    department.keeper("start", "mail")
    department.must_become(lambda: _takes_mail(department), "the mail sender answers")


def _takes_mail(department: Department) -> bool:
    return _says(department, "mailctl", "health")


def _says(department: Department, *question: str) -> bool:
    """Whether a command says yes by now."""
    with contextlib.suppress(PracticeError):
        department.command(*question)
        return True
    return False


def _mail_was_down(department: Department) -> None:
    _mail_down(department)
    _mail_back(department)


def _answers_lost(department: Department) -> None:
    """Long ago messages went out and the answers got lost: the jobs are dead, and the keys are forgotten by now."""
    jobs = department.orders(3)
    must_end_as(department, jobs, "done")
    at = (datetime.now(UTC) - LONG_AGO).isoformat(timespec="milliseconds")
    department.rows(
        "UPDATE jobs SET state = 'dead', attempts = 3, finished_at = NULL, error_class = 'dependency',"
        " error = 'mail sender: timed out' WHERE id = ANY(%s)",
        jobs,
    )
    path = department.places.messages
    department.keeper("stop", "mail")
    path.write_text(
        "".join(_older(line, jobs, at) for line in path.read_text("utf-8").splitlines(True)), "utf-8"
    )
    department.keeper("start", "mail")
    department.must_become(lambda: _takes_mail(department), "the mail sender answers")


def _older(line: str, jobs: list[str], at: str) -> str:
    if not any(f'"{job}"' in line for job in jobs):
        return line
    return f'{{"at": "{at}"' + line[line.index(', "key"') :]


def _database_down(department: Department) -> None:
    department.keeper("stop", "postgres")


def _desk_down(department: Department) -> None:
    department.keeper("stop", "desk")


def _desk_back(department: Department) -> None:
    department.keeper("start", "desk")
    department.must_become(lambda: _says(department, "queuectl", "status"), "the desk answers")


def _tools_unusable(department: Department) -> None:
    """A clean-up took the operator's right to run the tools."""
    for tool in department.layout.bin.iterdir():
        tool.chmod(0o600)


def _log_emptied(department: Department) -> None:
    department.places.attempts_log.write_text("", "utf-8")


def _log_gone(department: Department) -> None:
    department.places.attempts_log.unlink()


_REPLAY = frozenset({"pause", "replay"})

FAULTS: dict[str, Fault] = {
    "mail-down": Fault("The mail sender is down. Jobs fail, and some are dead letters.", _mail_down, _REPLAY),
    "mail-dies": Fault("The mail sender goes down this moment.", _mail_dies, _REPLAY),
    "mail-comes-back": Fault("The mail sender is up again.", _mail_back, _REPLAY),
    "mail-was-down": Fault(
        "The mail sender was down and is up again. Dead letters are left.",
        _mail_was_down,
        frozenset({"replay"}),
    ),
    "answers-lost": Fault(
        "Messages went out and their answers got lost, more than a day ago. The jobs are dead, the mails are not.",
        _answers_lost,
        frozenset({"replay"}),
    ),
    "database-down": Fault("The database server is down: not a failure of the queue.", _database_down),
    "attempts-log-emptied": Fault("The workers' log of attempts was emptied this moment.", _log_emptied),
    "attempts-log-gone": Fault("The workers' log of attempts was removed this moment.", _log_gone),
    "desk-comes-back": Fault("The queue's desk is up again.", _desk_back),
    "tools-unusable": Fault(
        "The operator's tools can't be run any more: their execute right is gone.", _tools_unusable
    ),
    "desk-down": Fault("The queue's desk is down. The queue itself goes on.", _desk_down),
}
