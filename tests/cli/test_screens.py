"""What the operator reads: safe text, 80 columns, the observed value, and no yes by silence."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from runbook_keys.cli.answers import understand
from runbook_keys.cli.followups import breach_lines
from runbook_keys.cli.main import cli
from runbook_keys.cli.screen import screen
from runbook_keys.cli.terminal import GivenLines, TerminalOperator
from runbook_keys.cli.text import WIDTH, safe
from runbook_keys.errors import Refused
from runbook_keys.model import reply as r
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.outcome import Observation, OutcomeKind
from runbook_keys.model.runbook import Block, SafetyClass, Step, StepKind
from runbook_keys.model.view import Asking, Breach, LastResult, Shown, Undoable, View, WayOut
from runbook_keys.operations.runs.breach import BreachStanding

STEP = Step("A1", StepKind.ACTION, "Put it right", 1, SafetyClass.IRREVERSIBLE, precondition="D1 said so.")


def _view(asking: Asking, safety: SafetyClass = SafetyClass.SAFE) -> View:
    return View(
        asking=asking,
        run="r-1",
        slug="example",
        runbook="Example",
        elapsed_seconds=int(timedelta(minutes=12).total_seconds()),
        path=("S1", "D1"),
        undoable=(Undoable("A2", "Something"),),
        do_not=("Do not restart anything.",),
        step=STEP,
        block=Block("bash", 'echo "$X"\n', 1),
        safety=safety,
        values=(Shown("X", "1"), Shown("PASSWORD", None)),
        ways_out=(
            WayOut("It works", "exit_code == 0", "V1 Is it over?"),
            WayOut("Anything else", None, "ESCALATE", 2),
        ),
        last=LastResult(
            "D1",
            "Look",
            OutcomeKind.SUCCEEDED,
            Observation(exit_code=0, stdout="500\n"),
            "It is bad",
            "A1",
            "it matched",
        ),
        escalate_to=("payments-oncall",),
    )


def _understand(view: View, typed: str, *more: str) -> r.Reply | None:
    lines = iter(more)

    async def ask(_prompt: str) -> str | None:
        return next(lines, None)

    return asyncio.run(understand(view, typed, ask))


@pytest.mark.parametrize("asking", list(Asking))
def test_every_screen_fits_eighty_columns(asking: Asking) -> None:
    """No line of any screen is wider than a plain terminal."""
    assert [] == [line for line in screen(_view(asking)) if len(line) > WIDTH]


def test_the_screen_shows_the_observed_value_and_where_it_led() -> None:
    """Not "OK": the exit code, the output, the way out and its target."""
    text = "\n".join(screen(_view(Asking.LOOK)))

    assert "D1 saw: exit code 0 · 500" in text
    assert "so: It is bad -> A1 (it matched)" in text


def test_a_secret_is_named_and_not_shown() -> None:
    """The screen says that the command reads it, and no more."""
    assert "PASSWORD = (secret)" in "\n".join(screen(_view(Asking.LOOK)))


def test_the_point_of_no_return_is_said_before_it() -> None:
    """An irreversible action says so, and asks for its label."""
    text = "\n".join(screen(_view(Asking.APPROVAL, SafetyClass.IRREVERSIBLE)))

    assert "POINT OF NO RETURN" in text
    assert "type A1" in text


@pytest.mark.parametrize("typed", ["", "y", "yes", "A2"])
def test_enter_or_yes_does_not_approve_what_cannot_be_undone(typed: str) -> None:
    """Only the label, then a reason."""
    view = _view(Asking.APPROVAL, SafetyClass.IRREVERSIBLE)

    assert not isinstance(_understand(view, typed, "why"), r.Approve)
    assert r.Approve("A1", "it is right") == _understand(view, "A1", "it is right")


def test_no_reason_at_the_end_of_input_does_not_approve() -> None:
    """A label without an answer to "why" is no approval."""
    assert _understand(_view(Asking.APPROVAL, SafetyClass.IRREVERSIBLE), "A1") is None


@pytest.mark.parametrize("asking", [asking for asking in Asking if asking is not Asking.NOTHING])
def test_end_of_input_leaves(asking: Asking) -> None:
    """Whatever is on the screen: nobody there means leave."""
    operator = TerminalOperator(GivenLines([], lambda _text: None), io.StringIO())

    assert r.Leave() == asyncio.run(operator.reply(_view(asking)))


@pytest.mark.parametrize("typed", ["0", "3", "-1", "²", "1x", "yes"])
def test_only_a_number_on_the_screen_is_a_choice(typed: str) -> None:
    """Anything else is asked again."""
    assert _understand(_view(Asking.QUESTION), typed) is None


@given(st.text())
def test_nothing_reaches_the_terminal_that_it_obeys(text: str) -> None:
    """Escapes, bells, bidi and other controls become visible text."""
    shown = safe(text)

    assert not any((ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert "\u202e" not in shown


def test_hostile_output_is_shown_spelled_out() -> None:
    """A title-changing escape in a command's output can't reach the screen."""
    view = _view(Asking.LOOK)
    out = io.StringIO()
    TerminalOperator(GivenLines([], lambda _text: None), out).progress(view, "\x1b]0;owned\x07 fine\n")

    assert "\x1b" not in out.getvalue()
    assert "fine" in out.getvalue()


def test_a_file_is_attached_whole_under_its_own_name(tmp_path: Path) -> None:
    """`f PATH` gives its bytes; the folder it lay in is nobody's business."""
    (tmp_path / "screen shot.png").write_bytes(b"\x89PNG")

    said = _understand(_view(Asking.LOOK), f"f {tmp_path}/screen shot.png")

    assert said == r.AttachFile("screen shot.png", b"\x89PNG")


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/", "/dev/zero"])
def test_a_file_that_cannot_be_kept_is_refused_in_words(path: str) -> None:
    """Missing, a folder, endless: nothing is attached, and the reason is said."""
    with pytest.raises(Refused, match=re.escape(path)):
        _understand(_view(Asking.LOOK), f"f {path}")


