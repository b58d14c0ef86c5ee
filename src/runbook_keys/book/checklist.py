"""The printed page: the same tree for paper, with boxes to tick and room for times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from runbook_keys.model.runbook import Block, Branch, Runbook, SafetyClass, Step

MADE_FROM = "<!-- made from README.md, sha256 "


def checklist(runbook: Runbook, readme: bytes) -> str:
    """`checklist.md` for this text. The first line names the `README.md` that it was made from."""
    digest = hashlib.sha256(readme).hexdigest()
    lines = [f"{MADE_FROM}{digest} -->", f"# {runbook.title}: checklist", "", _times(), ""]
    lines += _listed("DO NOT", runbook.do_not)
    lines += _listed("Roll back when", runbook.roll_back_when)
    lines += _listed("Escalate when", runbook.escalate_when)
    lines += [f"**Escalate to**: {', then '.join(runbook.escalate_to)}", ""]
    for step in runbook.steps:
        lines += _step(step)
    lines += ["## For the record", ""]
    lines += [f"- {item.words}: ______________________" for item in runbook.evidence]
    return "\n".join([*lines, ""])


def _times() -> str:
    return "Started ____:____  Name ____________________  Run ____________________"


def _listed(title: str, items: Sequence[str]) -> list[str]:
    return [f"**{title}**", "", *(f"- {item}" for item in items), ""] if items else []


def _step(step: Step) -> list[str]:
    safety = "" if step.safety is SafetyClass.SAFE else f" ({step.safety})"
    lines = [f"## [ ] {step.label}. {step.title}{safety}   ____:____", ""]
    if step.precondition:
        lines += [f"Before: {step.precondition}", ""]
    if step.side_effects:
        lines += [f"Side effects: {step.side_effects}", ""]
    lines += _block("", step.block) if step.block else [step.prose, ""]
    lines += _block("Did it happen?", step.probe) + _block("Undo", step.rollback)
    lines += _block("Is it undone?", step.rollback_check)
    return [*lines, *(_way(branch) for branch in step.branches), ""]


def _block(title: str, block: Block | None) -> list[str]:
    if block is None:
        return []
    lead = [f"{title}:", ""] if title else []
    if block.language == "human":
        return [*lead, block.text, ""]
    fence = "`" * max(3, _longest_run(block.text) + 1)
    return [*lead, f"{fence}{block.language}", block.text.rstrip("\n"), fence, ""]


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest


def _way(branch: Branch) -> str:
    condition = f" (`{branch.condition}`)" if branch.condition else ""
    limit = (
        f" (at most {branch.at_most} times, then {branch.then or 'ESCALATE'})"
        if branch.at_most is not None
        else ""
    )
    return f"- [ ] {branch.words}{condition} → **{branch.target}**{limit}"
