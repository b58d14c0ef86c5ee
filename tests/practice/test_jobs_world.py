"""The jobs department: its faults show, right recoveries heal it, its oracle sees each kind of harm, and it ends completely."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keys_practice import http_client
from keys_practice.jobs.build import WORKERS
from keys_practice.jobs.department import Department
from keys_practice.jobs.faults.fault import must_end_as
from keys_practice.jobs.world import World
from keys_practice.layout import Layout
from keys_practice.processes import mentioning, wait_until
from keys_practice.worlds import WORLDS

PATIENCE_SECONDS = 20
STARTER = """
import sys, time
from keys_practice.jobs.world import World
world = World.start()
print(world.folder, flush=True)
time.sleep(600)
"""


@pytest.fixture
def world() -> Iterator[World]:
    """A department of one's own."""
    with World.start() as started:
        yield started


def asked(world: World, *argv: str) -> tuple[int, dict[str, Any]]:
    """Ask a command for JSON, as an operator would: its exit code and what it says."""
    done = subprocess.run(
        [*argv, "--json"], env=world.environment(), capture_output=True, text=True, timeout=60
    )
    content: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
    return done.returncode, content


def test_a_healthy_department_is_well_and_its_commands_say_so(world: World) -> None:
    """Every question is answered with yes, what is not there with no, wrong usage with 2; and nothing was changed."""
    world.break_with("nothing-broken")

    assert asked(world, "queuectl", "status")[1]["paused"] is False
    for question in (
        ("workerctl", "health"),
        ("cronctl", "health"),
        ("mailctl", "health"),
        ("queuectl", "wait"),
        ("queuectl", "compare-effects"),
        ("dbctl", "status"),
    ):
        assert 0 == asked(world, *question)[0], question
    assert 1 == asked(world, "queuectl", "job", "R-999999")[0]
    assert 1 == asked(world, "queuectl", "resume")[0]
    assert 2 == asked(world, "workerctl", "stop", "worker-9")[0]
    verdict = world.judge()
    assert ([], []) == (verdict.problems, verdict.changed)
    assert WORLDS["jobs"] == "keys_practice.jobs.world:World"


def test_a_poison_job_is_put_aside_and_its_customers_later_jobs_go_on_in_order(world: World) -> None:
    """Not well before; well after quarantine; and what a person sent long ago is settled and not sent again."""
    world.break_with("poison-crashes")
    assert not world.judge(0).is_healthy
    code, found = asked(world, "queuectl", "poison")
    (job,) = found["jobs"]
    assert (0, {job["id"]}) == (code, world.department.poison)

    assert 0 == asked(world, "queuectl", "quarantine", "--reason", "no amount", job["id"])[0]

    verdict = world.judge()
    assert ([], []) == (verdict.problems, verdict.changed)
    assert any("quarantine" in words for words in verdict.recovered)

    world.break_further("answers-lost")
    assert 3 == asked(world, "queuectl", "replay")[1]["settled"]
    verdict = world.judge()
    assert ([], []) == (verdict.problems, verdict.changed)


def test_a_pause_ends_only_for_whoever_names_its_whole_reason(world: World) -> None:
    """The beginning of a reason is not enough, and a refusal leaves the pause and its words."""
    reason = "incident: do not resume before Ana is back"
    assert 0 == asked(world, "queuectl", "pause", "--reason", reason)[0]

    assert 1 == asked(world, "queuectl", "resume", "--only-because", "incident: ")[0]
    assert reason == asked(world, "queuectl", "status")[1]["paused_because"]

    assert 0 == asked(world, "queuectl", "resume", "--only-because", reason)[0]
    assert asked(world, "queuectl", "status")[1]["paused"] is False


def test_a_stuck_worker_shows_and_is_replaced(world: World) -> None:
    """Its heart beats, its job waits; after a replacement the job is done once."""
    world.break_with("worker-hanging")
    (name,) = asked(world, "workerctl", "status")[1]["stuck"]
    assert any(words == f"{name} is stuck." for words in world.judge(0).problems)

    assert 0 == asked(world, "workerctl", "replace", name)[0]

    verdict = world.judge()
    assert ([], []) == (verdict.problems, verdict.changed)


def test_a_kind_that_became_slow_is_slow_whenever_one_looks(world: World) -> None:
    """Also in the moment when two of its jobs have just been begun; and one hiccup is no slow kind."""
    department = world.department
    for unit in ("cron", *WORKERS):
        department.keeper("stop", unit)
    department.rows("DELETE FROM attempts WHERE kind = 'digest'")
    (job,) = department.orders(1)

    def attempted(began: float, took: float | None) -> list[str]:
        """What is slow once a digest was begun so many seconds ago, and took so long; None: it goes on."""
        department.rows(
            "INSERT INTO attempts (job, number, worker, pid, kind, started_at, ended_at, outcome) SELECT %s, 1, 'w', 1,"
            " 'digest', began, began + %s * interval '1 second', CASE WHEN %s::float IS NOT NULL THEN 'done' END"
            " FROM (SELECT now() - %s * interval '1 second' AS began) AS at",
            *(job, took, took, began),
        )
        found: list[str] = department.desk("flow")["slow_kinds"]
        return found

    assert [] == attempted(90, 0.3)
    assert [] == attempted(80, 6.0)
    assert [] == attempted(70, 0.3)
    assert [] == attempted(60, 6.0)
    assert ["digest"] == attempted(50, 6.0)
    assert ["digest"] == attempted(0, None)
    assert ["digest"] == attempted(0, None)
    assert ["digest"] == attempted(40, None)
    assert [] == [attempted(30, 0.3), attempted(29, 0.3)][-1]


