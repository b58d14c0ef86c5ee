"""Whatever a pack holds: no rule breaks, no rule hangs, every finding has its place."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lint_examples import BASE, INSTALLED, read_files

from runbook_keys.lint.check import check
from runbook_keys.lint.material import gather
from runbook_keys.lint.profile import blocks_run
from runbook_keys.model.finding import Finding
from runbook_keys.model.pack import Pack

FILES = read_files(BASE)
README = FILES["README.md"].decode()
PIECES = [
    "$(" * 400,
    "${" * 400,
    "`" * 401,
    '"' * 401,
    "((((" * 200,
    "<<EOF\n" * 100,
    "[[ " * 300,
    "case x in " * 200,
    "my-" * 3000,
    "<a" * 3000,
    "[Aa " * 2000,
    "check the your our all any " * 400,
    "contact the " * 1000,
    "a:b@" * 2000,
    "eyJ" * 3000,
    "secret=" * 2000,
    "](" * 3000,
    "$a$ " * 2000,
    "/*" * 3000,
    "'" * 4001,
    "<!--" * 1000,
    "- x → " * 500,
    "\u202e\u200b\x00\x1b[2J",
    "\ud7ff\U0010ffff" * 100,
    "# OR\n" * 500,
]
PLACES = [
    "Open the shop's dashboard, then Queues, then the queue.",
    "shipctl status --json",
    "SELECT count(*) AS waiting FROM orders WHERE queue = :'QUEUE_NAME' AND state = 'waiting'",
    'json.state == "deploying"',
    "D1 found that the worker does not answer.",
    "- Root cause (asked)",
]


def _found(files: dict[str, bytes]) -> tuple[Finding, ...]:
    found = check(gather(Pack(files, "packs/queue-stuck"), INSTALLED))
    assert [one.reason for one in found if one.rule == "crashed-rule"] == []
    return found


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:20])
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: ascii(piece[:8]))
def test_text_made_to_explode_breaks_no_rule(place: str, piece: str) -> None:
    """Quadratic patterns and deep nesting are how a linter is made to hang."""
    assert README.count(place) == 1
    _found({**FILES, "README.md": README.replace(place, piece).encode("utf-8", "replace")})


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: ascii(piece[:8]))
def test_the_same_text_in_pack_json_breaks_no_rule(piece: str) -> None:
    """Metadata is untrusted too."""
    plain = (
        piece.replace("\\", "").replace('"', "").replace("\n", " ").replace("\x00", "").replace("\x1b", "")
    )
    metadata = FILES["pack.json"].decode().replace("Address of the worker.", plain[:1500])
    _found({**FILES, "pack.json": metadata.encode("utf-8", "replace")})


@pytest.mark.parametrize("name", ["README.md", "pack.json", "CHANGELOG.md", "checklist.md"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\x00" * 5000, b"[" * 5000, b"{}", b"null", b"# " * 9000]
)
def test_a_file_that_is_something_else_is_a_finding_and_no_crash(name: str, content: bytes) -> None:
    """A half-written file is what a full disk leaves."""
    found = _found({**FILES, name: content})
    assert any(blocks_run(one) for one in found)


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_file_may_be_missing(name: str) -> None:
    """Nothing may be taken for granted."""
    assert _found({key: value for key, value in FILES.items() if key != name})


def test_an_empty_pack_says_that_its_files_are_missing() -> None:
    """The first thing to say is that there is nothing."""
    found = _found({})
    assert {one.rule for one in found} == {"missing-file", "undrilled"}


def test_every_line_of_a_finding_stands_in_its_file() -> None:
    """An editor opens the place by it."""
    broken = re.sub(r"→ \w+", "→ D1", README)
    for one in _found({**FILES, "README.md": broken.encode()}):
        lines = FILES.get(one.file, broken.encode()).count(b"\n") + 1
        assert 0 <= one.line <= lines


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_shuffled_and_cut_runbook_breaks_no_rule(data: st.DataObject) -> None:
    """Lines of a real text in any order reach states that nobody writes by hand."""
    lines = README.split("\n")
    count = data.draw(st.integers(1, 60))
    picked = data.draw(st.lists(st.sampled_from(lines), min_size=count, max_size=count))
    at = data.draw(st.integers(0, len(lines)))
    _found({**FILES, "README.md": "\n".join([*lines[:at], *picked, *lines[at + 5 :]]).encode()})


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_break_no_rule(content: bytes) -> None:
    """A README may be anything that a disk can hold."""
    _found({**FILES, "README.md": content})
