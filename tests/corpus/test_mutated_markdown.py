"""Our own runbooks with pieces of every grammar thrown in, swapped, cut and repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invariants import assert_lint_holds, assert_the_book_holds

SHIPPED = Path(__file__).parents[2] / "library/runbooks/stripe-webhook-failure/README.md"
LINES = SHIPPED.read_text("utf-8").split("\n")
PIECES = [
    *(
        "# T",
        "## 5. Diagnosis flow",
        "## 11. More",
        "### D1. Is it?",
        "### A1. Mend it (REVERSIBLE)",
        "#### x",
    ),
    *("Setext\n===", "Setext\n---", "---", "***", "[^1]: a note", "[link]: <x> 'y'", "| a | b |\n|---|---|"),
    *("```bash {timeout=5s}", "```", "~~~~", "````key a-b", "```sql {on=DB capture=X", "    ls", "\tls"),
    *("- a → D1", "- a: `x == 1` → A1", "- `x` → → D1", "  - b -> STOP", "1. c → D1", "- [ ] d", "* e", "-"),
    *("- a → D1 (at most 2 times, then ESCALATE)", "- a → ROLL BACK A1, then HAND OFF b", "-a→D1", "- → D1"),
    *(
        "**Rollback**",
        "**Do not**:",
        "**When**: every 5 minutes for 1 hour",
        "**Escalate to**: `a`",
        "__Probe__",
    ),
    *(
        "<!-- keys: allow x because y -->",
        "<!--",
        "-->",
        "<div>",
        "<script>",
        "</script>",
        "&amp;",
        "<a@b.c>",
    ),
    *("> quote", "> > - a → D1", "\\", "`", "``", "*_*_", "[[[[", "![", "]("),
    *("\u202eabc", "\u200b", "\u2028", "\x85", "\x0c", "\x0b", "\ufeff", "\x00", "\x1b[2J", "\U0001f525"),
    *("e\u0301", "\u0627\u0644", "\udcff", " " * 70, "a" * 3000, "\r", "\r\n", "- " * 30, "> " * 30),
]
WILD = st.one_of(st.sampled_from(PIECES), st.text(max_size=40), st.sampled_from(LINES))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A slice of the shipped runbook with lines replaced, put in, joined and taken out."""
    start = draw(st.integers(0, len(LINES) - 1))
    lines = [*LINES[start : start + draw(st.integers(0, 120))]]
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, len(lines)))
        piece = draw(WILD)
        match draw(st.sampled_from(["put in", "replace", "append", "take out", "repeat"])):
            case "put in":
                lines.insert(at, piece)
            case "replace":
                lines[at : at + 1] = [piece]
            case "append":
                lines[at : at + 1] = [("".join(lines[at : at + 1]) + piece)]
            case "take out":
                del lines[at : at + 3]
            case "repeat":
                lines[at:at] = [piece] * 20
    ending = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    return ending.join(lines).encode("utf-8", "surrogatepass")


LOOSE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(LOOSE, max_examples=150)
@given(mutated())
def test_a_mutated_runbook_is_read_and_written_back(source: bytes) -> None:
    """Nothing raises, no byte changes, every line is in the text."""
    assert_the_book_holds(source)


@settings(LOOSE, max_examples=40)
@given(mutated())
def test_a_mutated_runbook_breaks_no_rule(source: bytes) -> None:
    """A rule that crashes hides what the others found."""
    assert_lint_holds(source)


@settings(LOOSE, max_examples=100)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_and_written_back(source: bytes) -> None:
    """A file may hold anything."""
    assert_the_book_holds(source)


@pytest.mark.long
@settings(LOOSE, max_examples=4_000)
@given(mutated())
def test_thousands_of_mutated_runbooks_are_read_and_break_no_rule(source: bytes) -> None:
    """The same for longer."""
    assert_the_book_holds(source)
    assert_lint_holds(source)
