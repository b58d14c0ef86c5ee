"""The runbook for a failing dependency, through two real failures of the wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LONGEST_SECONDS = 300
A_FEW = ("wrong-orders", "other-dependency")


def test_two_drills_of_a_failing_dependency_pass(tmp_path: Path) -> None:
    """One where only our own books tell that answers are wrong, and one where the alert names the wrong dependency."""
    asked = [word for name in A_FEW for word in ("--fault", name)]
    keys = [sys.executable, "-m", "runbook_keys.cli.main", "drill", "partial-outage-dependency-failure"]
    done = subprocess.run(
        [*keys, *asked, "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KEYS_HOME": str(tmp_path / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    (report,) = json.loads(done.stdout)
    found = {each["drill"]: (each["ending"], each["failures"]) for each in report["results"]}

    assert {"wrong-orders": ("ESCALATED", []), "other-dependency": ("STOPPED", [])} == found
    assert 0 == done.returncode, done.stderr