def test_a_person_in_the_middle_of_a_change_is_told_what_leaving_means() -> None:
    """Only where the answer is about a change; a question that only looks says nothing of the kind."""
    changing = "\n".join(screen(_view(Asking.QUESTION, SafetyClass.REVERSIBLE)))

    assert "UNKNOWN" in changing
    assert "UNKNOWN" not in "\n".join(screen(_view(Asking.QUESTION)))


@pytest.mark.parametrize("asking", list(Asking))
def test_the_clock_of_a_data_breach_is_the_first_line_of_every_screen(asking: Asking) -> None:
    """Once somebody said that they know, nobody has to look for how much time is left."""
    aware_at = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)
    breach = Breach(aware_at, aware_at + timedelta(hours=72), 3600 * 70, False)
    lines = screen(replace(_view(asking), breach=breach))

    assert lines[1].startswith("BREACH:   70 h 00 min left")
    assert [] == [line for line in lines if len(line) > WIDTH]


def test_a_breach_is_declared_since_a_time_or_since_now_and_nonsense_is_refused() -> None:
    """`b`, then a time in UTC or Enter; at the end of input nothing is declared."""
    view = _view(Asking.LOOK)

    assert r.DeclareBreach(datetime(2026, 11, 23, 4, 5, tzinfo=UTC), "mail") == _understand(
        view, "b 2026-11-23T04:05", "mail"
    )
    assert r.DeclareBreach(None, "") == _understand(view, "b", "", "")
    assert _understand(view, "b") is None
    with pytest.raises(Refused, match="is no time"):
        _understand(view, "b yesterday")


def test_the_list_of_commands_says_each_in_one_whole_sentence() -> None:
    """A sentence that is cut off in the middle helps nobody at 3 AM."""
    cut = [name for name, command in cli.commands.items() if not (command.short_help or "").endswith(".")]

    assert cut == []
    assert all(len(command.short_help or "") <= 60 for command in cli.commands.values())


def test_the_clock_of_a_breach_stands_once_it_is_decided_what_the_authority_is_told() -> None:
    """Weeks later nobody reads that it is over by weeks, as long as something is on record."""
    aware = datetime(2026, 11, 1, 3, tzinfo=UTC)
    now, by = aware + timedelta(days=20), aware + timedelta(hours=72)
    late = BreachStanding("r-1", now, aware, by, (), (BreachDetail.NOTIFIED,))
    told = BreachStanding("r-1", now, aware, by, (BreachDetail.NOTIFIED,), ())

    assert "OVER by" in " ".join(breach_lines(late))
    assert "OVER by" not in " ".join(breach_lines(told))
    assert "what it is told is on record" in " ".join(" ".join(breach_lines(told)).split())
