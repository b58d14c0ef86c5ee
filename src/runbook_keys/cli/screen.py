"""From a view to lines: the question in words first, the command under it, what each answer means and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runbook_keys.cli.text import RULE, WIDTH, command, duration, hanging, one_line, paragraphs, safe
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import SafetyClass, Step
from runbook_keys.model.view import Asking, Breach, LastResult, View

MOST_PATH = 8
MOST_OUTPUT = 30

_ROLE_WORDS = {
    Role.ROLLBACK: "Undo",
    Role.ROLLBACK_CHECK: "Is it undone?",
    Role.PROBE: "Did it happen?",
    Role.EVIDENCE: "Evidence",
}

KEYS = {
    Asking.LOOK: "Enter run it · s skip · g go to a step · n note · f file · b breach · h hand-over · e escalate · q leave",
    Asking.QUESTION: "number answer · g go to a step · n note · f file · b breach · h hand-over · e escalate · q leave",
    Asking.CHOICE: "number choose · g go to a step · n note · f file · b breach · h hand-over · e escalate · q leave",
    Asking.APPROVAL: "g go to a step · n note · f file · b breach · h hand-over · e escalate · q leave",
    Asking.ROLLBACK: "n note · f file · b breach · h hand-over · e escalate · q leave",
    Asking.UNKNOWN: "y it happened · n it did not · ? can't tell · b breach · h hand-over · q leave",
    Asking.ESCALATION: "e escalate now · c carry on (say why) · b breach · h hand-over · q leave",
    Asking.WATCHING: "Enter wait here · b breach · e escalate · q leave, `keys resume` does what is due",
    Asking.EVIDENCE: "type the answer · Enter alone: not known · q leave",
    Asking.NOTHING: "",
}


def screen(view: View) -> list[str]:
    """The whole screen, line by line, at most 80 columns except for commands."""
    body = _BODIES[view.asking](view)
    return [
        RULE,
        *_breach(view.breach),
        *_frame(view),
        *_last(view.last),
        RULE,
        *_message(view),
        *body,
        "",
        *hanging("", KEYS[view.asking]),
    ]


def _breach(breach: Breach | None) -> list[str]:
    """The clock of GDPR Art. 33, on top of every screen from when somebody said that they know."""
    if breach is None:
        return []
    since = f"aware since {breach.aware_at:%Y-%m-%d %H:%M} UTC"
    by = f"{breach.notify_by:%Y-%m-%d %H:%M} UTC"
    if breach.is_decided:
        return hanging("BREACH:   ", f"{since}; what the authority is told is on record (by {by})")
    left = duration(abs(breach.seconds_left))
    clock = f"{left} left" if breach.seconds_left > 0 else f"OVER by {left}"
    return hanging(
        "BREACH:   ", f"{clock} to notify the authority (by {by}); {since}. `keys aware` records it."
    )


def _frame(view: View) -> list[str]:
    practice = "PRACTICE · " if view.is_practice else ""
    parts = [f"{practice}{one_line(view.runbook, 40)}", f"run {view.run}", duration(view.elapsed_seconds)]
    if view.escalate_in_seconds is not None and view.escalate_in_seconds > 0:
        parts.append(f"escalate in {duration(view.escalate_in_seconds)}")
    shown = view.path[-MOST_PATH:]
    path = ("… > " if len(view.path) > MOST_PATH else "") + " > ".join(shown)
    undoable = ", ".join(f"{each.label} {safe(each.title)}" for each in view.undoable) or "nothing yet"
    lines = hanging("", " · ".join(parts))
    lines += hanging("Path:     ", path or "start") + hanging("Undoable: ", undoable)
    for rule in view.do_not:
        lines += hanging("DO NOT:   ", rule.removeprefix("Do not ").removeprefix("do not "))
    return lines


def _last(last: LastResult | None) -> list[str]:
    if last is None:
        return []
    lines = [RULE]
    if last.outcome is not None:
        lines += hanging(f"{last.step} saw: ", observed(last))
    for why in last.why_not:
        lines += hanging("  not decidable: ", why)
    if last.leads_to:
        lines += hanging(f"  so: {safe(last.words)} -> ", f"{last.leads_to} ({last.because})")
    if last.enforcement.startswith("not enforced"):
        lines += hanging("  note: ", last.enforcement)
    return lines


def observed(last: LastResult) -> str:
    """What was seen, on few lines: the exit code and the beginning of the output, never just "OK"."""
    seen = last.observation
    if seen.result is not None:
        return " · ".join(filter(None, (_returned(seen.result), last.why)))
    parts = []
    if seen.exit_code is not None:
        parts.append(f"exit code {seen.exit_code}")
    if seen.rows is not None:
        parts.append(f"{len(seen.rows)} rows" if len(seen.rows) != 1 else f"{seen.rows[0]}")
    output = seen.stdout.strip() if seen.rows is None else ""
    if output:
        parts.append(one_line(output, 200))
    if seen.stderr.strip():
        parts.append(f"error output: {one_line(seen.stderr.strip(), 160)}")
    if last.why:
        parts.append(last.why)
    return " · ".join(parts) or str(last.outcome)


def _returned(result: Mapping[str, Any]) -> str:
    """What a KEY returned, on few lines: its own words where it has an `answer`, else its fields."""
    answer = result.get("answer")
    words = (
        answer if isinstance(answer, str) and answer else ", ".join(f"{n} = {v}" for n, v in result.items())
    )
    return one_line(words, 300) or "an empty result"


def _message(view: View) -> list[str]:
    return [*hanging("! ", view.message), ""] if view.message else []


def _heading(step: Step | None, view: View) -> list[str]:
    if step is None:
        return []
    role = _ROLE_WORDS.get(view.role)
    words = f"{role} - {step.title}" if role else step.title
    kind = f"[{step.kind.words}, {view.safety}]"
    return hanging(f"{step.label}. ", f"{words}  {kind}")


def _command(view: View) -> list[str]:
    if view.block is None:
        return []
    if view.block.language == "human":
        return ["", *paragraphs(view.block.text)]
    lines = ["", *command(view.block.command)]
    for shown in view.values:
        value = "(secret)" if shown.value is None else one_line(shown.value, 60)
        lines.append(f"      {shown.name} = {value}")
    return lines


def _ways(view: View) -> list[str]:
    lines = [""]
    for number, way in enumerate(view.ways_out, start=1):
        left = f", {way.remaining} times left" if way.remaining is not None else ""
        lead = f" -> {way.leads_to}{left}" if way.leads_to else ""
        lines += hanging(f"  {number}  ", f"{way.words}{lead}")
        if way.condition:
            lines.append(f"     when {one_line(way.condition, WIDTH - 10)}")
    return lines


def _prose(view: View) -> list[str]:
    step = view.step
    if step is None or not step.prose or step.block is None:
        return []
    return ["", *paragraphs(step.prose)]


def _look(view: View) -> list[str]:
    check = f"Check {view.check} of {view.checks}." if view.checks > 1 else ""
    return [
        *_heading(view.step, view),
        *([check] if check else []),
        *_prose(view),
        *_command(view),
        *_ways(view),
        *_under_way(view),
    ]


def _under_way(view: View) -> list[str]:
    """A person's own change has begun with their yes; until they answer, nobody else knows about it."""
    if view.asking is not Asking.QUESTION or view.safety is SafetyClass.SAFE:
        return []
    return ["", *hanging("", "You are making this change now. Leaving before you answer makes it UNKNOWN.")]


