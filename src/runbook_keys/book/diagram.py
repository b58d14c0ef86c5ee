"""The decision tree as a Mermaid diagram."""

from __future__ import annotations

from runbook_keys.model.runbook import (
    Branch,
    End,
    GoTo,
    HandOff,
    RollBack,
    Runbook,
    SafetyClass,
    Step,
    Target,
)

_CLASSES = (
    "classDef SAFE fill:#eef6ee,stroke:#3a7d44,color:#111",
    "classDef REVERSIBLE fill:#fff6e0,stroke:#b7791f,color:#111",
    "classDef IRREVERSIBLE fill:#fdecea,stroke:#b42318,color:#111",
)


def mermaid(runbook: Runbook) -> str:
    """A `flowchart TD`: steps as boxes with their class in words, endings as rounded shapes, ways out as arrows."""
    lines = ["flowchart TD"]
    lines += [_box(step) for step in runbook.steps]
    for step in runbook.steps:
        lines += [_arrow(step, branch) for branch in step.branches]
    lines += [f"    {name}([{_quoted(words)}])" for name, words in sorted(_endings(runbook).items())]
    return "\n".join([*lines, *(f"    {each}" for each in _CLASSES)]) + "\n"


def _box(step: Step) -> str:
    safety = "" if step.safety is SafetyClass.SAFE else f" ({step.safety})"
    return f"    {step.label}[{_quoted(f'{step.label}. {step.title}{safety}')}]:::{step.safety}"


def _arrow(step: Step, branch: Branch) -> str:
    limit = (
        f", at most {branch.at_most}, then {branch.then or 'ESCALATE'}" if branch.at_most is not None else ""
    )
    words = f"{branch.words}{_undo(branch.target)}{limit}"
    return f"    {step.label} -->|{_quoted(words)}| {_node(branch.target)}"


def _undo(target: Target) -> str:
    return f", roll back {target.label}" if isinstance(target, RollBack) else ""


def _node(target: Target) -> str:
    if isinstance(target, GoTo):
        return target.label
    if isinstance(target, RollBack):
        return _node(target.then)
    return f"end_{str(target).replace(' ', '_').replace('-', '_')}"


def _endings(runbook: Runbook) -> dict[str, str]:
    found: dict[str, str] = {}
    for step in runbook.steps:
        for branch in step.branches:
            target = branch.target.then if isinstance(branch.target, RollBack) else branch.target
            if isinstance(target, End | HandOff):
                found[_node(target)] = str(target)
    return found


def _quoted(text: str) -> str:
    """A Mermaid string: nothing in it is read as syntax or HTML."""
    plain = " ".join(text.split())
    escaped = "".join(
        char if char.isalnum() or char in " .,:;?!-()'/" else f"#{ord(char)};" for char in plain
    )
    return f'"{escaped}"'
