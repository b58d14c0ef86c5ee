"""Runs `key` blocks: the KEY that the run pinned, with the arguments that the block's text gives it.

The exit code is 0 where the KEY returned a result that its schema accepts, else there is none, so that no condition can
take a failure for an answer. A probe or rollback check asks whether something is so: its KEY says it by `holds` in the
result, and the exit code is 0 for true, 1 for false, and none where it says neither.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from runbook_keys.book.key_arguments import resolved, typed
from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.book.keycalls import arguments_of
from runbook_keys.executors.environment import home
from runbook_keys.model.key import KeyMode
from runbook_keys.model.outcome import Outcome, OutcomeKind, Role
from runbook_keys.ports import KeyCaller, KeyRequest, Output, Task

_SAYS_YES_OR_NO = (Role.PROBE, Role.ROLLBACK_CHECK)


class KeyExecutor:
    """Runs `key` blocks by `caller`. Relative paths are below the operator's home, as in `bash` blocks."""

    def __init__(self, caller: KeyCaller, environment: Mapping[str, str]) -> None:
        self._caller = caller
        self._base = home(environment)

    async def execute(self, task: Task, output: Output) -> Outcome:
        """Run the block. Raises `ExecutorUnavailable` where what runs the KEY is not on this machine."""
        if task.key is None:
            return _failed(f"The KEY {task.block.key} was not installed when this run opened.")
        metadata, _ = read_key_metadata(task.key.files.get("key.json", b""))
        texts, missing = resolved(arguments_of(task.block.text, task.block.line, []), task.values)
        if missing:
            return _failed(f"There is no value for {', '.join(missing)}.")
        request = KeyRequest(
            run=task.run,
            key=task.key,
            arguments=typed(metadata, texts) if metadata else texts,
            base=self._base,
            mode=KeyMode(task.block.mode),
            is_looking=task.is_looking,
            secrets=task.secrets,
            timeout_seconds=task.block.timeout_seconds,
            result_before=task.result_before,
            attempt_fd=task.attempt_fd,
        )
        return _answering(task.role, await self._caller.call(request, output))


def _failed(why: str) -> Outcome:
    return Outcome(OutcomeKind.FAILED, why=f"{why} Nothing was started.")


def _answering(role: Role, outcome: Outcome) -> Outcome:
    result = outcome.observation.result
    if role not in _SAYS_YES_OR_NO or result is None:
        return outcome
    code = {True: 0, False: 1}.get(result["holds"]) if isinstance(result.get("holds"), bool) else None
    return replace(outcome, observation=replace(outcome.observation, exit_code=code))
