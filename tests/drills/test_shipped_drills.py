"""The shipped runbooks are proven: every drill passes in a real world, and every branch is drilled or excused."""

from __future__ import annotations

import contextlib
import json
import os
import pty
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


def test_records_are_corrected_and_healthy_ones_left_alone(tmp_path: Path) -> None:
    """Missing records come back with their undo kept; where nothing differs nothing is written."""
    reports, done = _drilled(
        tmp_path, "data-reconciliation-mismatch", "--fault", "nothing-broken", "--fault", "rows-missing"
    )

    assert [] == _failures(reports)
    assert 2 == len(reports[0]["results"])
    assert 0 == done.returncode, done.stderr


def test_a_breach_is_closed_first_and_healthy_access_is_left_alone(tmp_path: Path) -> None:
    """A policy too wide is fenced and ends with the privacy officer; where everybody sees their own nothing is changed."""
    asked = ("--fault", "nothing-broken", "--fault", "policy-too-wide")

    reports, done = _drilled(tmp_path, "supabase-rls-lockout-recovery", *asked)

    assert [] == _failures(reports)
    assert ["RESOLVED", "ESCALATED"] == [each["ending"] for each in reports[0]["results"]]
    assert 0 == done.returncode, done.stderr


def test_nothing_is_decided_where_nothing_is_broken_or_both_ways_are_closed(tmp_path: Path) -> None:
    """A healthy release is left alone; where the older one can't work any more, nobody goes back to it."""
    reports, done = _drilled(
        tmp_path,
        "roll-back-or-fix-forward",
        "--fault",
        "nothing-broken",
        "--fault",
        "schema-breaks-older-no-fix",
    )

    assert [] == _failures(reports)
    assert 0 == done.returncode, done.stderr


@pytest.mark.long
def test_every_shipped_drill_passes_and_every_branch_is_taken_or_excused(tmp_path: Path) -> None:
    """The exit code says that nothing failed and that no branch is forgotten."""
    reports, done = _drilled(tmp_path, "--all")

    assert [] == _failures(reports)
    assert [] == [name for report in reports for name in report["coverage"]["unexplained"]]
    assert 0 == done.returncode, done.stderr


@pytest.mark.long
def test_a_training_leads_a_person_scores_them_and_keeps_it(tmp_path: Path) -> None:
    """A person at a terminal who presses Enter through "nothing is broken" is scored, and the score is on the record."""
    terminal, inner = pty.openpty()
    keys = [sys.executable, "-m", "runbook_keys.cli.main"]
    training = subprocess.Popen(
        [*keys, "drill", "stripe-webhook-failure", "--fault", "nothing-broken", "--train"],
        env={**os.environ, "KEYS_HOME": str(tmp_path)},
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    screen = b""
    with contextlib.suppress(OSError):  # the terminal ends with the process
        while True:
            screen += os.read(terminal, 4096)
            if screen.endswith((b"> ", b"\n> ")):
                os.write(terminal, b"\n")
                screen += b"<Enter>"
    os.close(terminal)

    assert 0 == training.wait(60), screen.decode()
    assert b"Trainings of" in screen
    assert "0 wrong turns, 0 skipped; stripe-webhook-failure: nothing-broken" in " ".join(
        screen.decode().split()
    )
