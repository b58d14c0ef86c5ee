"""What every command says by its exit code."""

from pathlib import Path
from typing import Never

import pytest

from keys_practice.commands.frame import UNKNOWN, Command


def test_a_mistake_of_the_command_is_no_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asked has found out nothing: 3, and not 1 as Python itself would end."""

    def look(*_: object) -> Never:
        raise KeyError("object")

    command = Command("lookctl", "Looks.")
    command.verb("look", "look", look)

    assert command.run(tmp_path, ["look"]) == UNKNOWN
    assert "lookctl: this is a mistake of the command itself: KeyError('object')" in capsys.readouterr().err
