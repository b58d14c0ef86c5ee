"""Names that can be said on the phone, and salts that nobody can guess."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from runbook_keys.ports import Ids
from runbook_keys.stores.names import checked
from runbook_keys.system.ids import RandomIds
from runbook_keys.testing.ids import SequentialIds

AT = datetime(2026, 11, 23, 8, 42, tzinfo=timezone(timedelta(hours=5.5)))


@pytest.mark.parametrize("ids", [RandomIds(), SequentialIds()])
def test_every_name_is_one_that_a_run_can_have(ids: Ids) -> None:
    """It becomes a file name, and says when the run began, in UTC."""
    names = [ids.run(AT) for _ in range(200)]
    assert all(checked(name).startswith("r-20261123-0312-") for name in names)


def test_names_sort_by_time() -> None:
    """A list of runs is in order without looking at anything else."""
    ids = RandomIds()
    names = [ids.run(AT + timedelta(minutes=minutes)) for minutes in range(0, 100_000, 777)]
    assert names == sorted(names)


def test_no_letter_of_a_name_can_be_taken_for_another() -> None:
    """No 0 and o, no 1, l and i, nothing in upper case."""
    tails = {RandomIds().run(AT).rpartition("-")[2] for _ in range(2000)}
    assert len(tails) > 1900
    assert all(re.fullmatch("[a-hjkmnp-z2-9]{4}", tail) for tail in tails)


@pytest.mark.parametrize("ids", [RandomIds(), SequentialIds()])
def test_no_salt_comes_twice(ids: Ids) -> None:
    """16 bytes each."""
    salts = [ids.salt() for _ in range(1000)]
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == 1000


def test_sequential_ids_are_the_same_in_every_rehearsal() -> None:
    """One seed, one history."""
    one, two = SequentialIds(), SequentialIds()
    at = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
    assert [one.run(at), one.run(at), one.salt()] == [two.run(at), two.run(at), two.salt()]
    assert one.run(at) == "r-20261123-0312-0003"
