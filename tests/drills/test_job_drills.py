"""Two drills of the job runbook: one that must leave a colleague's pause alone, and one that puts a poison job aside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LONGEST_SECONDS = 300
TWO = ("paused-by-colleague", "poison-crashes")


def test_a_pause_is_left_alone_and_a_poison_job_is_put_aside(tmp_path: Path) -> None:
    """The oracle agrees with both endings."""
    asked = [word for name in TWO for word in ("--fault", name)]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "runbook_keys.cli.main",
            "drill",
            "background-job-failure-replay",
            *asked,
            "--format",
            "json",
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KEYS_HOME": str(tmp_path / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    (report,) = json.loads(done.stdout)

    assert {name: [] for name in TWO} == {each["drill"]: each["failures"] for each in report["results"]}
    assert 0 == done.returncode, done.stderr
