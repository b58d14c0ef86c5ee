"""What the hostile tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_pack import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder for a pack and a journal."""
    return Place(tmp_path)