def _approval(view: View) -> list[str]:
    step = view.step
    lines = _heading(step, view)
    if step is not None:
        lines += hanging("Before:       ", step.precondition) if step.precondition else []
        lines += hanging("Side effects: ", step.side_effects) if step.side_effects else []
    lines += [*_prose(view), *_command(view), *_ways(view), ""]
    if view.safety is SafetyClass.IRREVERSIBLE:
        label = step.label if step else ""
        lines += hanging("", f"POINT OF NO RETURN: {label} can't be undone.")
        lines += hanging("May approve: ", ", ".join(view.approvers)) if view.approvers else []
        lines += hanging("", f"A second person must approve it, not {view.not_by}.") if view.not_by else []
        lines += hanging("", f"To do it, type {label} and press Enter. You are then asked why.")
    else:
        lines += hanging("", "This changes something and can be undone. Press Enter to do it.")
    if step is not None and step.manual_alternative:
        lines += hanging("By hand: ", step.manual_alternative)
    return lines


def _rollback(view: View) -> list[str]:
    return [*_heading(view.step, view), *_command(view), "", "Press Enter to undo it now."]


def _choice(view: View) -> list[str]:
    output = view.last.observation.stdout.rstrip("\n") if view.last else ""
    shown = safe(output).split("\n")[:MOST_OUTPUT] if output else []
    lines = [*_heading(view.step, view), *_prose(view), "", *(one_line(f"  | {line}") for line in shown)]
    return [*lines, "", "You decide which way to go:", *_ways(view)]


def _unknown(view: View) -> list[str]:
    label = view.step.label if view.step else ""
    lines = hanging("", f"UNKNOWN: {label} was started and its outcome was never recorded.")
    lines += hanging("", "It may have happened, in part or not at all. It is not run again by itself.")
    lines += [*_heading(view.step, view), *_command(view), ""]
    return lines + hanging("", "Look at the real system first. Did the change happen?")


def _escalation(view: View) -> list[str]:
    lines = hanging("", "The time after which this runbook says to escalate has passed.")
    return [*lines, *_contacts(view)]


def _contacts(view: View) -> list[str]:
    return hanging("Escalate to: ", ", then ".join(view.escalate_to)) if view.escalate_to else []


def _watching(view: View) -> list[str]:
    due = f"{view.due_at:%H:%M:%S} UTC" if view.due_at else "soon"
    number = max(view.check, 1)
    lines = _heading(view.step, view)
    return [*lines, "", f"Watching: check {number} of {view.checks} comes next, at {due}."]


def _evidence(view: View) -> list[str]:
    return ["For the record (section 9):", *hanging("  ", view.question)]


def _nothing(_view: View) -> list[str]:
    return []


_BODIES: dict[Asking, Callable[[View], list[str]]] = {
    Asking.LOOK: _look,
    Asking.QUESTION: _look,
    Asking.CHOICE: _choice,
    Asking.APPROVAL: _approval,
    Asking.ROLLBACK: _rollback,
    Asking.UNKNOWN: _unknown,
    Asking.ESCALATION: _escalation,
    Asking.WATCHING: _watching,
    Asking.EVIDENCE: _evidence,
    Asking.NOTHING: _nothing,
}

__all__ = ["KEYS", "WIDTH", "observed", "screen"]
