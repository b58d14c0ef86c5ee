"""What the tests of KEYS share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from key_caller import Caller


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Caller]:
    """Calls a KEY: `call(key, arguments, mode=…, is_looking=…)`."""
    made = Caller(tmp_path, dict(os.environ))
    yield made
    made.close()


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """The same, with one warm kernel for all tests of a file."""
    made = Caller(tmp_path_factory.mktemp("warm"), dict(os.environ))
    yield made
    made.close()
