"""A check can't fail, so it proves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedScript
from runbook_keys.lint.observing import looked_at
from runbook_keys.lint.script import Command
from runbook_keys.model.finding import Level
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import StepKind

NAME = "hollow-check"
LEVEL = Level.ERROR

_NOTHING = frozenset({"true", ":", "echo", "printf", "sleep", "exit"})
_MEND = "Ask the system itself, and let the answer decide: test, grep or cmp as the last line."


def find(material: Material) -> Iterator[Fault]:
    """Each verification, rollback check or probe that only prints, and each block whose failure is thrown away."""
    for scripted in material.scripts:
        commands = [command for command in scripted.script.commands if not command.place.is_captured]
        if not commands:
            continue
        if _is_check(scripted) and all(_does_nothing(command) for command in commands):
            reason = f"{scripted.place.as_subject} can't fail, so it proves nothing."
            yield Fault(scripted.place.line(commands[0].line), reason, _MEND)
        elif _counts(scripted) and _throws_away(scripted.place.block.text, commands):
            reason = f"{scripted.place.as_subject} ends in success whatever happens."
            yield Fault(
                scripted.place.line(commands[-1].line),
                reason,
                "Remove what follows ||: its exit code is looked at.",
            )


def _is_check(scripted: PlacedScript) -> bool:
    step = scripted.place.step
    is_verification = (
        step is not None and step.kind is StepKind.VERIFICATION and scripted.place.role is Role.WORK
    )
    return is_verification or scripted.place.role in (Role.ROLLBACK_CHECK, Role.PROBE)


def _does_nothing(command: Command) -> bool:
    is_constant = all(word.is_constant or "$(…)" not in word.shape for word in command.words)
    return command.name in _NOTHING and command.place.feeds is None and is_constant


def _counts(scripted: PlacedScript) -> bool:
    """True where the exit code decides something."""
    step = scripted.place.step
    if step is None:
        return False
    if scripted.place.role is not Role.WORK:
        return True
    return any("exit_code" in looked_at(branch.condition or "") for branch in step.branches)


def _throws_away(text: str, commands: list[Command]) -> bool:
    last = commands[-1]
    is_or = (
        last.name in ("true", ":", "echo", "printf") and len(commands) > 1 and commands[-2].place.is_tolerated
    )
    is_exit = last.name == "exit" and [word.shape for word in last.arguments] == ["0"] and len(commands) > 1
    return (is_or and "||" in text) or (is_exit and last.line >= max(command.line for command in commands))
