"""Every input and output of a whole run fails once, and from then on: nothing is lost, doubled or half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty import KINDS, FaultyKeys, compiler, fail_each, faulty_keys

pytestmark = pytest.mark.skipif(
    not compiler(), reason="SKIPPED LOUDLY: no C compiler, so no call can be made to fail"
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyKeys]:
    """`keys` with the shim."""
    with faulty_keys(tmp_path_factory.mktemp("shim")) as started:
        yield started


@pytest.mark.parametrize("is_lasting", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_whose_nth_call_fails_keeps_every_promise(
    program: FaultyKeys, tmp_path: Path, kind: str, is_lasting: bool
) -> None:
    """A few of the calls, spread over the whole run; the long suite fails every one."""
    step = {"flush": 9, "pipe": 3}.get(kind, 41)
    tally = fail_each(program, tmp_path, kind, is_lasting, range(1 + is_lasting, 10**6, step))
    assert tally.violations == []
    assert tally.disturbed > 1


@pytest.mark.long
@pytest.mark.parametrize("is_lasting", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_which_each_call_fails_in_turn_keeps_every_promise(
    program: FaultyKeys, tmp_path: Path, kind: str, is_lasting: bool
) -> None:
    """N = 1, 2, 3 … until a run ends without having met the fault."""
    assert fail_each(program, tmp_path, kind, is_lasting).violations == []
