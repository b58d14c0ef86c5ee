"""The shipped runbooks are proven: every drill passes in a real world, and every branch is drilled or excused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LONGEST_SECONDS = 1200
A_FEW = ("nothing-broken", "drops-unclear", "start-fails", "wrong-amounts")


def _drilled(home: Path, *asked: str) -> tuple[list[Any], subprocess.CompletedProcess[str]]:
    """The command itself, as a lead would run it: its reports, and what it came to."""
    done = subprocess.run(
        [sys.executable, "-m", "runbook_keys.cli.main", "drill", *asked, "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "KEYS_HOME": str(home / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    return json.loads(done.stdout), done


def _failures(reports: list[Any]) -> list[tuple[str, list[str]]]:
    return [
        (each["drill"], each["failures"])
        for report in reports
        for each in report["results"]
        if each["failures"]
    ]


def test_a_few_shipped_drills_pass(tmp_path: Path) -> None:
    """One that finds nothing, one where a person can't tell, one that undoes its action, one that only the oracle sees."""
    asked = [word for name in A_FEW for word in ("--fault", name)]

    reports, done = _drilled(tmp_path, "stripe-webhook-failure", *asked)

    assert [] == _failures(reports)
    assert sorted(A_FEW) == sorted(each["drill"] for each in reports[0]["results"])
    assert 0 == done.returncode, done.stderr


@pytest.mark.long
def test_every_shipped_drill_passes_and_every_branch_is_taken_or_excused(tmp_path: Path) -> None:
    """The exit code says that nothing failed and that no branch is forgotten."""
    reports, done = _drilled(tmp_path, "--all")

    assert [] == _failures(reports)
    assert [] == [name for report in reports for name in report["coverage"]["unexplained"]]
    assert 0 == done.returncode, done.stderr
