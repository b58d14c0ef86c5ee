"""shellcheck over bash blocks, all in one go. The only place that knows the program.

It takes about 2 ms for a block, which would be most of the time of `keys check`. So blocks that are alike are looked at
once, and the others are dealt out to one process for each core.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from runbook_keys.errors import ExecutorUnavailable

Remark = tuple[int, str, str]

SECONDS = 60
MIN_SHARE = 8
"""Scripts for which a second process is worth its start."""

_AS_EXECUTED = "set -e -u -o pipefail\n"
"""The options that the bash executor sets before a block: shellcheck judges some lines by them."""


def program() -> str | None:
    """shellcheck beside our own interpreter (its wheel puts it there), else on PATH; None where it is not installed."""
    beside = Path(sys.executable).with_name("shellcheck")
    return str(beside) if beside.is_file() else shutil.which("shellcheck")


class ShellCheck:
    """A ShellAnalysis by the shellcheck program."""

    def analyse(self, scripts: Sequence[str]) -> Sequence[Sequence[Remark]]:
        """Errors and warnings per script as (line, code, message). Raises ExecutorUnavailable where it can't be run."""
        found = program()
        if found is None:
            raise ExecutorUnavailable(
                "shellcheck is not installed. Install it: pip install 'runbook-keys[check]'."
            )
        different = list(dict.fromkeys(scripts))
        if not different:
            return ()
        with tempfile.TemporaryDirectory(prefix="keys-check-") as folder:
            files = [Path(folder) / f"{number}.bash" for number in range(len(different))]
            for file, script in zip(files, different, strict=True):
                file.write_bytes((_AS_EXECUTED + script).encode("utf-8", "replace"))
            by_file = _remarks(found, files)
        by_script = {script: tuple(by_file[str(file)]) for script, file in zip(different, files, strict=True)}
        return tuple(by_script[script] for script in scripts)


def _remarks(found: str, files: Sequence[Path]) -> dict[str, list[Remark]]:
    shares = max(1, min(os.cpu_count() or 1, len(files) // MIN_SHARE))
    with ThreadPoolExecutor(shares) as pool:
        answers = list(pool.map(lambda share: _answer(found, files[share::shares]), range(shares)))
    by_file: dict[str, list[Remark]] = {str(file): [] for file in files}
    for comment in (comment for answer in answers for comment in answer):
        line = max(comment["line"] - _AS_EXECUTED.count("\n"), 1)
        by_file[comment["file"]].append((line, f"SC{comment['code']}", comment["message"]))
    return by_file


def _answer(found: str, files: Sequence[Path]) -> list[dict[str, Any]]:
    """The comments of one process. Exit code 1 says that there are some; above that it could not look."""
    command = [found, "--format=json1", "--shell=bash", "--severity=warning", "--norc", *map(str, files)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode > 1:
            raise ExecutorUnavailable(f"shellcheck ended with exit code {done.returncode}.")
        comments: list[dict[str, Any]] = json.loads(done.stdout)["comments"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        raise ExecutorUnavailable(f"shellcheck could not be run: {type(error).__name__}.") from error
    return comments
