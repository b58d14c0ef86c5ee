"""Runs `bash` blocks: constant text, values in the environment only, no input, a bounded time.

The text is given to `bash --noprofile --norc -e -u -o pipefail -c`. So a line that fails ends the block, as does a
name without a value, and a pipe fails with any of its parts: a block whose early line failed can't look like success.
Every block starts in the operator's home, whatever folder `keys` was started in, so that a resumed run finds the same.

The exit code of a probe or rollback check is an answer: 0 yes, 1 no, anything else nobody can tell. Where the check
itself visibly broke (a value missing, a write refused), its exit code is left out, so that it can't be taken for a no.

A looking step is started under Landlock and may write only below its own scratch folder, `"$TMPDIR"`.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from runbook_keys.errors import ExecutorUnavailable
from runbook_keys.executors.bash_words import is_undecided, why
from runbook_keys.executors.environment import MARK, home, passed_environment, unfit
from runbook_keys.executors.landlock import call_confined
from runbook_keys.executors.masking import unmaskable
from runbook_keys.executors.output import Screen, Stream
from runbook_keys.executors.process import Command, Cut, Ended, NotStarted, attend, start
from runbook_keys.executors.scratch import scratch_folder
from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind, Role
from runbook_keys.ports import Output, Task

_SAYS_YES_OR_NO = (Role.PROBE, Role.ROLLBACK_CHECK)

Streams = tuple[Stream, Stream]
"""A command's stdout and stderr."""

OPTIONS = ("--noprofile", "--norc", "-e", "-u", "-o", "pipefail", "-c", "--")
"""What `bash` is given before a block's text; the linter checks blocks under the same options."""


class BashExecutor:
    """Runs `bash` blocks on this machine.

    `environment` is the operator's own; commands get the short list of it that `passed_environment` names, plus
    `more_names`. Looking steps get a folder of their own below `scratch_root`.
    """

    def __init__(
        self, environment: Mapping[str, str], scratch_root: Path, more_names: Collection[str] = ()
    ) -> None:
        self._environment = passed_environment(environment, more_names)
        self._scratch_root = scratch_root
        self._found: str | None = None

    async def execute(self, task: Task, output: Output) -> Outcome:
        """Run the block. Raises `ExecutorUnavailable` where there is no bash.

        Cancelling ends the command and all that it started, then raises `CancelledError`.
        """
        bash = self._bash()
        problem = unfit(task.values) or unmaskable(task.secrets)
        if problem:
            return Outcome(OutcomeKind.FAILED, why=f"{problem} Nothing was started.")
        screen = Screen(output)
        return await self._attempt(task, bash, (Stream(task.secrets, screen), Stream(task.secrets, screen)))

    def _bash(self) -> str:
        self._found = self._found or shutil.which("bash", path=self._environment["PATH"])
        if self._found is None:
            raise ExecutorUnavailable(
                "There is no bash on this machine's PATH. Install it, then resume the run."
            )
        return self._found

    async def _attempt(self, task: Task, bash: str, streams: Streams) -> Outcome:
        began = time.monotonic()
        try:
            ended, enforcement = await (self._look if task.is_looking else self._change)(task, bash, streams)
        except NotStarted as error:
            return Outcome(OutcomeKind.FAILED, why=f"{error} Nothing was started.")
        for stream in streams:
            stream.close()
        stdout, stderr = (stream.kept.text() for stream in streams)
        return Outcome(
            kind=_kind(ended),
            observation=Observation(
                exit_code=None
                if task.role in _SAYS_YES_OR_NO and is_undecided(ended, stderr)
                else ended.exit_code,
                stdout=stdout,
                stderr=stderr,
                is_truncated=any(stream.kept.is_truncated for stream in streams),
            ),
            why=why(ended, stderr, task.block.timeout_seconds, is_looking=task.is_looking),
            duration_ms=round((time.monotonic() - began) * 1000),
            enforcement=enforcement,
        )

    async def _look(self, task: Task, bash: str, streams: Streams) -> tuple[Ended, str]:
        mark = secrets.token_hex(16)
        async with scratch_folder(self._scratch_root, f"attempt-{mark}") as scratch:
            command = self._command(task, bash, {"TMPDIR": str(scratch)}, mark)
            process, enforcement = call_confined(lambda: start(command), [scratch])
            return await attend(process, command, streams), enforcement

    async def _change(self, task: Task, bash: str, streams: Streams) -> tuple[Ended, str]:
        command = self._command(task, bash, {}, secrets.token_hex(16))
        return await attend(start(command), command, streams), ""

    def _command(self, task: Task, bash: str, more: Mapping[str, str], mark: str) -> Command:
        return Command(
            program=bash,
            arguments=("bash", *OPTIONS, task.block.text),
            environment={**self._environment, **task.values, **more, MARK: mark},
            folder=home(self._environment),
            mark=f"{MARK}={mark}",
            timeout_seconds=task.block.timeout_seconds,
            may_leave_running=not task.is_looking,
            inherited=() if task.attempt_fd is None else (task.attempt_fd,),
        )


def _kind(ended: Ended) -> OutcomeKind:
    if ended.cut is Cut.STOPPED:
        return OutcomeKind.CANCELLED
    if ended.cut is Cut.TIMEOUT:
        return OutcomeKind.TIMED_OUT
    return OutcomeKind.SUCCEEDED if ended.exit_code == 0 else OutcomeKind.FAILED
