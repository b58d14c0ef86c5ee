"""Real limits instead of planned faults: a disk without space, writes that are cut short, a flush that fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from journals import RUN, findings, wait

from runbook_keys.stores.sqlite import SqliteStore

WRITER = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from journals import RUN, entered, open_run, write
from runbook_keys.errors import KeysError
from runbook_keys.stores.sqlite import SqliteStore

store = SqliteStore.open(Path(sys.argv[1]) / "journal.db")
head = open_run(store)
if limit := int(sys.argv[3]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for _ in range(5000):
        head = write(store, RUN, head, entered(head + 1), entered(head + 2))
except KeysError as error:
    print(head, error.code, error, flush=True)
"""
HERE = str(Path(__file__).parent)
SMALL_ROOM = """
mount -t tmpfs -o size=400k tmpfs "$1" || exit 77
room=$1 kept=$2
shift 2
"$@"
cp "$room"/journal.db* "$kept"
"""

FLUSH = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

static int calls;

int fdatasync(int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int at = atoi(getenv("FAIL_AT"));
  calls++;
  if (calls == at || (calls > at && getenv("FAIL_ON"))) {
    errno = EIO;
    return -1;
  }
  return real(file);
}
"""


def test_a_full_disk_stops_the_run_in_words_and_loses_nothing(tmp_path: Path) -> None:
    """On a real small file system: what was acknowledged is there, the message says what to do."""
    room, kept = tmp_path / "room", tmp_path / "kept"
    room.mkdir()
    kept.mkdir()
    writer = [sys.executable, "-c", WRITER, str(room), HERE, "0"]
    done = in_a_small_room(room, kept, *writer)
    head, code, *message = done.stdout.split()
    assert code == "journal-unavailable"
    assert "no space left on the disk" in " ".join(message)
    assert "Free space, then `keys resume r-20261123-0312-k7qm`." in " ".join(message)
    assert int(head) > 10
    assert kept_entries(kept) == int(head)


def in_a_small_room(room: Path, kept: Path, *program: str) -> subprocess.CompletedProcess[str]:
    """Run a program with a file system of 400 KB at `room`, and keep what it left there."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("SKIPPED LOUDLY: no `unshare`, so no disk could be filled")
    arguments = [
        unshare,
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        SMALL_ROOM,
        "sh",
        str(room),
        str(kept),
        *program,
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip(
            f"SKIPPED LOUDLY: this machine lets us mount nothing, so no disk could be filled: {done.stderr}"
        )
    assert (done.returncode, done.stderr) == (0, "")
    return done


def kept_entries(folder: Path) -> int:
    """How many entries the one run has; all of them verify."""
    assert findings(folder / "journal.db") == []
    store = SqliteStore.open(folder / "journal.db")
    entries = wait(store.entries(RUN))
    wait(store.close())
    return len(entries)


@pytest.mark.parametrize("limit", [20_000, 50_000, 100_003, 200_001, 400_000])
def test_a_write_that_is_cut_short_loses_nothing(tmp_path: Path, limit: int) -> None:
    """The kernel cuts a write off in the middle (a limit on the file's size), at many places of the log."""
    writer = [sys.executable, "-c", WRITER, str(tmp_path), HERE, str(limit)]
    done = subprocess.run(writer, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    head, code, *_ = done.stdout.split()
    assert code == "journal-unavailable"
    assert kept_entries(tmp_path) == int(head)


@pytest.fixture(scope="module")
def failing_flush(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes `fdatasync` fail, to be loaded before the real one."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("SKIPPED LOUDLY: no C compiler, so no flush could be made to fail")
    source = tmp_path_factory.mktemp("flush") / "flush.c"
    source.write_text(FLUSH, encoding="ascii")
    library = source.with_suffix(".so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True, timeout=60)
    return library


@pytest.mark.parametrize("is_lasting", [False, True])
@pytest.mark.parametrize("number", [9, 10, 11, 60, 61, 90, 200])
def test_a_flush_that_fails_stops_the_run_and_is_never_tried_again(
    tmp_path: Path, failing_flush: Path, number: int, is_lasting: bool
) -> None:
    """The kernel may have dropped the data and answer "done" the next time: whatever was acknowledged is there."""
    environment = {**os.environ, "LD_PRELOAD": str(failing_flush), "FAIL_AT": str(number)}
    if is_lasting:
        environment["FAIL_ON"] = "yes"
    writer = [sys.executable, "-c", WRITER, str(tmp_path), HERE, "0"]
    done = subprocess.run(writer, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    head, code, *words = done.stdout.split()
    message = " ".join(words)
    assert code == "journal-unavailable"
    assert "reports an input/output error" in message
    kept = kept_entries(tmp_path)
    assert kept - int(head) in ((0, 2) if "can be read back" in message else (0,))
