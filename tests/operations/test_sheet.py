"""The printed pages: each shipped runbook fits on two, nothing of it is lost, and it is large enough to read."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pdf_reading import Page, pages_of

from runbook_keys.book.parse import parse
from runbook_keys.bootstrap import shipped_library, typesetter
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Block, Branch, RollBack, Runbook, SafetyClass, Target
from runbook_keys.operations.reports.sheet import MOST_PAGES, printed_sheet
from runbook_keys.system.library import FolderLibrary

SLUGS = sorted(folder.name for folder in shipped_library().iterdir())
A4 = (595.2756, 841.8898)
HOSTILE = '#panic("x") $x$ [link](javascript:x) #read("pack.json") // end'


class Forgetful:
    """A cache that keeps nothing."""

    def get(self, key: str) -> bytes | None:
        """Nothing."""
        return None

    def put(self, key: str, value: bytes) -> None:
        """Nowhere."""


@cache
def _pack(slug: str) -> Pack:
    return FolderLibrary([shipped_library()]).load(slug)


@cache
def _pages(slug: str) -> tuple[Page, ...]:
    return tuple(pages_of(printed_sheet(_pack(slug), Forgetful(), typesetter()).pdf))


@cache
def _text(slug: str) -> str:
    return "".join(page.text for page in _pages(slug))


@cache
def _runbook(slug: str) -> Runbook:
    return parse(_pack(slug).files["README.md"]).runbook


def _close(words: str) -> str:
    """As the reader of PDF pages gives words: without spaces, and without the marks of code."""
    return "".join(words.replace("`", "").split())


def _leads(target: Target) -> str:
    if isinstance(target, RollBack):
        return _close(f"roll back {target.label}, then {target.then}")
    return _close(str(target))


def _way(branch: Branch) -> str:
    condition = f"({branch.condition})" if branch.condition else ""
    limit = f"(atmost{branch.at_most}:,then{_leads(branch.then)})" if branch.at_most and branch.then else ""
    return f"{_close(branch.words + condition)}→{_leads(branch.target)}{limit}"


@pytest.mark.parametrize("slug", SLUGS)
def test_two_pages_of_a4_and_no_words_below_eight_points(slug: str) -> None:
    """What is printed at night is read at night."""
    pages = _pages(slug)

    assert MOST_PAGES == len(pages)
    for page in pages:
        assert A4 == page.size
        assert page.heights["LibertinusSerif"] >= 8
        # A small letter of this font at 6.4 points is as high as one of the words at 8.
        assert page.heights["DejaVuSansMono"] >= 6.4


@pytest.mark.parametrize("slug", SLUGS)
def test_every_way_out_is_on_paper_with_where_it_leads(slug: str) -> None:
    """In the order of the tree: its words, its condition, its target, the boxes for its limit."""
    at = 0
    for step in _runbook(slug).steps:
        at = _text(slug).index(_close(step.label + step.title), at)
        for branch in step.branches:
            assert _way(branch) in _text(slug)[at:], f"{step.label}: {branch.words}"


@pytest.mark.parametrize("slug", SLUGS)
def test_every_command_is_on_paper_whole(slug: str) -> None:
    """What the step does, how one sees whether it happened, how it is undone; a KEY as it is called by hand."""
    for block in _blocks(_runbook(slug)):
        shown = f"keyscall{block.key}" if block.key else _close(block.text)
        assert shown in _text(slug).replace("`", ""), block.line


def _blocks(runbook: Runbook) -> Iterator[Block]:
    found = [
        b for step in runbook.steps for b in (step.block, step.probe, step.rollback, step.rollback_check)
    ]
    yield from (block for block in [*found, *(item.block for item in runbook.evidence)] if block is not None)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_change_says_its_class_and_asks(slug: str) -> None:
    """The class stands behind the title of the action, and a box for the yes behind the class."""
    for step in _runbook(slug).steps:
        if step.safety is SafetyClass.SAFE:
            continue
        title = re.escape(_close(step.label + step.title))
        asked = (
            "Askbeforechanging:"
            if step.safety is SafetyClass.REVERSIBLE
            else "Thiscan'tbeundone:askbeforechanging."
        )
        assert re.search(rf"{title}:*{step.safety}{asked}yes", _text(slug)), step.label


def test_a_key_is_called_as_keys_call_takes_it() -> None:
    """A secret through the environment, and what an undo needs kept in a file."""
    assert 'DATABASE="$ROOMS_DATABASE_AUDIT"keyscallnode-supabase-rls-guard--contract' in _text(
        "supabase-rls-lockout-recovery"
    )
    text = _text("stripe-webhook-failure")
    assert "--restartappctl|teeA2.json" in text
    assert "keyscallnode-webhook-secret-update--undo" in text
    assert "--restartappctl--beforeA2.json" in text


def test_the_same_pack_prints_the_same_bytes() -> None:
    """Two people hold the same paper; the digest on it says which text it is."""
    made = [printed_sheet(_pack(SLUGS[0]), Forgetful(), typesetter()).pdf for _ in range(2)]

    assert made[0] == made[1]


def test_hostile_words_are_printed_as_they_stand() -> None:
    """No word of a pack is read as markup or code, or hides."""
    slug = "stripe-webhook-failure"
    files = dict(_pack(slug).files)
    old = "The secret goes through a pipe and is never shown."
    files["README.md"] = files["README.md"].replace(old.encode(), f"{HOSTILE} \u202eevil".encode())
    text = "".join(
        page.text for page in pages_of(printed_sheet(Pack(files, slug), Forgetful(), typesetter()).pdf)
    )

    assert _close(f"{HOSTILE} \\u202eevil") in text


def test_a_runbook_too_long_for_two_pages_takes_more() -> None:
    """Nothing is cut off and nothing is set smaller than can be read."""
    slug = "background-job-failure-replay"
    files = dict(_pack(slug).files)
    old = "A `dead` worker has no process."
    assert old.encode() in files["README.md"]
    files["README.md"] = files["README.md"].replace(
        old.encode(), f"{old}{' Look at it once more.' * 400}".encode()
    )
    printed = printed_sheet(Pack(files, slug), Forgetful(), typesetter())

    assert printed.pages > MOST_PAGES
    assert printed.pages == len(pages_of(printed.pdf))
    assert 8 == printed.points[0]


def test_the_command_writes_the_file_and_says_what_it_is(tmp_path: Path) -> None:
    """And a run, which has no paper, is refused in plain words."""
    file = tmp_path / "paper.pdf"

    done = _keys(tmp_path, "show", SLUGS[0], "--paper", str(file))
    refused = _keys(tmp_path, "show", "--paper", str(file))

    assert (0, b"%PDF-") == (done.returncode, file.read_bytes()[:5])
    assert "2 pages A4" in " ".join(done.stdout.split())
    assert 0 != refused.returncode
    assert "Name the runbook to print" in refused.stderr


def _keys(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "KEYS_HOME": str(home / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
