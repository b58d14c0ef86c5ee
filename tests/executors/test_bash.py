"""A bash block, run by real bash: what it finds, what it may rely on, how its end is told."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_keys.errors import ExecutorUnavailable
from runbook_keys.executors.bash import BashExecutor
from runbook_keys.model.outcome import Outcome, OutcomeKind
from runbook_keys.testing.task import a_task

Run = Callable[..., Outcome]
BOTH = pytest.mark.parametrize("is_looking", [True, False], ids=["looking", "changing"])


def wait_until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    """Poll until it is so; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """True while the process does something (a zombie does nothing)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@BOTH
def test_a_block_that_works_succeeds_and_shows_what_it_said(run: Run, is_looking: bool) -> None:
    """Both outputs are kept apart, and the exit code is there for conditions."""
    outcome = run("echo out; echo err >&2", is_looking=is_looking)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    seen = outcome.observation
    assert (seen.exit_code, seen.stdout, seen.stderr, seen.is_truncated) == (0, "out\n", "err\n", False)
    assert outcome.why == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("false\necho went on", 1),
        ("exit 7\necho went on", 7),
        ("false | cat\necho went on", 1),
        ('echo "$NOBODY_SET_THIS"\necho went on', 1),
        ("x=$(false)\necho went on", 1),
        ("if then", 2),
    ],
)
def test_a_block_whose_early_line_fails_never_looks_like_success(run: Run, text: str, code: int) -> None:
    """A failing line, part of a pipe, substitution or unset name ends the block there."""
    outcome = run(text)
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.observation.exit_code == code
    assert "went on" not in outcome.observation.stdout
    assert f"exit code {code}" in outcome.why


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no-such-program-here", "not on this machine"),
        ("yes | head -n 1", "next one had read enough"),
        ("kill -SEGV $$", "SIGSEGV"),
        ("kill -KILL $$", "out of memory"),
        ("exit 200", "exit code 200."),
    ],
)
def test_a_strange_exit_code_is_told_in_words(run: Run, text: str, words: str) -> None:
    """Nobody should have to know at 3 AM what 127 means."""
    assert words in run(text).why


@pytest.mark.parametrize("text", ["-n", "--version", "-c 'echo x'"])
def test_a_text_that_starts_with_a_dash_is_a_text(run: Run, text: str) -> None:
    """The block's text is never taken for an option of bash."""
    assert run(text).observation.exit_code == 127


@BOTH
def test_a_block_starts_at_home_without_input_and_terminal(run: Run, home: Path, is_looking: bool) -> None:
    """Where `keys` was started makes no difference, and nothing can wait for a key press."""
    outcome = run("pwd; cat; test -t 0 || echo no terminal; : </dev/tty || true", is_looking=is_looking)
    assert outcome.observation.stdout == f"{home}\nno terminal\n"


def test_only_a_short_list_of_the_operators_environment_gets_through(tmp_path: Path) -> None:
    """What steers a shell, a loader or an interpreter does not reach a command, unless the organisation says so."""
    hostile = {
        "BASH_ENV": "/x",
        "LD_PRELOAD": "",
        "PYTHONPATH": "/x",
        "IFS": "x",
        "AWS_PROFILE": "a",
        "OURS": "b",
    }
    given = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C", "BASH_FUNC_ls%%": "() { :; }"}
    executor = BashExecutor({**given, **hostile}, tmp_path / "scratch", more_names=["OURS"])
    seen = asyncio.run(executor.execute(a_task("env -0 | tr '\\0' '\\n' | cut -d= -f1"), lambda _: None))
    names = set(seen.observation.stdout.split())
    assert names == {"PATH", "HOME", "LC_ALL", "OURS", "TERM", "TMPDIR", "KEYS_ATTEMPT", "PWD", "SHLVL", "_"}


