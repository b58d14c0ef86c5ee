"""A call in a process of its own: JSON in on stdin, JSON out on a descriptor that nothing else writes to.

Both are files without a name (memfd_create): arguments never stand in argv or on a disk, and whatever a KEY or its
children write to stdout can't be taken for the result.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from runbook_keys.executors.environment import MARK
from runbook_keys.executors.key.call import MOST_ANSWER_BYTES, Call, Returned
from runbook_keys.executors.landlock import call_confined
from runbook_keys.executors.output import Screen, Stream
from runbook_keys.executors.process import Command, Cut, Ended, attend, start
from runbook_keys.model.outcome import OutcomeKind

_STRAY = "It wrote to stdout itself. That was shown as progress and not taken for a result."


@dataclass(frozen=True)
class Program:
    """What runs a KEY: the executable, its options, and its name with version as the journal has it."""

    path: str
    options: Sequence[str]
    words: str


async def call_process(program: Program, call: Call, screen: Screen) -> Returned:
    """Start it, wait for its end, read its answer. Raises `NotStarted`; when cancelled, ends it first."""
    streams = (Stream(call.secrets, screen), Stream(call.secrets, screen))
    with _files() as (asked, answered):
        os.write(asked, call.spelled(answer_fd=answered))
        os.lseek(asked, 0, os.SEEK_SET)
        ended, enforcement = await _ended(_command(program, call, asked, answered), call, streams)
        answer = _answer(answered)
    for stream in streams:
        stream.close()
    stdout, stderr = (stream.kept.text() for stream in streams)
    told = _told(call, ended, answer)
    return Returned(
        kind=told.kind,
        program=program.words,
        why=" ".join(filter(None, (told.why, _STRAY if stdout.strip() else ""))),
        result=told.result,
        has_result=told.has_result,
        stdout=stdout,
        stderr=stderr,
        is_truncated=any(stream.kept.is_truncated for stream in streams),
        enforcement=enforcement,
    )


async def _ended(command: Command, call: Call, streams: Sequence[Stream]) -> tuple[Ended, str]:
    if not call.is_looking:
        return await attend(start(command), command, streams), ""
    process, enforcement = call_confined(lambda: start(command), [call.scratch])
    return await attend(process, command, streams), enforcement


def _command(program: Program, call: Call, asked: int, answered: int) -> Command:
    held = () if call.attempt_fd is None else (call.attempt_fd,)
    return Command(
        program=program.path,
        arguments=[program.path, *program.options],
        environment={**call.environment, MARK: call.mark, "TMPDIR": str(call.scratch)},
        folder=call.folder,
        mark=f"{MARK}={call.mark}",
        timeout_seconds=call.timeout_seconds,
        may_leave_running=not call.is_looking,
        inherited=held,
        stdin=asked,
        handed=(answered,),
    )


@contextmanager
def _files() -> Iterator[tuple[int, int]]:
    asked, answered = os.memfd_create("keys-call"), os.memfd_create("keys-answer")
    try:
        yield asked, answered
    finally:
        os.close(asked)
        os.close(answered)


@dataclass(frozen=True)
class _Told:
    kind: OutcomeKind
    why: str = ""
    result: Any = None
    has_result: bool = False


def _answer(answered: int) -> Mapping[str, Any] | str:
    """What the process answered; or a sentence that says why that is no answer."""
    size = os.fstat(answered).st_size
    if size > MOST_ANSWER_BYTES:
        return f"Its result has {size:,} bytes; at most {MOST_ANSWER_BYTES:,} are taken."
    if not size:
        return ""
    try:
        found = json.loads(os.pread(answered, size, 0))
    except (ValueError, RecursionError):
        return "Its answer was cut off."
    return found if isinstance(found, dict) else "Its answer was overwritten."


def _told(call: Call, ended: Ended, answer: Mapping[str, Any] | str) -> _Told:
    if ended.exit_code is None:
        why = f"It could not be ended: process {ended.pid} still runs. Look at it by hand before you go on."
        return _Told(call.lost(), why)
    if ended.cut is Cut.TIMEOUT:
        why = f"The KEY took longer than {call.timeout_seconds:g} seconds and was stopped."
        return _Told(OutcomeKind.TIMED_OUT, why)
    if ended.cut is Cut.STOPPED:
        return _Told(OutcomeKind.CANCELLED, "It was stopped before it had ended.")
    if isinstance(answer, str):
        return _Told(call.lost(), f"{answer or _silent(ended.exit_code)}{call.lost_words}")
    return _said(call, answer)


def _said(call: Call, answer: Mapping[str, Any]) -> _Told:
    words = str(answer.get("error", ""))[:2000]
    match answer.get("how"):
        case "returned":
            return _Told(OutcomeKind.SUCCEEDED, result=answer.get("result"), has_result=True)
        case "threw":
            return _Told(OutcomeKind.FAILED, f"The KEY says that it failed: {words}")
        case "unloadable":
            return _Told(OutcomeKind.FAILED, f"The KEY's {call.metadata.entry} can't be loaded: {words}")
        case "unwritable":
            return _Told(call.lost(), f"The KEY's result can't be written as JSON: {words}")
        case _:
            return _Told(call.lost(), f"The KEY crashed: {words}{call.lost_words}")


def _silent(code: int) -> str:
    if code > 128:
        try:
            return f"The KEY's process was ended by the signal {signal.Signals(code - 128).name}."
        except ValueError:
            pass
    return f"The KEY's process ended with exit code {code} and gave no result."
