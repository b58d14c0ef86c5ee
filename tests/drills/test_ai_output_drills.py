"""The runbook for a model's worse answers: one real regression, and one alert for nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LONGEST_SECONDS = 300
A_FEW = ("harmless-prompt", "temperature-raised")


def test_two_drills_of_worse_answers_pass(tmp_path: Path) -> None:
    """One setting is put back where statistics find a loss; another that changed and did no harm stays as it is."""
    asked = [word for name in A_FEW for word in ("--fault", name)]
    keys = [sys.executable, "-m", "runbook_keys.cli.main", "drill", "ai-output-regression"]
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

    assert dict.fromkeys(A_FEW, ("RESOLVED", [])) == found
    assert 0 == done.returncode, done.stderr
