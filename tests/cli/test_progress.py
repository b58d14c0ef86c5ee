"""How far long work is: on one line of stderr, for people only, gone when it is done."""

import sys

import pytest

from runbook_keys.cli import opening
from runbook_keys.cli.opening import ProgressLine


def _look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody looks at stderr, and each look at the clock is two seconds after the last one."""
    moments = iter(range(0, 1000, 2))
    monkeypatch.setattr(opening, "monotonic", lambda: next(moments))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)


def test_the_line_is_overwritten_and_gone_when_all_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next words begin at the start of an empty line."""
    _look(monkeypatch)
    with ProgressLine() as progress:
        progress("reading runs", 1, 3)
        progress("reading runs", 2, 3)
        progress("reading runs", 3, 3)
        said = capsys.readouterr().err
    assert said == f"\rkeys: reading runs, 1 of 3 \rkeys: reading runs, 2 of 3 \r{78 * ' '}\r"
    assert capsys.readouterr().err == ""


def test_the_line_is_gone_where_the_work_was_broken_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error that follows stands on a line of its own."""
    _look(monkeypatch)
    with ProgressLine() as progress:
        progress("reading runs", 1, 3)
    assert capsys.readouterr().err.endswith(f"\r{78 * ' '}\r")


def test_nothing_is_said_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log or another program gets no such lines."""
    moments = iter(range(0, 1000, 2))
    monkeypatch.setattr(opening, "monotonic", lambda: next(moments))
    with ProgressLine() as progress:
        progress("reading runs", 1, 3)
    assert capsys.readouterr().err == ""
