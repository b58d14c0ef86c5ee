"""`keys check`: the shipped packs are clean, and a planted defect is found with its line, in every format."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runbook_keys.bootstrap import shipped_library

SHIPPED = shipped_library() / "stripe-webhook-failure"


def _check(home: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "runbook_keys.cli.main", "check", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "KEYS_HOME": str(home / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the shipped pack to plant a defect in."""
    return Path(shutil.copytree(SHIPPED, tmp_path / SHIPPED.name))


def _plant(pack: Path, old: str, new: str) -> None:
    text = (pack / "README.md").read_text("utf-8")
    assert old in text
    (pack / "README.md").write_text(text.replace(old, new, 1), "utf-8")


def test_the_shipped_packs_have_no_findings(tmp_path: Path) -> None:
    """No error and no warning, and nothing is suppressed."""
    code, output = _check(tmp_path, str(shipped_library()))

    assert 0 == code, output
    assert "0 errors, 0 warnings" in output


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("unknown-target", '`json.state == "idle"` → S2', '`json.state == "idle"` → S9'),
        ("missing-else", "- Anything else → ESCALATE\n\n### S2", "\n### S2"),
        ("invalid-condition", '`json.status == "disabled"`', '`json.status = "disabled"`'),
        ("unargued-class", "Start the service (REVERSIBLE)", "Start the service"),
        ("missing-rollback", "**Rollback**\n\n```bash\nappctl stop\n```\n", ""),
        (
            "unquoted-value",
            '--endpoint "$STRIPE_ENDPOINT_ID" --last 5',
            "--endpoint $STRIPE_ENDPOINT_ID --last 5",
        ),
        ("changing-safe-step", "appctl health --json", "appctl restart"),
        ("undeclared-value", 'show "$STRIPE_ENDPOINT_ID"', 'show "$ENDPOINT"'),
        ("stale-checklist", "Is a deployment running right now?", "Is a deployment running at this moment?"),
    ],
)
def test_a_planted_defect_is_found(pack: Path, rule: str, old: str, new: str) -> None:
    """Each is an error with a line and a mend, and the exit code says so."""
    _plant(pack, old, new)

    code, output = _check(pack.parent, str(pack), "--format", "json")
    findings = [one for found in json.loads(output)["packs"].values() for one in found]

    assert 1 == code
    assert rule in {one["rule"] for one in findings}
    assert all(one["mend"] for one in findings)


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_every_format_names_the_rule(pack: Path, form: str) -> None:
    """A finding is in each of the formats."""
    _plant(pack, "→ S2", "→ S9")

    assert "unknown-target" in _check(pack.parent, str(pack), "--format", form)[1]
