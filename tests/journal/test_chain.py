"""The chain is what its definition says, and nothing but `sh` and `sha256sum` is needed to see it."""

from __future__ import annotations

import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.journal.chain import GENESIS, SPINE_START, extend, link, spine_line
from runbook_keys.model.entry import RunHead

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "journal.md"
LINES = [b'{"a":1}\n', b'{"b":"\\u00e9 $(touch x) `id` \\\\ %s"}\n', b'{"c":"  two  spaces  "}\n']
START = RunHead("r-1", 1, 0, GENESIS)


def test_a_link_is_the_digest_of_the_link_before_and_the_line() -> None:
    """Spelled out once more by hand."""
    assert link(GENESIS, b"x\n") == sha256(b"0" * 64 + b"\nx\n").hexdigest()


def test_a_line_of_the_spine_is_four_words() -> None:
    """Which entry of which run stands where, and its link; nothing of what it says."""
    assert spine_line(7, 2, 3, GENESIS) == b"7 2 3 " + b"0" * 64 + b"\n"


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=8), st.data())
def test_two_appends_make_the_same_chain_as_one(lines: list[bytes], data: st.DataObject) -> None:
    """How entries are grouped into appends leaves no trace in the links."""
    cut = data.draw(st.integers(0, len(lines)))
    whole = extend(START, SPINE_START, lines)
    first = extend(START, SPINE_START, lines[:cut])
    head = first.head() if cut else START
    rest = extend(head, first.spine[-1] if cut else SPINE_START, lines[cut:])
    assert first.entries + rest.entries == whole.entries
    assert first.spine + rest.spine == whole.spine


def test_a_run_and_the_spine_are_verified_with_sh_and_sha256sum_alone(tmp_path: Path) -> None:
    """The script is taken from the documentation as it stands there."""
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not on this machine; nothing else can stand in for it here")
    script = re.search(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert script
    extension = extend(START, SPINE_START, LINES)
    rows = [spine_line(row.gseq, row.run_no, row.rseq, row.link) for row in extension.spine]
    for name, lines, end in (
        ("run", LINES, extension.entries[-1].link),
        ("spine", rows, extension.spine[-1].spine_link),
    ):
        (tmp_path / name).write_bytes(b"".join(lines))
        done = subprocess.run(
            ["sh", "-c", script[1], "sh", name], cwd=tmp_path, capture_output=True, text=True, timeout=30
        )
        assert (done.stdout.strip(), done.stderr) == (end, "")
    assert not (tmp_path / "x").exists()
