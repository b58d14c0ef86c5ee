"""Has a person do the step: look, act, and answer with one of the ways on the screen."""

from __future__ import annotations

import time

from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind, Role
from runbook_keys.model.reply import Approve, Choose, Reply
from runbook_keys.ports import Interposed, Operator, Output, Task

_CODES_BY_HAND = {
    Role.ROLLBACK: 2,  # done, could not
    Role.ROLLBACK_CHECK: 3,  # yes, no, can't tell
    Role.PROBE: 3,
}
"""How many answers there are where an answer counts as an exit code: 0 good, 1 not, 2 nobody can tell."""

_WHY = {
    (Role.ROLLBACK, 1): "The operator could not undo it.",
    (Role.ROLLBACK_CHECK, 1): "The operator says that it is not undone.",
    (Role.ROLLBACK_CHECK, 2): "The operator can't tell.",
    (Role.PROBE, 1): "The operator says that it did not happen.",
    (Role.PROBE, 2): "The operator can't tell.",
}


class HumanExecutor:
    """Asks `operator` what the task's view asks.

    The answer to a step's work is the number of the way out (`observation.answer`). The answer to an undo, a rollback
    check or a probe is an exit code, as a command in its place would give it.
    """

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    async def execute(self, task: Task, output: Output) -> Outcome:  # noqa: ARG002 - a person writes no output
        """Ask until one of the ways is chosen. Raises `Interposed` with any other reply: that is for the driver."""
        began = time.monotonic()
        answers = _CODES_BY_HAND.get(task.role, len(task.view.ways_out))
        answer = await self._answer(task, answers)
        duration_ms = round((time.monotonic() - began) * 1000)
        if task.role not in _CODES_BY_HAND:
            return Outcome(OutcomeKind.SUCCEEDED, Observation(answer=answer), duration_ms=duration_ms)
        kind = OutcomeKind.FAILED if answer else OutcomeKind.SUCCEEDED
        return Outcome(kind, Observation(exit_code=answer), _WHY.get((task.role, answer), ""), duration_ms)

    async def _answer(self, task: Task, answers: int) -> int:
        while True:
            reply = await self._operator.reply(task.view)
            if not isinstance(reply, Choose) and not _is_done(task, reply):
                raise Interposed(reply)
            number = reply.branch if isinstance(reply, Choose) else 0
            if 0 <= number < answers:
                return number


def _is_done(task: Task, reply: Reply) -> bool:
    """An undo by hand may be confirmed like one by command; nothing else is ever approved here."""
    return task.role is Role.ROLLBACK and isinstance(reply, Approve)