@pytest.mark.parametrize(
    "value",
    [
        "$(touch canary)",
        "`touch canary`",
        '"; touch canary #',
        "'; touch canary; '",
        "first\nsecond; touch canary",
        "-rf",
        "--help",
        "@/etc/passwd",
        "-oProxyCommand=touch canary",
        "${HOME}",
        "{{7*7}}",
        "%s%n",
        "{0.__class__}",
        "\\0\\x41",
        "~ * ?",
        "é\udcff",
        "x" * 100_000,
    ],
    ids=range(17),
)
def test_a_hostile_value_stays_a_value(run: Run, home: Path, value: str) -> None:
    """It arrives byte for byte, is expanded by nobody, and starts nothing."""
    outcome = run('printf "%s" "$LABEL" > got', values={"LABEL": value}, is_looking=False)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert (home / "got").read_bytes() == value.encode("utf-8", "surrogateescape")
    assert sorted(p.name for p in home.iterdir()) == ["got"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LABEL", "a\0b", "NUL byte"),
        ("LABEL", "x" * 1024 * 1024, "1048576 bytes"),
        ("LABEL", "\ud800", "not text"),
        ("LD_PRELOAD", "/tmp/x.so", "LD_PRELOAD"),
        ("PATH", "/tmp", "PATH"),
        ("IFS", "x", "IFS"),
        ("BASH_ENV", "/tmp/x", "BASH_ENV"),
        ("lower", "x", "capital"),
    ],
)
def test_a_value_that_can_not_be_handed_over_starts_nothing(
    run: Run, home: Path, name: str, value: str, words: str
) -> None:
    """The outcome says which value, why, and that nothing was started."""
    outcome = run("touch canary", values={name: value}, is_looking=False)
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.observation.exit_code is None
    assert words in outcome.why
    assert "Nothing was started." in outcome.why
    assert list(home.iterdir()) == []


def test_a_secret_too_short_to_mask_starts_nothing(run: Run, home: Path) -> None:
    """Better no command than a command whose secret would be shown."""
    outcome = run("touch canary", secrets={"PIN": "1234"}, is_looking=False)
    assert (outcome.kind, list(home.iterdir())) == (OutcomeKind.FAILED, [])
    assert "PIN" in outcome.why
    assert "1234" not in outcome.why


def test_a_text_longer_than_the_kernel_takes_starts_nothing(run: Run) -> None:
    """A refusal of the kernel to start is told, and told apart from a command that failed."""
    outcome = run(": " + "x" * 200_000)
    assert outcome.observation.exit_code is None
    assert outcome.why == "The command could not be started: Argument list too long. Nothing was started."


def test_a_scratch_folder_that_can_not_be_made_starts_nothing(tmp_path: Path, home: Path) -> None:
    """A looking step needs its folder; without it the outcome says so."""
    (tmp_path / "file").write_text("in the way")
    executor = BashExecutor(dict(os.environ), tmp_path / "file" / "scratch")
    outcome = asyncio.run(executor.execute(a_task("echo x"), lambda _: None))
    assert outcome.kind is OutcomeKind.FAILED
    assert "scratch folder" in outcome.why
    assert "Nothing was started." in outcome.why


def test_without_bash_the_step_can_not_run(tmp_path: Path) -> None:
    """That is no outcome of the command: the message says what to install."""
    executor = BashExecutor({"PATH": str(tmp_path)}, tmp_path)
    with pytest.raises(ExecutorUnavailable, match="no bash"):
        asyncio.run(executor.execute(a_task("true"), lambda _: None))


@BOTH
@pytest.mark.parametrize("text", ["sleep 300", "sleep 300 & wait", "exec >&- 2>&-; sleep 300", "yes", "cat /dev/zero"])  # fmt: skip
def test_a_command_that_takes_too_long_is_ended(run: Run, text: str, is_looking: bool) -> None:
    """Silent, waiting, without outputs or flooding: its time is up all the same."""
    outcome = run(text, timeout_seconds=0.3, is_looking=is_looking)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert outcome.why == "It took longer than 0.3 seconds and was stopped."
    assert outcome.duration_ms >= 300


def test_a_command_that_ignores_being_asked_is_killed(run: Run, home: Path) -> None:
    """SIGTERM comes first; who ignores it gets SIGKILL, with the whole group."""
    outcome = run("trap '' TERM; echo $$ > pid; sleep 300 & while :; do wait; done", timeout_seconds=0.3, is_looking=False)  # fmt: skip
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert outcome.observation.exit_code == 128 + signal.SIGKILL
    assert not is_running(int((home / "pid").read_text()))


def test_a_command_may_tidy_up_when_it_is_asked_to_end(run: Run, home: Path) -> None:
    """Between SIGTERM and SIGKILL there is time, and what is said then is kept."""
    text = "trap 'echo tidied; echo done > tidied; exit 9' TERM; sleep 300 & wait"
    outcome = run(text, timeout_seconds=0.5, is_looking=False)
    assert (outcome.kind, outcome.observation.exit_code) == (OutcomeKind.TIMED_OUT, 9)
    assert outcome.observation.stdout == "tidied\n"
    assert (home / "tidied").exists()


