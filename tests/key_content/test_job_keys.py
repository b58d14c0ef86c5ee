"""The job KEYS: a replay that is slow, resumable and does nothing twice; a slot that runs at most once; an honest analysis."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPLAY, CRON, ANALYSIS = (
    "node-background-job-replay",
    "node-safe-cron-execution",
    "jupyter-job-failure-analysis",
)
Call = Callable[..., Any]

QUEUECTL = """
    import json, os, sys, time
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    jobs = json.load(open(home + "/jobs.json"))
    verb, job = sys.argv[1], sys.argv[-1]
    if os.path.exists(home + "/down"):
        sys.exit(3)
    if verb == "dead":
        dead = [{"id": name, "cause": each["cause"]} for name, each in jobs.items() if each["state"] == "dead"]
        print(json.dumps({"count": len(dead), "jobs": dead}))
    elif verb == "job":
        print(json.dumps({"id": job, "state": jobs[job]["state"]}))
    elif jobs[job]["state"] != "dead":
        print(json.dumps({"replayed": 0, "settled": 0, "skipped": 0}))
    else:
        print(job, time.monotonic(), file=open(home + "/replayed", "a"))
        settled = jobs[job].get("sent", False)
        jobs[job]["state"] = jobs[job].get("becomes", "done")
        json.dump(jobs, open(home + "/new.json", "w")); os.replace(home + "/new.json", home + "/jobs.json")
        print(json.dumps({"replayed": int(not settled), "settled": int(settled), "skipped": 0}))
