"""Worlds for the tests of the practice company."""

from collections.abc import Iterator

import pytest
from company_operator import Operator

from keys_practice.world import World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One healthy company for the tests of a file that leave it as it was."""
    with World.start() as started:
        yield started


@pytest.fixture
def operator(world: World) -> Operator:
    """An operator of the shared company."""
    return Operator(world)


@pytest.fixture
def fresh_world() -> Iterator[World]:
    """A company of one's own, to break."""
    with World.start() as started:
        yield started