@BOTH
def test_children_that_left_the_group_die_with_a_timeout(run: Run, home: Path, is_looking: bool) -> None:
    """Neither a session of its own nor closed outputs save a descendant."""
    text = """setsid bash -c 'echo "$$" >&2; exec sleep 300 >/dev/null 2>&1' &
    setsid bash -c 'echo "$$" >&2; exec sleep 300' &
    wait"""
    outcome = run(text, timeout_seconds=0.7, is_looking=is_looking)
    pids = [int(pid) for pid in outcome.observation.stderr.split()]
    assert len(pids) == 2
    assert not any(is_running(pid) for pid in pids)


def test_what_a_looking_step_leaves_running_is_ended_and_told(run: Run) -> None:
    """A looking step changes nothing, so nothing of it goes on."""
    outcome = run("setsid bash -c 'echo $$; exec sleep 300 >/dev/null 2>&1' & sleep 0.2")
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert "still running and was ended" in outcome.why
    assert not is_running(int(outcome.observation.stdout))


def test_a_service_that_an_action_started_goes_on(run: Run, home: Path) -> None:
    """Daemonised properly, it outlives the action, and the action does not wait for it."""
    outcome = run("setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $! > pid", is_looking=False)
    pid = int((home / "pid").read_text())
    try:
        assert (outcome.kind, outcome.why) == (OutcomeKind.SUCCEEDED, "")
        assert is_running(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_child_that_keeps_the_output_open_does_not_hold_the_action(run: Run, home: Path) -> None:
    """The action ends shortly after its command; that somebody still holds the output is told."""
    outcome = run("setsid sleep 300 & echo $! > pid; echo started", is_looking=False)
    pid = int((home / "pid").read_text())
    try:
        assert outcome.kind is OutcomeKind.SUCCEEDED
        assert outcome.observation.stdout == "started\n"
        assert "still held its output" in outcome.why
        assert is_running(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_late_output_of_a_substituted_process_is_waited_for(run: Run) -> None:
    """Bash does not wait for `>(...)`; the reader does, for a moment."""
    assert run("echo one > >(sleep 0.1; cat)").observation.stdout == "one\n"


@BOTH
def test_cancelling_ends_the_command_before_it_returns(
    bash: BashExecutor, home: Path, is_looking: bool
) -> None:
    """When `CancelledError` arrives, the whole group is dead, however often it was asked for."""
    said: list[str] = []

    async def cancel_twice() -> None:
        is_up = asyncio.Event()

        def listen(text: str) -> None:
            said.append(text)
            if "".join(said).count("\n") == 2:
                is_up.set()

        task = a_task("trap '' TERM; echo $$; sleep 300 & echo $!; wait; wait", is_looking=is_looking)
        attempt = asyncio.create_task(bash.execute(task, listen))
        await is_up.wait()
        attempt.cancel()
        await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt

    asyncio.run(cancel_twice())
    pids = [int(pid) for pid in "".join(said).split()]
    assert len(pids) == 2
    assert not any(is_running(pid) for pid in pids)


def test_output_arrives_while_the_command_still_runs(bash: BashExecutor, home: Path) -> None:
    """The screen is not kept waiting for the end, and the event loop stays free."""
    fifo = home / "go-on"
    os.mkfifo(fifo)
    shown: list[str] = []

    def answer(text: str) -> None:
        shown.append(text)
        if text == "waiting":
            fifo.write_text("go\n")

    task = a_task("printf waiting; read -r word < go-on; echo $word", is_looking=False, timeout_seconds=10)
    outcome = asyncio.run(bash.execute(task, answer))
    assert outcome.observation.stdout == "waitinggo\n"
    assert "".join(shown) == "waitinggo\n"


def test_two_commands_run_side_by_side(bash: BashExecutor, home: Path) -> None:
    """Each waits for what the other does, so only together can they end."""
    os.mkfifo(home / "fifo")

    async def both() -> list[Outcome]:
        tasks = (
            a_task(text, is_looking=False, timeout_seconds=10) for text in ("echo hello > fifo", "cat fifo")
        )
        return list(await asyncio.gather(*(bash.execute(task, lambda _: None) for task in tasks)))

    assert [outcome.observation.stdout for outcome in asyncio.run(both())] == ["", "hello\n"]


def test_a_command_inherits_the_claim_and_no_other_descriptor(run: Run) -> None:
    """The attempt's descriptor tells a later driver that the command lives; nothing else of ours leaks."""
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    try:
        outcome = run("cd /proc/self/fd; echo *", attempt_fd=writer)
    finally:
        os.close(reader)
        os.close(writer)
    fds = set(outcome.observation.stdout.split())
    assert str(writer) in fds
    assert fds <= {
        "0",
        "1",
        "2",
        str(writer),
        "3",
        "255",
    }  # bash itself reads the folder on the next free one
    assert reader > 3


@BOTH
def test_a_flood_is_cut_to_head_and_tail(run: Run, is_looking: bool) -> None:
    """Many megabytes without a single newline end as one, with a plain line where the middle was."""
    text = "printf begin; head --bytes=20000000 /dev/zero | tr '\\0' x; printf end; echo err >&2"
    seen = run(text, is_looking=is_looking).observation
    assert seen.is_truncated
    assert seen.stderr == "err\n"
    head, _, tail = seen.stdout.partition("\n[KEYS left out 18951432 bytes here]\n")
    assert head.startswith("beginx")
    assert tail.endswith("xend")
    assert len(head) + len(tail) == 1024 * 1024


def test_bytes_that_are_not_text_are_shown_as_escapes(run: Run) -> None:
    """Invalid UTF-8 is readable, valid UTF-8 survives being written in parts."""
    outcome = run(r"printf '\377a\303'; sleep 0.05; printf '\251'; sleep 0.05; printf '\342\202'")
    assert outcome.observation.stdout == "\\xffaé\\xe2\\x82"


def test_terminal_escapes_reach_the_record_as_they_are(run: Run) -> None:
    """Making them harmless is the business of each surface."""
    assert run(r"printf '\033[2J\033]0;x\007'").observation.stdout == "\033[2J\033]0;x\007"


def test_a_secret_is_masked_on_both_outputs_and_on_the_screen(bash: BashExecutor) -> None:
    """However it is encoded by the machine's own tools, in one piece or byte by byte."""
    secret = "s3cr3t$value/with'quotes\"+and=more-of-it-so-that-base64-wraps-at-its-76-columns"
    text = r"""echo "$TOKEN"; printf %q\\n "$TOKEN"; printf %s "$TOKEN" | base64; printf %s "user:$TOKEN" | base64 --wrap=64
    printf %s "$TOKEN" | od -An -v -tx1 | tr -d ' '; set -x; : "$TOKEN"; set +x
    for ((i = 0; i < ${#TOKEN}; i++)); do printf %s "${TOKEN:i:1}" >&2; done"""
    shown: list[str] = []
    outcome = asyncio.run(bash.execute(a_task(text, secrets={"TOKEN": secret}), shown.append))
    assert outcome.kind is OutcomeKind.SUCCEEDED
    everything = outcome.observation.stdout + outcome.observation.stderr + "".join(shown)
    assert everything.count("[secret TOKEN]") == 2 * 7
    for part in ("s3cr3t", "value/with", "c2VjcjN0", "czNjcjN0", "733363723374"):
        assert part not in everything


def test_a_secret_that_the_block_does_not_name_is_masked_too(bash: BashExecutor) -> None:
    """A secret may be found in a file or a reply; where it comes from makes no difference."""
    task = a_task("echo hunter2-hunter2 | sed s/2/2/", secrets={})
    task = type(task)(
        **{f: getattr(task, f) for f in task.__struct_fields__} | {"secrets": {"PW": "hunter2-hunter2"}}
    )
    outcome = asyncio.run(bash.execute(task, lambda _: None))
    assert outcome.observation.stdout == "[secret PW]\n"


def test_a_screen_that_breaks_ends_the_command(bash: BashExecutor, home: Path) -> None:
    """An error of ours is not swallowed, and no command goes on unattended."""

    def broken(text: str) -> None:
        raise OSError("the terminal is gone")

    task = a_task("echo $$ > pid; echo said; sleep 300", is_looking=False)
    with pytest.raises(OSError, match="the terminal is gone"):
        asyncio.run(bash.execute(task, broken))
    assert not is_running(int((home / "pid").read_text()))


def test_a_command_does_not_outlive_its_event_loop(bash: BashExecutor, home: Path) -> None:
    """Where a program ends without waiting for an attempt, the attempt is killed."""

    async def leave_without_waiting() -> None:
        is_up = asyncio.Event()
        task = a_task("echo $$ > pid; echo up; sleep 300", is_looking=False)
        attempt = asyncio.create_task(bash.execute(task, lambda _: is_up.set()))
        await is_up.wait()
        assert not attempt.done()

    asyncio.run(leave_without_waiting())
    assert not is_running(int((home / "pid").read_text()))
