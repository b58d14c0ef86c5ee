"""How the end of a bash block is told to an operator."""

from __future__ import annotations

import re
import signal

from runbook_keys.executors.process import DRAIN_SECONDS, Cut, Ended

_REFUSAL = re.compile(
    r"permission denied|operation not permitted|read-only file system|EACCES|EPERM", re.IGNORECASE
)
_NO_SUDO = re.compile(r"no new privileges", re.IGNORECASE)

_BROKEN_CHECK = re.compile(rf"{_REFUSAL.pattern}|unbound variable", re.IGNORECASE)

_CODES = {
    126: "The block names a program that can't be executed.",
    127: "The block names a program that is not on this machine.",
    128 + signal.SIGPIPE: "A program in a pipe was cut off, as the next one had read enough.",
    128 + signal.SIGKILL: "It was killed from outside; perhaps the machine ran out of memory.",
}


def why(ended: Ended, stderr: str, timeout_seconds: float, *, is_looking: bool) -> str:
    """Why the block ended as it did, in sentences of at most 20 words; empty where there is nothing to say."""
    sentences = [_ending(ended, timeout_seconds)]
    if ended.cut is None and ended.exit_code and is_looking:
        sentences.append(_refusal(stderr))
    sentences.append(_leftover(ended))
    return " ".join(filter(None, sentences))


def is_undecided(ended: Ended, stderr: str) -> bool:
    """True where an exit code of 1 is no answer: the check itself broke, or was cut."""
    return ended.cut is not None or (ended.exit_code == 1 and bool(_BROKEN_CHECK.search(stderr)))


def _ending(ended: Ended, timeout_seconds: float) -> str:
    if ended.exit_code is None:
        return f"It could not be ended: process {ended.pid} still runs. Look at it by hand before you go on."
    if ended.cut is Cut.TIMEOUT:
        return f"It took longer than {timeout_seconds:g} seconds and was stopped."
    if ended.cut is Cut.STOPPED:
        return "It was stopped before it had ended."
    if ended.exit_code == 0:
        return ""
    return " ".join(
        filter(None, (f"It ended with exit code {ended.exit_code}.", _code_words(ended.exit_code)))
    )


def _code_words(code: int) -> str:
    if code in _CODES:
        return _CODES[code]
    try:
        return f"That is the signal {signal.Signals(code - 128).name}." if code > 128 else ""
    except ValueError:
        return ""


def _refusal(stderr: str) -> str:
    """A guess from what the command said: the kernel does not tell whether it was Landlock that refused."""
    if _NO_SUDO.search(stderr):
        return "This step may only look, so sudo can't work in it."
    if _REFUSAL.search(stderr):
        return (
            "Probably the kernel refused a change, because this step may only look. "
            'It may write only below "$TMPDIR". If the change is meant, it belongs into an action.'
        )
    return ""


def _leftover(ended: Ended) -> str:
    if ended.stragglers and ended.cut is None:
        return "Something that it had started was still running and was ended."
    if ended.is_output_held and ended.cut is None:
        return (
            f"Something that it started still held its output {DRAIN_SECONDS:g} seconds later. "
            "What that writes from now on is lost, and writing may end it."
        )
    return ""
