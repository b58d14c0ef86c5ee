"""The decision tree as a Mermaid flow chart. What a class or an ending is, its words say too, not its colour alone."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.model.runbook import (
    Branch,
    End,
    Ending,
    GoTo,
    HandOff,
    RollBack,
    Runbook,
    SafetyClass,
    Step,
    Target,
)

MOST_CHARACTERS = 90

_STYLES = (
    "classDef safe fill:#eef6ee,stroke:#2f6b3a,color:#111",
    "classDef reversible fill:#fff6e0,stroke:#8a5a00,color:#111",
    "classDef irreversible fill:#fdecea,stroke:#a11a10,color:#111,stroke-width:3px",
    "classDef ending fill:#eef1f7,stroke:#33415c,color:#111",
)
_SHAPES = {Ending.RESOLVED: ("([", "])"), Ending.ESCALATED: ("{{", "}}"), Ending.STOPPED: ("[/", "/]")}


def mermaid(runbook: Runbook) -> str:
    """A `flowchart TD` of the runbook: a box for each step, an arrow for each way out, a shape for each ending.

    Words are entity-escaped: nothing in a title or an answer is read as Mermaid or HTML.
    """
    lines = ["flowchart TD", *(f"    {line}" for line in _lines(runbook))]
    return "\n".join(lines) + "\n"


def _lines(runbook: Runbook) -> Iterator[str]:
    for step in runbook.steps:
        yield _box(step)
    for name, shape in sorted(_ends(runbook).items()):
        yield f"{name}{shape}:::ending"
    for step in runbook.steps:
        for branch in step.branches:
            yield from _arrows(step, branch)
    yield from _STYLES


def _box(step: Step) -> str:
    safety = f" ({step.safety})" if step.kind.is_changing or step.safety is not SafetyClass.SAFE else ""
    opening, closing = ("(", ")") if step.is_question else ("[", "]")
    return f"{step.label}{opening}{_quoted(f'{step.label}. {step.title}{safety}')}{closing}:::{step.safety.lower()}"


def _arrows(step: Step, branch: Branch) -> Iterator[str]:
    """The arrow of a way out; a bounded one has a dotted arrow beside it for the time after the last."""
    bound = f", at most {branch.at_most}" if branch.at_most is not None else ""
    yield f"{step.label} -->|{_quoted(_led(branch.words, branch.target, bound))}| {_node(branch.target)}"
    if branch.at_most is not None and branch.then is not None:
        after = _led(f"after {branch.at_most}", branch.then, "")
        yield f"{step.label} -.->|{_quoted(after)}| {_node(branch.then)}"


def _led(words: str, target: Target, bound: str) -> str:
    undo = f", roll back {target.label}" if isinstance(target, RollBack) else ""
    return f"{_shortened(words)}{bound}{undo}"


def _shortened(words: str) -> str:
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1] + "…"


def _node(target: Target) -> str:
    """The name of a box: labels and slugs hold nothing that Mermaid reads. Never `end`, which is a word of Mermaid."""
    match target:
        case GoTo():
            return target.label
        case RollBack():
            return _node(target.then)
        case HandOff():
            return f"TO_{target.slug.replace('-', '_')}"
        case End():
            return str(target.ending)


def _ends(runbook: Runbook) -> dict[str, str]:
    """The endings that something leads to, each with its shape."""
    found: dict[str, str] = {}
    for branch in (branch for step in runbook.steps for branch in step.branches):
        for target in (branch.target, branch.then):
            last = target.then if isinstance(target, RollBack) else target
            if isinstance(last, End | HandOff):
                opening, closing = ("[[", "]]") if isinstance(last, HandOff) else _SHAPES[last.ending]
                found[_node(last)] = f"{opening}{_quoted(str(last))}{closing}"
    return found


def _quoted(text: str) -> str:
    """A Mermaid string: all but letters, digits and a few signs as character references (`#34;` is a quote)."""
    plain = " ".join(text.split())
    return (
        '"'
        + "".join(char if char.isalnum() or char in " .,:?!'…" else f"#{ord(char)};" for char in plain)
        + '"'
    )
