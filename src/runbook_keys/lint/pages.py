"""The pages that explain the rules, as package data beside them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from runbook_keys.lint.registry import LEVELS, RULES
from runbook_keys.lint.rules import crashed_rule, unused_suppression

HEADINGS = ("What it checks", "Why", "Problematic", "Correct", "How to mend")
"""The headings of every page, in this order."""


@cache
def page_of(rule: str) -> str:
    """The page of a rule, in Markdown; for a rule without a page, its one sentence."""
    page = resources.files("runbook_keys.lint.rules").joinpath(f"{rule.replace('-', '_')}.md")
    return page.read_text("utf-8") if page.is_file() else f"# {rule}\n\n{summary_of(rule)}\n"


def summary_of(rule: str) -> str:
    """The rule in one sentence."""
    if rule in RULES:
        return (RULES[rule].__doc__ or "").strip()
    own = {each.NAME: each.__doc__ for each in (crashed_rule, unused_suppression)}
    return (own[rule] or "").strip()


def index_page() -> str:
    """`docs/reference/rules.md`: every rule with its level and its sentence, and a link to its page."""
    rows = [_row(name) for name in sorted(LEVELS)]
    head = [
        "# Rules of keys check",
        "",
        "Made from the rules themselves; a test says when it is stale. An **error** means that nobody may be paged with",
        "this. A **warning** is mended before the next release. `keys check` exits with 1 where there is an error.",
        "",
        "| Rule | Level | What it finds |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def _row(name: str) -> str:
    path = f"../../src/runbook_keys/lint/rules/{name.replace('-', '_')}.md"
    return f"| [{name}]({path}) | {LEVELS[name]} | {summary_of(name)} |"
