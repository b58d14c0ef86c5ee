"""Disks that can only be read, that fill up in the middle of an action, and a command that floods: told, bounded, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faulty import FaultyKeys
from trial import Trial

KEYS = [sys.executable, "-m", "runbook_keys.cli.main"]
READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77
shift
"$@"
"""
FULL = """
mount -t tmpfs -o size=2m tmpfs "$1" || exit 77
cp -r "$2" "$1/pack"
shift 2
"$@"
"""
GIB = 1 << 30


@pytest.fixture
def ended(program: FaultyKeys, tmp_path: Path) -> Trial:
    """A trial whose run has ended."""
    tmp_path.joinpath("trial").mkdir()
    trial = Trial(tmp_path / "trial")
    program.keys(trial)
    assert trial.is_ended()
    return trial


def mounted(script: str, trial: Trial, *program: str) -> tuple[int, str]:
    """How the program ended with something mounted, and what it said."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("SKIPPED LOUDLY: no `unshare`, so nothing could be mounted")
    arguments = [unshare, "--map-root-user", "--mount", "sh", "-c", script, "sh", *program]
    done = subprocess.run(
        arguments, env=trial.environment(), cwd=trial.folder, capture_output=True, text=True, timeout=120
    )
    said = done.stdout + done.stderr
    if done.returncode == 77 or "unshare failed" in said:
        pytest.skip(f"SKIPPED LOUDLY: this machine lets us mount nothing: {said}")
    assert "Traceback" not in said, said
    return done.returncode, said


READING = [
    (["runs"], 0, "RESOLVED"),
    (["verify"], 0, "The journal is whole"),
    (["show", "RUN"], 0, "Resolved, and verified"),
    (["export", "RUN", "--out", "OUT"], 0, "is written"),
    (["resume"], 1, "No run is waiting"),
    (["erase", "RUN", "--reason", "asked for", "--confirm", "RUN"], 1, "Nothing "),
    (["run", "PACK", "-i", "COUNTER=/x", "--accept-findings", "a trial"], 1, "Nothing "),
    (["checkpoint"], 1, "read-only"),
]


@pytest.mark.parametrize("place", ["folder", "file"])
@pytest.mark.parametrize(("arguments", "code", "words"), READING, ids=lambda each: f"{each}"[:12])
def test_on_a_disk_that_can_only_be_read_what_looks_works_and_what_writes_is_refused(
    ended: Trial, tmp_path: Path, place: str, arguments: list[str], code: int, words: str
) -> None:
    """A real mount, the journal's folder or its file alone; nothing changes there."""
    names = {"RUN": ended.run_name(), "OUT": f"{tmp_path / 'out'}", "PACK": f"{ended.pack}"}
    before = ended.entries()
    read_only = ended.home if place == "folder" else ended.home / "journal.db"
    given = [names.get(each, each) for each in arguments]
    found, said = mounted(READ_ONLY, ended, f"{read_only}", *KEYS, *given)
    assert (found, words in " ".join(said.split())) == (code, True), said
    assert ended.entries() == before


FILLED = """
"$@" run "$DISK/pack" -i "COUNTER=$COUNTER" --accept-findings "a trial" --auto safe --answers answers
echo "ENDING $?"
rm "$DISK/fill"
"$@" resume --auto safe --answers answers
echo "ENDING $?"
"$@" verify
"""


def test_a_disk_that_fills_in_the_middle_of_an_action_stops_the_run_in_words(tmp_path: Path) -> None:
    """The action itself fills the disk that holds the journal: it is not done twice, and once there is room the run ends."""
    trial = Trial(tmp_path)
    text = (trial.pack / "README.md").read_text("utf-8")
    fill = f'echo A1 >> "$COUNTER"\ncat /dev/zero > "{trial.disk}/fill" 2> /dev/null || true'
    (trial.pack / "README.md").write_text(text.replace('echo A1 >> "$COUNTER"', fill), "utf-8")
    (tmp_path / "answers").write_text(
        "\n".join(["", "A2", "it is right", "y I looked", "1", "it is so"] * 10)
    )
    script = f'DISK="{trial.disk}" COUNTER="{trial.counter}"\n{FILLED}'
    source = tmp_path / "source"
    shutil.copytree(trial.pack, source)
    code, said = mounted(FULL, trial, f"{trial.disk}", f"{source}", "sh", "-c", script, "sh", *KEYS)
    _, stopped, resumed = said.split("ENDING ")
    assert (stopped[:2], resumed[:2]) == ("1\n", "0\n")
    assert "no space left on the disk" in said
    assert "Free space, then `keys resume r-" in " ".join(said.split())
    assert "The journal is whole" in said
    assert trial.effects() == {"A1": 1, "A2": 1}
    assert code == 0


@pytest.mark.long
def test_ten_gigabytes_of_output_stay_bounded_in_memory_journal_and_screen(tmp_path: Path) -> None:
    """Really produced; the screen says that it shows no more, and what is kept."""
    trial = Trial(tmp_path)
    text = (trial.pack / "README.md").read_text("utf-8")
    flood = '{ yes || true; } | head --bytes=10G\ntest -e "$COUNTER"'
    text = text.replace('test -e "$COUNTER"', flood, 1).replace("timeout=20s", "timeout=20m", 1)
    (trial.pack / "README.md").write_text(text, "utf-8")
    with (tmp_path / "screen").open("wb") as screen:
        process = subprocess.Popen(
            [*KEYS, *trial.arguments()], env=trial.environment(), cwd=tmp_path, stdout=screen, stderr=screen
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    said = (tmp_path / "screen").read_text("utf-8", "replace")
    assert process.returncode == 0, said[-2000:]
    assert "… more; the run keeps up to 1 MiB of it, its beginning and its end" in said
    assert len(said) < 100_000
    assert used.ru_maxrss * 1024 < GIB // 4
    assert sum(path.stat().st_size for path in trial.home.glob("journal.db*")) < 16_000_000
    assert trial.effects() == {"A1": 1, "A2": 1}
