"""How long until the first question is on the screen, a looking step against bare bash, and packs checked a second."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.row import Row
from runbook_keys.bootstrap import services, shipped_library
from runbook_keys.lint.check import check_packs
from runbook_keys.model.pack import Pack
from runbook_keys.operations.findings import findings_of
from runbook_keys.system.library import read_folder
from runbook_keys.system.shellcheck import ShellCheck

ROUNDS = 11
PACK = shipped_library() / "stripe-webhook-failure"
IMPORTS = "import click, sqlite3, markdown_it, msgspec, asyncio"
INPUTS = {
    "STRIPE_ENDPOINT_ID": "we_1",
    "APP_DATABASE": "postgresql://reader@127.0.0.1/none",
    "WEBHOOK_LOG": "/var/log/none.log",
    "APP_ENV_FILE": "/etc/none.env",
}
QUESTION = b"q leave"
COMMAND = "grep --count root /etc/passwd\n"


def measure() -> list[Row]:
    """All rows of this file."""
    return [_first_question(), _looking_step(), *_packs_checked()]


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _first_question() -> Row:
    """`keys run` until its first question is there to be answered. The checks of the pack are remembered, as on any day but the first."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "KEYS_HOME": home,
            "APP_DATABASE_ADMIN": "postgresql://owner:secret@127.0.0.1/n",
        }
        given = [part for name, value in INPUTS.items() for part in ("-i", f"{name}={value}")]
        ours = [sys.executable, "-m", "runbook_keys.cli.main", "run", str(PACK), *given]
        floor = [sys.executable, "-c", IMPORTS]
        _until_asked(ours, environment)
        pairs = [(_until_asked(ours, environment), _spawned(floor, environment)) for _ in range(ROUNDS)]
    took, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
    return Row(
        "keys run to the first question, against its imports alone (ms)", took, bare, took / bare, "≤ 150 ms"
    )


def _until_asked(command: list[str], environment: dict[str, str]) -> float:
    """Milliseconds until the question is on the screen. Raises RuntimeError where the run was refused: that would be quick."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = b""
        while QUESTION not in shown:
            more = os.read(process.stdout.fileno(), 1 << 16)
            if not more:
                raise RuntimeError(f"No question came: {shown.decode()}")
            shown += more
        took = (time.perf_counter() - began) * 1000
        process.stdin.close()
        process.stdout.read()
    return took


def _spawned(command: list[str], environment: dict[str, str]) -> float:
    return _milliseconds(
        lambda: subprocess.run(command, env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    )


def _looking_step() -> Row:
    """A looking bash step through the driver, both entries durable, against `bash -c` of the same command."""
    steps = 60
    with tempfile.TemporaryDirectory() as home:
        ours = asyncio.run(_many_steps(Path(home), steps))
    bare = _milliseconds(
        lambda: [subprocess.run(["bash", "-c", COMMAND], capture_output=True) for _ in range(steps)]
    )
    return Row(
        "a looking step, two durable entries, against bash -c (ms)",
        ours / steps,
        bare / steps,
        ours / bare,
        "≤ 1.3",
    )


async def _many_steps(home: Path, steps: int) -> float:
    from benchmarks.steps import drive_looks

    async with services(home=home) as opened:
        return await drive_looks(opened, COMMAND, steps)


def _packs_checked() -> list[Row]:
    """Packs a second with shellcheck, cold and remembered; the reference is reading and parsing them alone."""
    from runbook_keys.book.parse import parse

    pack = read_folder(PACK)
    source = pack.files["README.md"]
    packs = [
        Pack({**pack.files, "README.md": source + b"\n<!-- %d -->\n" % number}, pack.origin)
        for number in range(30)
    ]
    check_packs(packs[:1], shell=ShellCheck())
    cold, remembered = asyncio.run(_checked_twice(packs))
    bare = _milliseconds(lambda: [parse(one.files["README.md"]) for one in packs])
    parsed = 1000 * len(packs) / bare
    return [
        Row(f"packs {words} a second, against packs parsed a second", rate, parsed, rate / parsed, aim)
        for words, rate, aim in (
            ("checked", cold, "≥ 60 a second"),
            ("checked that were checked before", remembered, "≥ 500 a second"),
        )
    ]


async def _checked_twice(packs: list[Pack]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as home:
        async with services(home=Path(home)) as opened:
            rates = [1000 * len(packs) / _milliseconds(lambda: findings_of(opened, packs)) for _ in range(2)]
    return rates[0], rates[1]
