"""A damage is known by its code and its facts: its words may change, and what was declared stays declared."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from string import Formatter

import pytest
from msgspec.structs import replace

from runbook_keys.journal import damages
from runbook_keys.journal.damage_kinds import KINDS, Kind
from runbook_keys.journal.damages import damage
from runbook_keys.journal.declared import mark_of, marks_of, undeclared

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "damage.md"
CUT = damage("entries-missing", "r-1", 3, first=3, last=5)


def _by_words(run: str, seq: int, what: str) -> str:
    """The mark that the first release signed."""
    return sha256(f"{run}\n{seq}\n{what}".encode()).hexdigest()[:32]


def test_the_reference_page_tells_of_every_code() -> None:
    """One row for each, in the order and the words of the code; a code that is gone from it is gone from here."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert rows == [f"| `{code}` | {kind.means} |" for code, kind in KINDS.items()]


def test_codes_are_a_few_plain_words() -> None:
    """Short, kebab-case, and each damage is told in words of its own."""
    assert [code for code in KINDS if not re.fullmatch(r"[a-z]+(-[a-z]+){1,3}", code)] == []
    assert len({kind.words for kind in KINDS.values()}) == len(KINDS)


def test_every_code_is_used_and_no_other() -> None:
    """What the code finds and what the table tells of are the same."""
    sources = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "src" / "runbook_keys").rglob("*.py")
        if path.name != "damage_kinds.py"
    )
    composed = {f"{whose}-{what}" for whose in ("spine", "kept") for what in ("forked", "cut", "rewritten")}
    composed |= {f"{whose}-{what}" for whose in ("kept", "remembered") for what in ("foreign", "signature")}
    composed |= {"remembered-cut", "remembered-rewritten"}  # one note can't contradict itself
    assert {code for code in KINDS if f'"{code}"' not in sources} == composed
    assert all(
        f'"{what}"' in sources for what in ("forked", "cut", "rewritten", "kept", "remembered", "spine")
    )


@pytest.mark.parametrize("code", KINDS)
def test_a_finding_can_be_said_from_its_facts(code: str) -> None:
    """Every name in the words is one that a finding can have."""
    names = {name for _, name, _, _ in Formatter().parse(KINDS[code].words) if name}
    facts = {"first": 3, "last": 5} | dict.fromkeys(names - {"stretch", "is_are", "seq"}, 7)
    told = damage(code, "r-1", 3, **facts)
    assert told.what.isprintable()
    assert "{" not in told.what


def test_the_words_are_those_of_the_first_release() -> None:
    """One is one, several are several, and names stand as they were written."""
    assert CUT.what == "Entries 3 to 5 are missing."
    assert damage("entries-missing", "r-1", 3, first=3, last=3).what == "Entry 3 is missing."
    assert damage("runs-missing", first=2, last=3).what == (
        "Run numbers 2 to 3 are missing, and the spine does not tell of it."
    )
    assert damage("checkpoints-missing", first=2, last=3).what == "Checkpoints 2 to 3: missing."
    assert (
        damage("event-after-end", event="{0.__class__}").what
        == "{0.__class__} stands after the end of the run."
    )


def test_nothing_that_a_terminal_obeys_is_in_words_or_facts() -> None:
    """They quote what somebody put into the file."""
    found = damage("entry-of-another-run", "r-\x1b[2J", 1, other="r-\n\x1b]0;x\x07é")
    assert f"{found.run}{found.what}{found.facts}".isprintable()
    assert f"{found.what}".isascii()


def test_other_words_make_no_new_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that says it better finds what was declared before it, by code or by words."""
    by_code, by_words = frozenset({mark_of(CUT)}), frozenset({_by_words("r-1", 3, CUT.what)})
    better = Kind("Some of its entries are not here.", "means", (KINDS["entries-missing"].words,))
    monkeypatch.setitem(damages.KINDS, "entries-missing", better)
    now = damage("entries-missing", "r-1", 3, first=3, last=5)
    assert now.what == "Some of its entries are not here."
    assert undeclared([now], by_code) == undeclared([now], by_words) == ()


@pytest.mark.parametrize(
    "other",
    [
        damage("entries-missing", "r-1", 3, first=3, last=6),
        damage("entries-missing", "r-1", 4, first=4, last=5),
        damage("entries-missing", "r-2", 3, first=3, last=5),
        damage("entry-changed", "r-1", 3, line="a"),
        replace(CUT, code="entry-changed"),
    ],
    ids=["one more", "another place", "another run", "another kind", "the same words of another kind"],
)
def test_other_damage_is_new(other: damages.Damage) -> None:
    """A declaration covers what was seen that day and nothing that looks like it."""
    assert undeclared([other], frozenset({mark_of(CUT)})) == (other,)


def test_the_same_entry_changed_again_is_new() -> None:
    """What was declared is this change, not any change at this place."""
    first, second = (damage("entry-changed", "r-1", 3, line=line) for line in ("a", "b"))
    assert undeclared([second], frozenset({mark_of(first)})) == (second,)
    assert undeclared([second], frozenset({_by_words("r-1", 3, first.what)})) == ()


def test_no_run_is_named_so_that_its_old_mark_is_a_new_one() -> None:
    """Marks by words and marks by code never meet: the second line of one is a number, of the other a code."""
    trick = replace(CUT, run="code", seq=0, what="entries-missing\nr-1\n3\nfirst=3\nlast=5")
    assert marks_of(trick).isdisjoint({mark_of(CUT)})
