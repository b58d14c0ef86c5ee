"""A looking step is kept from changing anything by the kernel, and says so when the kernel can't."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runbook_keys.executors.landlock import Confined, Landlock, call_confined, landlock
from runbook_keys.model.outcome import Outcome, OutcomeKind

Run = Callable[..., Outcome]
here = landlock()


def enforced_since(abi: int) -> pytest.MarkDecorator:
    """Marks what can only be seen where the kernel knows at least this ABI."""
    return pytest.mark.skipif(here.abi < abi, reason=f"needs Landlock ABI {abi}: {here}")


needs_landlock = enforced_since(3)


@pytest.fixture
def treasure(home: Path) -> Path:
    """A folder outside the scratch folder, with a file that must stay as it is."""
    folder = home / "treasure"
    folder.mkdir()
    (folder / "file").write_text("gold")
    return folder


@needs_landlock
@pytest.mark.parametrize(
    "text",
    [
        "echo x > treasure/file",
        "echo x >> treasure/file",
        "truncate --size=0 treasure/file",
        "touch treasure/new",
        "rm treasure/file",
        "rm -rf treasure",
        "mv treasure/file treasure/other",
        'mv treasure/file "$TMPDIR/file"',
        'echo x > "$TMPDIR/x"; mv "$TMPDIR/x" treasure/x',
        'echo x > "$TMPDIR/x"; cp "$TMPDIR/x" treasure/x',
        "ln treasure/file treasure/hard",
        "ln -s file treasure/soft",
        'ln -s "$PWD/treasure/file" "$TMPDIR/link"; echo x > "$TMPDIR/link"',
        "mkdir treasure/folder",
        "mkfifo treasure/fifo",
        "mknod treasure/device c 1 3",
        "sed -i s/gold/lead/ treasure/file",
        "echo x > /dev/shm/keys-test-canary",
        "bash -c 'setsid --wait touch treasure/new'",
        "echo x > /proc/sys/kernel/domainname",
    ],
)
def test_a_looking_step_that_changes_a_file_is_refused_and_explained(
    run: Run, treasure: Path, text: str
) -> None:
    """The file system is as before, and the operator reads why in plain words."""
    outcome = run(text)
    assert outcome.kind is OutcomeKind.FAILED
    assert "Probably the kernel refused a change, because this step may only look." in outcome.why
    assert outcome.enforcement == str(here)
    assert [p.name for p in treasure.iterdir()] == ["file"]
    assert (treasure / "file").read_text() == "gold"


@needs_landlock
def test_the_same_text_as_an_action_does_change_it(run: Run, treasure: Path) -> None:
    """What refused before was the confinement, not the machine."""
    outcome = run("rm treasure/file", is_looking=False)
    assert (outcome.kind, outcome.enforcement) == (OutcomeKind.SUCCEEDED, "")
    assert list(treasure.iterdir()) == []


@enforced_since(4)
def test_a_looking_step_can_not_listen(run: Run) -> None:
    """A port that is opened is a change that others see."""
    outcome = run("""python3 -c 'import socket; socket.create_server(("127.0.0.1", 0))'""")
    assert "PermissionError" in outcome.observation.stderr
    assert "kernel refused a change" in outcome.why


@enforced_since(6)
def test_a_looking_step_can_not_signal_others(run: Run) -> None:
    """Not even a process of the same account."""
    with subprocess.Popen(["sleep", "300"]) as other:
        outcome = run('kill -KILL "$OTHER_PID"', values={"OTHER_PID": str(other.pid)})
        assert "Operation not permitted" in outcome.observation.stderr
        assert "kernel refused a change" in outcome.why
        assert other.poll() is None
        other.send_signal(signal.SIGTERM)


@enforced_since(6)
def test_a_looking_step_can_not_reach_abstract_sockets(run: Run) -> None:
    """Behind such a socket another program may do what the step may not."""
    name = f"keys-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        text = """python3 -c 'import os, socket; socket.socket(socket.AF_UNIX).connect("\\0" + os.environ["NAME"])'"""
        assert "PermissionError" in run(text, values={"NAME": name}).observation.stderr
        assert run(text, values={"NAME": name}, is_looking=False).kind is OutcomeKind.SUCCEEDED


@pytest.fixture
def web_address() -> Iterator[str]:
    """A web server on loopback that answers every GET."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("program", "text", "said"),
    [
        ("curl", 'curl --silent --show-error --max-time 5 "$APP_URL"', "hello"),
        ("curl", 'curl --silent --output /dev/null --write-out "%{http_code}" "$APP_URL"', "200"),
        ("psql", "psql --version | grep --only-matching PostgreSQL", "PostgreSQL"),
        ("git", 'git -C "$TMPDIR" init --quiet . && git -C "$TMPDIR" status --short', ""),
        ("mktemp", 'f=$(mktemp); echo kept > "$f"; cat "$f"; rm "$f"', "kept"),
        ("python3", "python3 -c 'import tempfile; print(tempfile.TemporaryFile().fileno() > 2)'", "True"),
        ("sort", "seq 3 | sort --buffer-size=1k --reverse", "3\n2\n1"),
        ("tee", "echo a | tee /dev/stderr /dev/null | tr a b", "b"),
        ("cat", "cat <<END\nhere\nEND", "here"),
        ("cat", "cat <(echo there) > /dev/stdout", "there"),
        ("ps", "ps -p $$ -o comm=; true", "bash"),
        ("kill", "sleep 300 & kill $! && echo killed", "killed"),
        ("bash", 'mkdir "$TMPDIR/a"; mv "$TMPDIR/a" "$TMPDIR/b"; ln -s b "$TMPDIR/c"; ls "$TMPDIR"', "b\nc"),
    ],
)
def test_ordinary_tools_work_in_a_looking_step(
    run: Run, web_address: str, program: str, text: str, said: str
) -> None:
    """Looking is possible with what people use for it."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    outcome = run(text, values={"APP_URL": web_address})
    assert (outcome.observation.stdout.strip(), outcome.why) == (said, "")


def test_the_scratch_folder_is_private_and_gone_afterwards(run: Run, tmp_path: Path) -> None:
    """Also with a deep tree in it that was closed to its owner."""
    deep = 'python3 -c \'import os; [(os.mkdir("d"), os.chdir("d")) for _ in range(1500)]\''
    text = f'stat --format=%a "$TMPDIR"; cd "$TMPDIR"; mkdir a a/b; touch a/b/c; chmod 0 a; {deep}'
    assert run(text).observation.stdout == "700\n"
    assert list((tmp_path / "scratch").iterdir()) == []


@needs_landlock
def test_only_the_calling_thread_is_confined(tmp_path: Path) -> None:
    """Before, meanwhile and afterwards the rest of the process writes where it likes."""
    allowed = tmp_path / "allowed"
    allowed.mkdir()

    def work() -> tuple[bool, str]:
        (allowed / "inside").touch()
        elsewhere = threading.Event()
        other.append(elsewhere)
        ask.set()
        elsewhere.wait()
        try:
            (tmp_path / "outside").touch()
        except PermissionError:
            return True, "refused"
        return False, "written"

    other: list[threading.Event] = []
    ask = threading.Event()

    def write_meanwhile() -> None:
        ask.wait()
        (tmp_path / "meanwhile").touch()
        other[0].set()

    free = threading.Thread(target=write_meanwhile)
    free.start()
    confined = call_confined(work, [allowed])
    free.join()
    (tmp_path / "after").touch()
    assert confined == Confined((True, "refused"), str(here))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["after", "allowed", "meanwhile"]


@needs_landlock
def test_where_the_kernel_refuses_to_confine_it_is_said(tmp_path: Path) -> None:
    """The kernel takes 16 layers; the one too many is not enforced, and not hidden."""

    def nested(depth: int) -> str:
        inner = call_confined(lambda: nested(depth - 1) if depth else "", [tmp_path])
        return inner.result or inner.enforcement

    assert nested(0) == str(here)
    assert nested(16) == "not enforced here: too many Landlock layers are in force already"


def test_what_came_of_an_error_in_the_confined_thread_is_raised(tmp_path: Path) -> None:
    """An error is not lost with its thread."""

    def fail() -> None:
        raise FileNotFoundError("nowhere")

    with pytest.raises(FileNotFoundError, match="nowhere"):
        call_confined(fail, [tmp_path])


def test_a_kernel_without_landlock_or_with_less_of_it_is_named_honestly() -> None:
    """The words say what is not refused, so that nobody relies on it."""
    assert str(Landlock(0, "this kernel has no Landlock")) == "not enforced here: this kernel has no Landlock"
    assert str(Landlock(7, "")) == "Landlock, ABI 7"
    assert str(Landlock(3, "")) == (
        "Landlock, ABI 3 (this kernel does not refuse listening, signals to other processes)"
    )


def test_sudo_in_a_looking_step_is_explained(run: Run, home: Path) -> None:
    """What sudo says about privileges is put into the operator's words."""
    message = 'sudo: The \\"no new privileges\\" flag is set, which prevents sudo from running as root.'
    outcome = run(f'echo "{message}" >&2; exit 1')
    assert outcome.why == "It ended with exit code 1. This step may only look, so sudo can't work in it."


@needs_landlock
@pytest.mark.parametrize("text", ["chmod 600 treasure/file", "touch --date=2001-01-01 treasure/file"])
def test_what_landlock_does_not_cover_is_what_the_reference_says(run: Run, treasure: Path, text: str) -> None:
    """Modes and times of files can be changed: the reference page admits it, and this test tells when it is mended."""
    assert run(text).kind is OutcomeKind.SUCCEEDED
    reference = Path(__file__).parents[2] / "docs" / "reference" / "executors.md"
    assert "`chmod`" in reference.read_text()
