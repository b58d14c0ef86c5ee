"""What the tests of executors share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook_keys.executors.bash import BashExecutor
from runbook_keys.model.outcome import Outcome
from runbook_keys.testing.task import a_task

Run = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The operator's home, in which blocks start."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def bash(tmp_path: Path, home: Path) -> BashExecutor:
    """A bash executor with this machine's environment and a home of its own."""
    return BashExecutor({**os.environ, "HOME": str(home)}, tmp_path / "scratch")


@pytest.fixture
def run(bash: BashExecutor) -> Run:
    """Runs a block to its end: `run(text, **what a_task takes)`."""

    def to_its_end(text: str, **options: Any) -> Outcome:
        return asyncio.run(bash.execute(a_task(text, **options), lambda _: None))

    return to_its_end
