"""Tasks for trying an executor by itself."""

from __future__ import annotations

from collections.abc import Mapping

from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Block
from runbook_keys.model.view import Asking, View, WayOut
from runbook_keys.ports import Task


def a_task(
    text: str,
    *,
    language: str = "bash",
    is_looking: bool = True,
    timeout_seconds: float = 30.0,
    values: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    on: str | None = None,
    role: Role = Role.WORK,
    answers: tuple[str, ...] = (),
    attempt_fd: int | None = None,
) -> Task:
    """The first attempt of step D1 with one block of `text`. Secrets are values as well, as in a run."""
    hidden = dict(secrets or {})
    ways_out = tuple(WayOut(words, None, "RESOLVED") for words in answers)
    block = Block(language, text, line=1, timeout_seconds=timeout_seconds, on=on)
    return Task(
        run="r-20261123-0312-0001",
        step="D1",
        role=role,
        attempt=1,
        block=block,
        values={**(values or {}), **hidden},
        secrets=hidden,
        is_looking=is_looking,
        view=View(
            Asking.QUESTION,
            "r-20261123-0312-0001",
            "a-runbook",
            "A runbook",
            0,
            role=role,
            block=block,
            ways_out=ways_out,
        ),
        attempt_fd=attempt_fd,
    )
