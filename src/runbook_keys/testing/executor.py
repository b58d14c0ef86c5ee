"""An executor that runs nothing: it plays what a table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from runbook_keys.model.outcome import Outcome, Role
from runbook_keys.ports import Output, Task

Part: TypeAlias = Outcome | Callable[[Task], Outcome] | Sequence[Outcome]
"""What to play: always this, what a function makes of the task, or one after the other (the last one stays)."""


class ScriptedExecutor:
    """Plays `script` by step and role, and records in `tasks` what it was given.

    Keys are step labels (any role) or pairs of label and role, which count first. A stdout in the outcome is shown
    as output. An attempt that is not in the script is an `AssertionError`: it must not have happened.
    """

    def __init__(self, script: Mapping[str | tuple[str, Role], Part]) -> None:
        self._script = script
        self.tasks: list[Task] = []

    async def execute(self, task: Task, output: Output) -> Outcome:
        """Play the task's part."""
        self.tasks.append(task)
        outcome = self._outcome(task)
        if outcome.observation.stdout:
            output(outcome.observation.stdout)
        return outcome

    def _outcome(self, task: Task) -> Outcome:
        part = self._script.get((task.step, task.role)) or self._script.get(task.step)
        if part is None:
            raise AssertionError(f"Nobody expected {task.role.value} of {task.step}.")
        if isinstance(part, Outcome):
            return part
        if callable(part):
            return part(task)
        nth = sum((t.step, t.role) == (task.step, task.role) for t in self.tasks)
        return part[min(nth, len(part)) - 1]
