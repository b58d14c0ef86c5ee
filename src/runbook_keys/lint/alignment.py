"""The pages that say how runbooks and KEYS fit together, made from what enforces it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from runbook_keys.book.sections import TITLES
from runbook_keys.lint.audit import ALIGNMENT, Audit, AuditedCall
from runbook_keys.lint.pages import summary_of
from runbook_keys.lint.registry import LEVELS
from runbook_keys.model.key import KeyMetadata, Tool
from runbook_keys.model.pack import KeyType, PackMetadata

MADE = (
    "Made by `scripts/alignment-pages` from the code that enforces it; a test fails when this page is stale."
)

_TYPES = {
    KeyType.INCIDENT: "something is broken now",
    KeyType.FAILURE_MODE: "a known edge case, a partial outage or a dependency that fails",
    KeyType.DECISION: "shall we do this or that; measured, decided, recorded",
    KeyType.RECOVERY: "roll back, replay, reconcile, repair",
}

_SECTION_RULES = {
    1: ("long-sentence", "vague-words"),
    2: ("unannounced-alert",),
    3: ("unresolved-reference",),
    4: ("missing-do-not", "changing-safe-step", "untrue-stop"),
    5: ("missing-else", "unreachable-step", "unmatchable-condition", "endless-path"),
    6: ("unargued-class", "missing-rollback", "missing-rollback-check", "unexplained-action", "blind-action"),
    7: ("unverified-action", "assumed-recovery", "hollow-check", "endless-watch"),
    8: ("missing-escalation", "impossible-rollback", "late-timeout"),
    9: ("unbacked-compliance", "contradicted-metadata"),
    10: ("empty-section",),
}
"""What holds each section, besides `missing-section`, `misordered-section` and `empty-section`, which hold all of them."""


def key_types_page(packs: Sequence[PackMetadata]) -> str:
    """KEY_TYPES: the four types of runbook, and which packs are of each."""
    rows = (
        f"| `{kind}` | {words} | {_slugs(pack.slug for pack in packs if kind in pack.key_type)} |"
        for kind, words in _TYPES.items()
    )
    intro = (
        "A runbook is of one or more types, named in `key_type` of its `pack.json`. Another word is refused."
    )
    return _page(
        "Types of runbook KEYS", [intro, "", "| Type | What it is for | Installed |", "|---|---|---|", *rows]
    )


def structure_page() -> str:
    """RUNBOOK_STRUCTURE: the ten sections and the rules that hold each."""
    rows = (
        f"| {number} | {title} | {', '.join(f'`{rule}`' for rule in _SECTION_RULES[number])} |"
        for number, title in TITLES.items()
    )
    intro = (
        "Always these ten sections, always in this order: `missing-section`, `misordered-section` and `empty-section` hold "
        "that. Each section has rules of its own besides; [all rules](../reference/rules.md)."
    )
    return _page("Structure of a runbook", [intro, "", "| | Section | Rules |", "|---|---|---|", *rows])


def schemas_page(schemas: Mapping[str, object]) -> str:
    """METADATA_SCHEMA: the published JSON Schemas, by file name; `keys schema` prints the same."""
    lines = [
        "Unknown fields are refused, so that a typing slip is seen. Field by field: [pack.json](../reference/pack-json.md)."
    ]
    for name, schema in schemas.items():
        lines += ["", f"## {name}", "", "```json", json.dumps(schema, indent=2, ensure_ascii=False), "```"]
    return _page("Metadata schema", lines)


def alignment_page(tools: Sequence[Tool], title: str, keys: Mapping[str, KeyMetadata], audit: Audit) -> str:
    """JUPYTER_ALIGNMENT or NODE_ALIGNMENT: the rules of a call, and every installed KEY with its callers."""
    own = [key for _, key in sorted(keys.items()) if key.tool in tools]
    lines = [
        "A runbook calls a KEY by name. `keys check` refuses a call where one of these finds a fault.",
        "",
    ]
    lines += [*_rules(), "", "## Installed KEYS", ""]
    lines += [line for key in own for line in _key(key, audit)] or ["None."]
    return _page(title, lines)


def _rules() -> list[str]:
    rows = [f"| `{name}` | {LEVELS[name]} | {summary_of(name)} |" for name in sorted(ALIGNMENT)]
    return ["| Rule | Level | What it finds |", "|---|---|---|", *rows]


def _key(key: KeyMetadata, audit: Audit) -> list[str]:
    callers = [f"{call.runbook} {call.place}" for call in audit.calls if call.key == key.slug]
    return [
        f"### {key.slug} {key.version} ({key.safety})",
        "",
        key.description,
        "",
        *(f"- Answers: {question}" for question in key.questions),
        *(f"- Changes: {effect}" for effect in key.side_effects),
        *([f"- Undo: {key.undo}"] if key.undo else []),
        *([f"- By hand: {key.manual_alternative}"] if key.manual_alternative else []),
        f"- Called by: {', '.join(callers) or 'no runbook yet'}",
        "",
    ]


def audit_page(audit: Audit) -> str:
    """CROSS_KEY_AUDIT: the matrix of all calls, and what contradicts."""
    rows = [_row(call) for call in audit.calls]
    verdict = "Nothing contradicts." if audit.is_consistent else "Some of it contradicts; see the findings."
    lines = [verdict, "", "| Runbook | Place | Class | KEY | Class of the KEY | Mode | Reads | Findings |"]
    lines += ["|---|---|---|---|---|---|---|---|", *rows, ""]
    lines += [
        f"- {slug}, {each.file}:{each.line}: {each.rule}: {each.reason}"
        for slug, each in audit.other_findings
    ]
    lines += [f"Installed and called by no runbook: {_slugs(audit.uncalled)}."] if audit.uncalled else []
    return _page("Audit across KEYS", lines)


def _row(call: AuditedCall) -> str:
    found = "; ".join(f"{each.rule}: {each.reason}" for each in call.findings) or "none"
    key = f"{call.key} {call.version}".strip()
    cells = (call.runbook, call.place, call.step_class, key, call.key_class or "not installed", call.mode)
    return f"| {' | '.join(cells)} | {', '.join(call.reads) or '–'} | {found} |"


def _slugs(slugs: Iterable[str]) -> str:
    return ", ".join(f"`{slug}`" for slug in slugs) or "none"


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", MADE, "", *lines]).rstrip() + "\n"
