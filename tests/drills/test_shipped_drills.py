"""The shipped runbooks are proven: every drill passes in a real world, and every branch is drilled or excused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_every_shipped_drill_passes_and_every_branch_is_taken_or_excused(tmp_path: Path) -> None:
    """The command itself, as a lead would run it; its exit code says that nothing failed and no branch is forgotten."""
    done = subprocess.run(
        [sys.executable, "-m", "runbook_keys.cli.main", "drill", "--all", "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KEYS_HOME": str(tmp_path / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=400,
    )
    reports = json.loads(done.stdout)

    assert [] == [
        (r["drill"], r["failures"]) for report in reports for r in report["results"] if r["failures"]
    ]
    assert [] == [name for report in reports for name in report["coverage"]["unexplained"]]
    assert 0 == done.returncode, done.stderr
