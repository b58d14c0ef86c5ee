"""What the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faulty import FaultyKeys, compiler, faulty_keys, shim_in


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyKeys]:
    """`keys` with the shim."""
    if not compiler():
        pytest.skip("SKIPPED LOUDLY: no C compiler, so nothing can be disturbed at a call")
    with faulty_keys(shim_in(tmp_path_factory.mktemp("shim"))) as started:
        yield started
