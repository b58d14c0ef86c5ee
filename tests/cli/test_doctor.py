"""`keys doctor` names each thing that is missing tonight, and what to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKS = Path(__file__).parents[1] / "lint" / "base"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A home with one installed runbook, all of whose commands are missing."""
    installed = tmp_path / "home" / "runbooks"
    installed.mkdir(parents=True)
    (installed / "queue-stuck").symlink_to(PACKS / "queue-stuck")
    return tmp_path


def _keys(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(place), "KEYS_HOME": str(place / "home"), **environment},
        capture_output=True,
        text=True,
    )


def _missing(place: Path, **environment: str) -> list[str]:
    done = _keys(place, "doctor", "queue-stuck", "--json", **environment)
    assert done.returncode == 1, done.stderr
    _machine, runbook = json.loads(done.stdout)
    return [symptom["what"] for symptom in runbook["symptoms"] if symptom["is_stopping"]]


def test_everything_that_is_missing_is_named(place: Path) -> None:
    """Inputs with what they are for, secrets, programs; bash's own commands are not programs."""
    missing = _missing(place)

    assert "WORKER_URL is not set: Address of the worker." in missing
    assert "API_TOKEN is not set: Token for the queue's API." in missing
    assert "The program workerctl is not on PATH." in missing
    assert not [each for each in missing if "program test" in each or "program printf" in each]


def test_what_is_there_is_not_named(place: Path) -> None:
    """After the programs are installed and the values set, only what is still missing is left."""
    tools = place / "bin"
    tools.mkdir()
    for name in ("workerctl", "queuectl", "shipctl", "curl"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    settings = place / ".config" / "runbook-keys"
    settings.mkdir(parents=True)
    (settings / "keys.toml").write_text('[inputs]\nWORKER_URL = "http://w"\nQUEUE_NAME = "orders"\n')

    missing = _missing(place, PATH=f"{tools}:{os.environ['PATH']}", API_TOKEN="long enough secret")

    assert [each for each in missing if "is not" in each] == [
        "DATABASE_URL is not set: Address of the database."
    ]


def test_a_runbook_that_is_not_installed_is_an_error(place: Path) -> None:
    """A slip in the name must not look like a clean bill of health."""
    done = _keys(place, "doctor", "queue-stick")

    assert 1 == done.returncode
    assert "No runbook is called queue-stick" in done.stdout + done.stderr
