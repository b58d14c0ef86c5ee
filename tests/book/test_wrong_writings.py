"""Each wrong writing of each construct: what it is called and the line that it points at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from a_book import SOUND, kinds, line_of, text_with

import runbook_keys.book as room
from runbook_keys.book.parse import parse

# What is changed, what it becomes, the kind of the problem, and where in the new text its line begins.
WRONG = [
    ("# Full Disk\n", "Full Disk\n", "missing-title", "Full Disk"),
    ("# Full Disk\n", "# \n", "missing-title", "# "),
    ("# Full Disk\n", "---\ntitle: x\n---\n\n# Full Disk\n", "front-matter", "---"),
    ("## 2. When to use", "# Second\n\n## 2. When to use", "second-title", "# Second"),
    ("## 5. Diagnosis flow", "## 5. Wondering", "section-title", "## 5. Wondering"),
    ("## 5. Diagnosis flow", "## 6. Diagnosis flow", "section-number", "## 6. Diagnosis flow"),
    ("## 5. Diagnosis flow", "## Diagnoses flow", "unknown-section", "## Diagnoses flow"),
    ("## 5. Diagnosis flow", "## 11. More", "unknown-section", "## 11. More"),
    ("## 5. Diagnosis flow\n", "", "missing-section", "## 6."),
    ("## 10. Post-incident follow-ups\n", "## 2. When to use\n", "duplicate-section", "## 2. When to use\n"),
    (
        "## 10. Post-incident follow-ups\n",
        "## 8. Rollback / escalation\n",
        "duplicate-section",
        "## 8. Rollback / escalation\n\n**Within",
    ),
    ("## 3. When NOT to use this runbook", "## 10. Post-incident follow-ups", "misordered-section", "## 4."),
    ("### D1. How", "### D1: How", "bad-step-heading", "### D1: How"),
    ("### D1. How", "### d1. How", "bad-step-heading", "### d1. How"),
    ("### D1. How", "### D01. How", "bad-step-heading", "### D01. How"),
    ("### D1. How", "### D100. How", "bad-step-heading", "### D100. How"),
    ("### D1. How", "### X1. How", "bad-step-heading", "### X1. How"),
    ("### D1. How", "### How", "heading-without-label", "### How"),
    ("### D1. How", "#### D1. How", "step-heading-level", "#### D1. How"),
    ("### D1. How", "## D1. How", "unknown-section", "## D1. How"),
    ("### D2. Which", "### A3. Which", "step-in-wrong-section", "### A3. Which"),
    ("### D2. Which", "### D1. Which", "duplicate-step", "### D1. Which"),
    ("### D1. How", f"### D1. {'How ' * 60}", "long-heading", "### D1. How"),
    ("(REVERSIBLE)", "(reversible)", "bad-class", "### A1."),
    ("(REVERSIBLE)", "[REVERSIBLE]", "bad-class", "### A1."),
    ("(REVERSIBLE)", "REVERSIBLE", "bad-class", "### A1."),
    ("(REVERSIBLE)", "(REVERSABLE)", "bad-class", "### A1."),
    ("(REVERSIBLE)", "(class: SAFE)", "bad-class", "### A1."),
    ("disk?", "disk? (REVERSIBLE)", "class-on-looking-step", "### D1."),
    ("```bash {timeout=5s}", "```Bash {timeout=5s}", "unknown-language", "```Bash"),
    ("```bash {timeout=5s}", "```shell {timeout=5s}", "unknown-language", "```shell"),
    ("{timeout=5s}", "{timeout=5}", "bad-attribute", "```bash {timeout=5}"),
    ("{timeout=5s}", "{timeout=0s}", "bad-attribute", "```bash {timeout=0s}"),
    ("{timeout=5s}", "{timeout=25h}", "bad-attribute", "```bash {timeout=25h}"),
    ("{timeout=5s}", "{timeut=5s}", "bad-attribute", "```bash {timeut=5s}"),
    ("{timeout=5s}", "{timeout}", "bad-attribute", "```bash {timeout}"),
    ("{timeout=5s}", "{timeout=5s timeout=5s}", "bad-attribute", "```bash {timeout=5s"),
    ("{timeout=5s}", "{on=SHOP_DATABASE}", "bad-attribute", "```bash {on"),
    ("{timeout=5s}", "{artifact=../x}", "bad-attribute", "```bash {artifact"),
    ("{timeout=5s}", "{output=all}", "bad-attribute", "```bash {output"),
    ("{timeout=5s}", f"{{{'timeout=5s ' * 11}}}", "bad-attribute", "```bash {timeout"),
    ("{timeout=5s}", "timeout=5s", "bad-attribute", "```bash timeout"),
    ("{timeout=5s}", "{timeout=5s} too", "bad-attribute", "```bash {timeout=5s} too"),
    ("capture=USED_PERCENT", "capture=used", "bad-attribute", "```bash {capture=used"),
    ("capture=USED_PERCENT", "capture=PATH", "bad-attribute", "```bash {capture=PATH"),
    ("df --output=pcent /srv\n", "", "empty-block", "```bash {capture"),
    ("```key order-archive", "```key", "bad-key-call", "```key"),
    ("```key order-archive", "```key Order_Archive", "bad-key-call", "```key Order"),
    ("days: 90", "days: [90]", "bad-argument", "days:"),
    ("days: 90", "days: !!python/object x", "bad-argument", "days:"),
    ("days: 90", "days: &anchor 9", "bad-argument", "days:"),
    ("days: 90", "days: *anchor", "bad-argument", "days:"),
    ("days: 90", "days: |", "bad-argument", "days:"),
    ("days: 90", "days: ${DAYS}", "bad-argument", "days:"),
    ("days: 90", "days: $(id)", "bad-argument", "days:"),
    ("days: 90", "  days: 90", "bad-argument", "  days:"),
    ("days: 90", "days:", "bad-argument", "days:"),
    ("days: 90", 'days: "90', "bad-argument", "days:"),
    ("days: 90", "days: 90\ndays: 91", "bad-argument", "days: 91"),
    (
        "- Nearly full",
        "```bash\ntrue\n```\n\n- Nearly full",
        "second-block",
        "```bash\ntrue",
    ),
    (
        "Open the dashboard, then Disks.\n\n- Yes → A2\n",
        "- Yes → A2\n\n```bash\nls\n```\n\n",
        "block-after-ways-out",
        "```bash\nls",
    ),
    ("Open the dashboard, then Disks.", "- First\n\n  ```bash\n  ls\n  ```", "hidden-block", "  ```bash"),
    ("Open the dashboard, then Disks.", "> ```bash\n> ls\n> ```", "hidden-block", "> ```bash"),
    ("- [ ] Review the timeline.\n", "- [ ] Review\n\n```bash\nls\n", "unclosed-block", "```bash\nls\n"),
    ("- Writes fail", "```bash\nls\n```\n\n- Writes fail", "block-outside-step", "```bash\nls"),
    ("**Rollback**\n", "**Rolback**\n", "unknown-label", "**Rolback**"),
    ("**Rollback**\n", "#### Rollback\n", "label-as-heading", "#### Rollback"),
    ("**Escalate to**: ", "**Escalate two**: ", "unknown-label", "**Escalate two**"),
    ("**When**: every", "**When** every", "label-without-colon", "**When**"),
    (
        "Open the dashboard,",
        "Do it.\n**When** you may, open the dashboard,",
        "label-without-colon",
        "**When** you",
    ),
    ("**Precondition**: D2 found many old orders.", "**Precondition**:", "empty-label", "**Precondition**"),
    ("```bash\nlogctl count --older-than 30d\n```\n", "", "empty-label", "**Probe**"),
    (
        "**Side effects**: the archive grows.",
        "**Precondition**: it is night.",
        "duplicate-label",
        "**Precondition**: it is night.",
    ),
    ("- Do not delete the journal.", "", "empty-label", "**Do not**"),
    ("every 5 minutes for 1 hour", "every 5 minutes", "bad-schedule", "**When**"),
    ("every 5 minutes for 1 hour", "now and then", "bad-schedule", "**When**"),
    ("every 5 minutes for 1 hour", "every 2 hours for 1 hour", "bad-schedule", "**When**"),
    ("every 5 minutes for 1 hour", "after 500000 hours", "bad-schedule", "**When**"),
    ("**Precondition**: D2", "**When**: at once\n**Precondition**: D2", "misplaced-schedule", "**When**: at"),
    ("- Yes → A2", "- Yes", "answer-leads-nowhere", "- Yes\n"),
    ("- Yes → A2", "- → A2", "way-out-without-words", "- → A2"),
    ("- Yes → A2", "- Yes → ", "bad-target", "- Yes → "),
    ("- Yes → A2", "- Yes → a2", "bad-target", "- Yes → a2"),
    ("- Yes → A2", "- Yes → A0", "bad-target", "- Yes → A0"),
    ("- Yes → A2", "- Yes → resolved", "bad-target", "- Yes → resolved"),
    ("- Yes → A2", "- Yes → GO HOME", "bad-target", "- Yes → GO HOME"),
    ("- Yes → A2", "- Yes → A2 or A1", "bad-target", "- Yes → A2 or"),
    ("- Yes → A2", "- Yes → HAND OFF", "bad-target", "- Yes → HAND OFF"),
    ("- Yes → A2", "- Yes → ROLL BACK A1", "bad-target", "- Yes → ROLL BACK"),
    ("- Yes → A2", "- Yes → ROLL BACK A1, then ROLL BACK A2, then D1", "bad-target", "- Yes → ROLL BACK"),
    ("- Yes → A2", "- Yes → A2 (at most 0 times, then ESCALATE)", "bad-target", "- Yes → A2 (at most"),
    ("- Yes → A2", "- Yes → A2 (at most 2 times)", "bad-target", "- Yes → A2 (at most"),
    ("- Yes → A2", "- Yes => A2", "bad-way-out", "- Yes => A2"),
    ("- Yes → A2\n- I can't tell → ESCALATE", "1. Yes → A2", "numbered-way-out", "1. Yes"),
    ("- Yes → A2\n- I can't tell → ESCALATE", "- Answers\n  - Yes → A2", "nested-way-out", "  - Yes"),
    ("- Yes → A2", "- Yes `a == 1` → A2", "bad-condition", "- Yes `a"),
    ("- Yes → A2", "- Yes: a == 1 → A2", "bad-condition", "- Yes: a"),
    ("- Yes → A2", "- Yes: ` ` → A2", "bad-condition", "- Yes: `"),
    ("- Yes → A2", "\n".join(["- Yes → A2"] * 50), "too-many-ways-out", "- I can't tell"),
    ("## 5. Diagnosis flow\n", "## 5. Diagnosis flow\n\n- Yes → D1\n", "way-out-outside-step", "- Yes → D1"),
    ("HAND OFF host-outage", "HAND OFF Host Outage", "bad-target", "- Every host"),
    (
        "- 30 minutes have passed",
        "- 1 hour has passed\n- 30 minutes have passed",
        "second-escalation-time",
        "- 30",
    ),
    (
        "`storage-oncall`, then `engineering-lead`",
        "the storage team",
        "contacts-without-backticks",
        "**Escalate to",
    ),
    ("SOC2 CC7.4", "ISO9001 4.1, SOC2 CC7.4", "unknown-framework", "**Compliance**"),
    ("- The kernel's messages:", "- The kernel's messages (asked)", "asked-and-collected", "- The kernel"),
    (
        "- The kernel's messages:\n",
        "- The messages:\n\n  ```bash\n  ls\n  ```\n",
        "second-block",
        "```bash {artifact",
    ),
    ("The disk of the", "<!-- keys: allow vague-words -->\nThe disk of the", "bad-suppression", "<!-- keys"),
    ("The disk of the", "<!-- hidden\n\nThe disk of the", "unclosed-comment", "<!-- hidden"),
    ("The disk of the", "> " * 25 + "The disk of the", "too-deep", "> > "),
    ("The disk of the", "The \0 disk of the", "nul-character", "The \0"),
]


@pytest.mark.parametrize(("old", "new", "kind", "at"), WRONG, ids=lambda text: ascii(text)[1:40])
def test_a_wrong_writing_is_found_in_its_line(old: str, new: str, kind: str, at: str) -> None:
    """With a reason and a mend, in short sentences."""
    text = text_with(old, new)
    found = [problem for problem in parse(text.encode()).problems if problem.kind == kind]
    assert line_of(text, at) in [problem.line for problem in found]
    for problem in found:
        assert problem.reason.endswith((".", "?"))
        assert len(problem.reason.split()) <= 40
        assert problem.mend


def test_bytes_that_are_no_text_are_found_in_their_line() -> None:
    """What can be read is read."""
    book = parse(SOUND.encode().replace(b"Open the", b"Open \xff the"))
    assert kinds(book) == ["not-utf8"]
    assert book.problems[0].line == line_of(SOUND, "Open the")
    assert len(book.runbook.steps) == 7


@pytest.mark.parametrize("source", [b"x" * 262_145, b"\n" * 5_001], ids=["bytes", "lines"])
def test_a_text_that_nobody_could_follow_is_not_read(source: bytes) -> None:
    """The refusal says how much is too much."""
    book = parse(source)
    assert kinds(book) == ["too-large"]
    assert book.source == source


def test_every_kind_of_problem_has_a_wrong_writing_here() -> None:
    """A new kind of problem comes with its test."""
    folder = Path(str(room.__file__)).parent
    skipped = {"json_text.py", "metadata.py"}
    others = {path.name for path in folder.glob("*.py") if "Problem(" not in path.read_text("utf-8")}
    readers = [path for path in folder.glob("*.py") if path.name not in skipped | others]
    known = {row[2] for row in WRONG} | {"not-utf8", "too-large"}
    written = {
        kind
        for path in readers
        if not re.search("key_|notebook", path.name)
        for kind in re.findall(r'Problem\(\s*[\w.\[\]]+,\s*"([a-z-]+)"', path.read_text("utf-8"))
    }
    assert written - known == set()