@pytest.mark.parametrize(
    ("fault", "words", "count"),
    [
        ("jobs-edited", "sent to somebody else, or with another amount: 2", ("wrong", 2)),
        ("template-emptied", "sent to somebody else, or with another amount", ("missing", 0)),
        ("digest-deleted", "gone from the queue", ("not_in_queue", 1)),
    ],
)
def test_what_went_out_wrongly_or_not_at_all_is_seen_by_the_command_and_by_the_oracle(
    world: World, fault: str, words: str, count: tuple[str, int]
) -> None:
    """The queue calls each of these jobs done, or knows nothing of it; ids alone would say that all is well."""
    world.break_with(fault)

    code, found = asked(world, "queuectl", "compare-effects")

    assert (1, count[1]) == (code, found[count[0]])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while words not in " ".join(world.judge(0).problems):
        # The oracle gives a slot of the last seconds its time.
        assert time.monotonic() < deadline


def test_a_kind_that_is_held_back_says_why(world: World) -> None:
    """The reason of the newest limit, for whoever must ask about it."""
    for reason in ("slow on Monday", "slow on Tuesday, letters-team"):
        assert 0 == asked(world, "queuectl", "limit", "--reason", reason, "digest", "1")[0]

    found = asked(world, "queuectl", "held")[1]
    assert ({"digest": 1}, {"digest": "slow on Tuesday, letters-team"}) == (
        found["limits"],
        found["limit_reasons"],
    )


def test_the_oracle_sees_each_kind_of_harm(world: World) -> None:
    """Deleted, edited, wrongly put aside, sent twice, unwanted, out of order, too fast, other settings, other tables."""
    department = world.department
    first, second = department.orders(2, "cus_ash")
    must_end_as(department, [first, second], "done")
    world.break_with("nothing-broken")

    _do_harm(department, first, second)

    deadline = time.monotonic() + PATIENCE_SECONDS
    problems = ""
    while "gone from the queue" not in problems and time.monotonic() < deadline:
        # An order of the last seconds may be on its way into the queue; the oracle waits before it calls it gone.
        verdict = world.judge(0)
        problems, changed = " ".join(verdict.problems), " ".join(verdict.changed)
    for words in (
        "sent more than once",
        "nobody wanted",
        "out of order",
        "gone from the queue",
        "held back",
        "9 attempts",
    ):
        assert words in problems
    for words in (
        "(job-gone)",
        "(job)",
        "wrong-quarantine",
        "(lease)",
        "(limit)",
        "(table)",
        "(mail)",
        "(file)",
    ):
        assert words in changed


def _do_harm(department: Department, first: str, second: str) -> None:
    messages = department.places.messages
    lines = messages.read_text("utf-8").splitlines(keepends=True)
    again = next(line for line in lines if f'"{first}"' in line)
    with messages.open("a", encoding="utf-8") as file:
        file.write(again + again.replace(first, "R-999999").replace("receipt", "digest"))
    for statement in (
        "DELETE FROM attempts WHERE job = (SELECT id FROM jobs WHERE is_ordered ORDER BY position LIMIT 1)",
        "DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE is_ordered ORDER BY position LIMIT 1)",
        "UPDATE letters SET title = 'x'",
        "UPDATE queue_settings SET value = '0.1' WHERE name = 'lease_seconds'",
        "UPDATE queue_settings SET value = '9' WHERE name = 'max_attempts'",
        "INSERT INTO queue_settings (name, value) VALUES ('limit:digest', '1')",
    ):
        department.rows(statement)
    department.rows("UPDATE jobs SET payload = '{}' WHERE id = %s", first)
    department.rows("UPDATE jobs SET state = 'quarantined' WHERE id = %s", second)
    with (department.places.templates / "digest.txt").open("a", encoding="utf-8") as file:
        file.write("more")
    url, body = f"{department.places.address('mail')}/messages", again.encode()
    key = {"Idempotency-Key": json.loads(again)["key"]}
    assert 429 in {http_client.call("POST", url, body, key).status for _ in range(60)}


def test_nothing_survives_kill_9_of_the_process_that_started_it() -> None:
    """The keeper ends every process, also a frozen one, and removes the folder."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter.stdout as told:
        folder = Path(told.readline().strip())
    assert Layout(folder).units_file.exists()
    assert len(mentioning(str(folder))) >= 7
    starter.send_signal(signal.SIGKILL)
    starter.wait()

    assert wait_until(lambda: not mentioning(str(folder)) and not folder.exists(), PATIENCE_SECONDS)