"""


class FakeQueue:
    """A `queuectl` on PATH that keeps its jobs in a file and writes down what it replayed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "bin").mkdir(parents=True)
        self.program("queuectl", QUEUECTL)

    def program(self, name: str, text: str) -> None:
        """Put a Python program on PATH."""
        path = self.home / "bin" / name
        path.write_text(f"#!{sys.executable} -IS\n{textwrap.dedent(text)}", "utf-8")
        path.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """What a call needs to find it."""
        return {"PATH": f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def holds(self, **jobs: dict[str, Any]) -> None:
        """Fill it; job names have a dash for the underscore."""
        named = {
            name.replace("_", "-"): {"state": "dead", "cause": "dependency", **each}
            for name, each in jobs.items()
        }
        (self.home / "jobs.json").write_text(json.dumps(named), "utf-8")

    def replayed(self) -> list[str]:
        """What was really replayed, in order."""
        path = self.home / "replayed"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def queue(tmp_path: Path) -> FakeQueue:
    """An empty queue."""
    return FakeQueue(tmp_path / "queue")


@pytest.fixture
def call(call_key: Call, queue: FakeQueue) -> Call:
    """`call_key` in the queue's environment."""

    def called(slug: str, *options: str, **arguments: object) -> Any:
        return call_key(slug, *options, environment=queue.environment, **arguments)

    return called


def test_a_replay_takes_what_can_be_done_oldest_first_and_leaves_crashes(
    call: Call, queue: FakeQueue
) -> None:
    """The example's result: two queued again, one settled, one crash left alone."""
    queue.holds(R_1={}, R_2={"sent": True}, R_3={"cause": "crash"}, R_4={"cause": "lost"})

    result = call(REPLAY, per_second=20).result

    folder = Path(__file__).parents[2] / "library" / "node" / REPLAY / "examples"
    assert json.loads((folder / "result.json").read_text()) == result
    assert ["R-1", "R-2", "R-4"] == queue.replayed()


def test_a_dry_run_names_the_jobs_and_changes_nothing(call: Call, queue: FakeQueue) -> None:
    """Only the question was asked."""
    queue.holds(R_1={}, R_2={})

    result = call(REPLAY, "--dry-run").result

    assert (["R-1", "R-2"], True) == (result["would_replay"], result["dry_run"])
    assert [] == queue.replayed()


def test_a_replay_stops_when_the_first_job_dies_again(call: Call, queue: FakeQueue) -> None:
    """The cause is not mended: the rest stays as it is."""
    queue.holds(R_1={"becomes": "dead"}, R_2={}, R_3={})

    result = call(REPLAY, per_second=20).result

    assert ["R-1"] == queue.replayed()
    assert ("failed", 2, True) == (result["first"], result["remaining"], result["stopped_early"])


def test_a_killed_replay_is_continued_and_repeats_nothing(
    call: Call, queue: FakeQueue, tmp_path: Path
) -> None:
    """kill -9 in the middle; the second call does what is left."""
    names = [f"R-{number}" for number in range(8)]
    queue.holds(**{name.replace("-", "_"): {} for name in names})
    entry = Path(__file__).parents[2] / "library" / "node" / REPLAY / "main.mjs"
    script = f"import run from {json.dumps(str(entry))}; await run({{per_second: 5, first: 0}}, {{mode: 'run', progress() {{}}}});"
    began = subprocess.Popen(
        ["node", "--input-type=module", "-e", script], env={**os.environ, **queue.environment}
    )
    deadline = time.monotonic() + 30
    while len(queue.replayed()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    began.send_signal(signal.SIGKILL)
    began.wait()
    before = len(queue.replayed())

    result = call(REPLAY, per_second=20, first=0).result

    assert 2 <= before < len(names)
    assert names == list(dict.fromkeys(queue.replayed()))
    assert 0 == result["remaining"]


def test_a_queue_that_does_not_answer_ends_the_replay_in_words(call: Call, queue: FakeQueue) -> None:
    """Nothing is taken for done."""
    queue.holds(R_1={})
    (queue.home / "down").touch()

    done = call(REPLAY)

    assert 1 == done.exit_code
    assert "could not find out" in done.stderr
    assert [] == queue.replayed()


def test_a_dead_letter_with_an_id_like_an_option_is_refused(call: Call, queue: FakeQueue) -> None:
    """Ids were written by others."""
    (queue.home / "jobs.json").write_text(json.dumps({"--dry-run": {"state": "dead", "cause": "lost"}}))

    done = call(REPLAY)

    assert 1 == done.exit_code
    assert "no usable id" in done.stderr


SLOT = "2026-01-31T03:00:00Z"


def cron(call: Call, folder: Path, *options: str, **more: object) -> Any:
    """Run the slot with `cronctl`."""
    given = {"name": "digest", "program": "cronctl", "arguments": "run-slot {slot}", "slot": SLOT, **more}
    return call(CRON, *options, state_folder=folder, **given)


@pytest.fixture
def ran(queue: FakeQueue) -> Callable[[], list[str]]:
    """A `cronctl` that writes down each run; `fail` and `slow` files make it so."""
    queue.program(
        "cronctl",
        """
        import os, sys, time
        home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        print(*sys.argv[1:], file=open(home + "/ran", "a"))
        while os.path.exists(home + "/slow"):
            time.sleep(0.05)
        sys.exit(os.path.exists(home + "/fail"))
        """,
    )
    path = queue.home / "ran"
    return lambda: path.read_text().splitlines() if path.exists() else []


def test_a_slot_runs_once_however_often_it_is_called(
    call: Call, ran: Callable[[], list[str]], tmp_path: Path
) -> None:
    """A dry run leaves nothing; the second call says that it ran."""
    folder = tmp_path / "cron"
    assert "would-run" == cron(call, folder, "--dry-run").result["outcome"]
    assert not folder.exists()

    assert ["ran", "already"] == [cron(call, folder).result["outcome"] for _ in range(2)]
    assert [f"run-slot {SLOT}"] == ran()


def test_a_failed_slot_is_repeated_only_when_asked(
    call: Call, ran: Callable[[], list[str]], queue: FakeQueue, tmp_path: Path
) -> None:
    """What failed may have done half its work."""
    (queue.home / "fail").touch()
    assert ["failed", "failed-before"] == [cron(call, tmp_path).result["outcome"] for _ in range(2)]
    (queue.home / "fail").unlink()

    assert "ran" == cron(call, tmp_path, repeat="failed").result["outcome"]
    assert 2 == len(ran())


def test_two_at_once_are_refused_and_a_crash_in_the_middle_is_unknown(
    call: Call, ran: Callable[[], list[str]], queue: FakeQueue, tmp_path: Path
) -> None:
    """While one runs the other is told; after kill -9 nothing is repeated until a person says so."""
    (queue.home / "slow").touch()
    entry = Path(__file__).parents[2] / "library" / "node" / CRON / "main.mjs"
    given = {
        "name": "digest",
        "program": "cronctl",
        "arguments": "run-slot {slot}",
        "slot": SLOT,
        "state_folder": str(tmp_path),
    }
    script = f"import run from {json.dumps(str(entry))}; await run({json.dumps(given)}, {{mode: 'run', progress() {{}}}});"
    first = subprocess.Popen(
        ["node", "--input-type=module", "-e", script], env={**os.environ, **queue.environment}
    )
    deadline = time.monotonic() + 30
    while not ran() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "overlap" == cron(call, tmp_path).result["outcome"]
    first.send_signal(signal.SIGKILL)
    first.wait()
    (queue.home / "slow").unlink()

    assert "unknown" == cron(call, tmp_path).result["outcome"]
    assert 1 == len(ran())
    assert "ran" == cron(call, tmp_path, repeat="unknown").result["outcome"]


def test_a_command_whose_time_is_up_is_ended(
    call: Call, ran: Callable[[], list[str]], queue: FakeQueue, tmp_path: Path
) -> None:
    """Exit code 124, and the slot counts as failed."""
    (queue.home / "slow").touch()

    result = cron(call, tmp_path, timeout_seconds=0.5).result

    assert ("failed", 124, True) == (result["outcome"], result["exit_code"], result["timed_out"])


@pytest.mark.parametrize(
    ("slot", "words"),
    [
        ("tomorrow", "is an instant"),
        ("2026-01-31T03:00:01Z", "does not begin"),
        ("2999-01-01T00:00:00Z", "has not begun"),
    ],
)
def test_a_slot_that_is_none_is_refused_in_words(call: Call, tmp_path: Path, slot: str, words: str) -> None:
    """Before anything runs."""
    done = cron(call, tmp_path, slot=slot)
    assert 1 == done.exit_code
    assert words in done.stderr


def attempt(job: str, outcome: str, at: int, **more: object) -> str:
    """One line of the log, `at` seconds after the hour."""
    fields = {
        "at": f"2026-01-31T03:{at // 60:02}:{at % 60:02}Z",
        "job": job,
        "kind": "receipt",
        "worker": "worker-1",
    }
    cause = {"failed": "crash"}.get(outcome)
    return json.dumps({**fields, "outcome": outcome, "error_class": cause, "seconds": 0.2, **more})


def analysed(call_key: Call, folder: Path, *lines: str) -> dict[str, Any]:
    """What the analysis says about these lines."""
    (folder / "attempts.jsonl").write_text("\n".join(lines), "utf-8")
    result: dict[str, Any] = call_key(ANALYSIS, attempts=folder / "attempts.jsonl").result
    return result


def test_the_analysis_gives_its_examples_result(call_key: Call) -> None:
    """The call on the page comes to what the page promises."""
    folder = Path(__file__).parents[2] / "library" / "jupyter" / ANALYSIS / "examples"
    result = call_key(ANALYSIS, attempts=folder / "attempts.jsonl").result
    assert json.loads((folder / "result.json").read_text()) == result


def test_the_analysis_calls_no_job_poison_when_every_one_crashes(call_key: Call, tmp_path: Path) -> None:
    """A broken template is no poison; a torn line is counted, not guessed."""
    lines = [attempt(f"R-{number % 2}", "failed", number) for number in range(6)]

    result = analysed(call_key, tmp_path, attempt("R-9", "done", 0), *lines, '{"at": "2026')

    assert ([], "crash", 1) == (result["poison_jobs"], result["main_cause"], result["lines_left_out"])


def test_the_analysis_knows_jobs_that_ran_twice_and_a_silent_log(call_key: Call, tmp_path: Path) -> None:
    """A late report means two workers; no attempt means no rate."""
    twice = analysed(call_key, tmp_path, attempt("R-1", "late", 1), attempt("R-2", "done", 2))
    assert (["R-1"], "late") == (twice["ran_twice"], twice["main_cause"])

    assert analysed(call_key, tmp_path, "no line")["failure_rate"] is None
