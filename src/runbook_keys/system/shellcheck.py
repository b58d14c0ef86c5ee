"""shellcheck over bash blocks, all in one call. The only place that knows the program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from runbook_keys.errors import ExecutorUnavailable

Remark = tuple[int, str, str]
SECONDS = 60


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
        if not scripts:
            return ()
        with tempfile.TemporaryDirectory(prefix="keys-check-") as folder:
            files = [Path(folder) / f"{number}.bash" for number in range(len(scripts))]
            for file, script in zip(files, scripts, strict=True):
                file.write_text(script, "utf-8", "surrogateescape")
            return _remarks(found, files)


def _remarks(found: str, files: Sequence[Path]) -> Sequence[Sequence[Remark]]:
    command = [found, "--format=json1", "--shell=bash", "--severity=warning", "--norc", *map(str, files)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        comments = json.loads(done.stdout)["comments"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        raise ExecutorUnavailable(f"shellcheck could not be run: {type(error).__name__}.") from error
    by_file: dict[str, list[Remark]] = {str(file): [] for file in files}
    for each in comments:
        by_file[each["file"]].append((each["line"], f"SC{each['code']}", each["message"]))
    return tuple(tuple(by_file[str(file)]) for file in files)
