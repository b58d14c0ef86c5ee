"""KEYS as they are installed: their modules on the search path, and the real `keys call`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[2] / "library"
TOOLS = ("jupyter", "node", "python")
KEYS = sorted(path.parent for tool in TOOLS for path in (LIBRARY / tool).glob("*/key.json"))
OURS = (
    "jupyter-webhook-event-analysis",
    "jupyter-webhook-delivery-report",
    "jupyter-log-error-patterns",
    "python-webhook-event-gap",
)

for slug in OURS:
    sys.path.append(str(LIBRARY / slug.partition("-")[0] / slug))


class Called:
    """What one `keys call` gave back."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.exit_code = done.returncode
        self.stdout, self.stderr = done.stdout, done.stderr

    @property
    def result(self) -> dict[str, Any]:
        """The result on stdout; a failure says what was there instead."""
        assert self.exit_code == 0, self.stderr
        found: dict[str, Any] = json.loads(self.stdout)
        return found


@pytest.fixture
def call_key(tmp_path: Path) -> Callable[..., Called]:
    """Calls a KEY as a person does, in a folder of its own."""

    def call(
        slug: str, *options: str, environment: dict[str, str] | None = None, **arguments: object
    ) -> Called:
        texts = [text for name, value in arguments.items() for text in (f"--{name}", str(value))]
        state = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "runbook_keys.cli.main", "call", slug, *options, *texts]
        done = subprocess.run(
            command,
            env={**os.environ, **state, **(environment or {})},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Called(done)

    return call
