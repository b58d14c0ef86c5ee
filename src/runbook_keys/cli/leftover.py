"""`keys resume` where a command of an earlier driver still runs: what the person is shown and asked."""

from __future__ import annotations

from runbook_keys.cli.terminal import TerminalOperator
from runbook_keys.cli.text import RULE, hanging


class AskedPatience:
    """Waits, or ends the command once a person has typed its step's label and a reason. Silence ends nothing."""

    def __init__(self, operator: TerminalOperator, is_waiting: bool, is_ending: bool) -> None:
        self._operator = operator
        self._is_waiting = is_waiting
        self._is_ending = is_ending

    async def may_end(self, label: str, story: str) -> str:
        """The reason that the person gives; empty where nothing is to be ended."""
        if not self._is_ending:
            return ""
        warning = (
            f"To end it now may leave half a change behind. {label} then counts as it does after a crash."
        )
        lines = [RULE, *hanging("", story), *hanging("", warning)]
        typed = await self._operator.asked(lines, f"Type {label} to end it, Enter to leave it: ")
        return await self._operator.asked([], "Why? ") if typed.upper() == label.upper() else ""

    def is_waiting(self, story: str) -> bool:
        """True where the person asked to wait; says what is waited for."""
        if self._is_waiting:
            self._operator.tell(
                [*hanging("", f"{story} Waiting for its end. Ctrl-C leaves; the run is kept.")]
            )
        return self._is_waiting
