"""Each construct of the format, read from a small runbook that uses every one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from a_book import SOUND, book_with, line_of

from runbook_keys.book.parse import parse
from runbook_keys.model.runbook import (
    Branch,
    End,
    Ending,
    EvidenceItem,
    Exclusion,
    GoTo,
    HandOff,
    RollBack,
    Runbook,
    SafetyClass,
    Schedule,
    Step,
    StepKind,
)

BOOK = book_with()
RUNBOOK: Runbook = BOOK.runbook


def _step(label: str) -> Step:
    step = RUNBOOK.step(label)
    assert step is not None
    return step


def test_a_sound_runbook_has_no_problems() -> None:
    """Every other test changes one thing in it."""
    assert BOOK.problems == ()


def test_a_runbook_has_its_title_and_ten_sections_with_their_lines() -> None:
    """Findings and screens point at the text by line."""
    assert RUNBOOK.title == "Full Disk"
    assert [section.number for section in RUNBOOK.sections] == list(range(1, 11))
    assert all(SOUND.split("\n")[section.line - 1].startswith("## ") for section in RUNBOOK.sections)
    assert RUNBOOK.sections[-1].end_line == SOUND.count("\n")


def test_every_step_is_read_with_its_kind_title_and_line() -> None:
    """The label is what people say on the phone."""
    assert [step.label for step in RUNBOOK.steps] == ["S1", "D1", "D2", "D3", "A1", "A2", "V1"]
    for step in RUNBOOK.steps:
        assert step.line == line_of(SOUND, f"### {step.label}. {step.title}")
        assert step.kind == StepKind(step.label[0])


def test_a_class_is_what_is_declared_else_the_worst_for_steps_that_change() -> None:
    """Whatever says nothing is IRREVERSIBLE."""
    assert _step("A1").safety is SafetyClass.REVERSIBLE
    assert _step("A2").safety is SafetyClass.IRREVERSIBLE
    assert _step("D1").safety is SafetyClass.SAFE
    assert not _step("A2").is_class_declared


def test_a_block_has_its_constant_text_and_its_attributes() -> None:
    """A command is copied as it stands."""
    block = _step("D1").block
    assert block is not None
    assert (block.language, block.text) == ("bash", "df --output=pcent /srv\n")
    assert (block.timeout_seconds, block.capture) == (10.0, "USED_PERCENT")
    sql, quiet = _step("D2").block, _step("A2").block
    assert sql is not None
    assert sql.on == "SHOP_DATABASE"
    assert quiet is not None
    assert not quiet.is_output_kept


def test_a_key_block_names_its_key_and_keeps_its_arguments() -> None:
    """Arguments are plain lines, read when the step runs."""
    block = _step("A1").block
    assert block is not None
    assert (block.language, block.key) == ("key", "order-archive")
    assert block.text == "database: $SHOP_DATABASE\ndays: 90\n"


def test_a_step_without_a_block_is_a_question_to_a_person() -> None:
    """Its words are the answers."""
    step = _step("D3")
    assert step.is_question
    assert step.prose == "Open the dashboard, then Disks."
    assert [branch.words for branch in step.branches] == ["Yes", "I can't tell"]


def test_labels_of_an_action_are_read_wherever_they_stand() -> None:
    """Two labels may share a paragraph."""
    step = _step("A1")
    assert step.precondition == "D2 found many old orders."
    assert step.side_effects == "the archive grows."
    assert step.manual_alternative == "copy the oldest orders to the archive by hand."
    assert step.rollback is not None
    assert step.rollback.text == "archivectl restore --last\n"
    assert step.rollback_check is not None
    assert step.rollback_check.text == "archivectl verify --last\n"


def test_a_probe_stands_under_its_label() -> None:
    """It says whether an attempt with unknown end happened."""
    probe = _step("A2").probe
    assert probe is not None
    assert probe.text == "logctl count --older-than 30d\n"


def test_a_way_out_has_words_a_condition_and_a_target() -> None:
    """The order of the text is the order in which they are tried."""
    assert _step("S1").branches == (
        Branch(
            "It is running",
            End(Ending.STOPPED),
            line_of(SOUND, "- It is running"),
            'json.state == "running"',
        ),
        Branch("Anything else", GoTo("D1"), line_of(SOUND, "- It is running") + 1),
    )


def test_a_way_back_says_how_often_and_where_then() -> None:
    """A run always ends."""
    back = _step("V1").branches[1]
    assert (back.target, back.at_most, back.then) == (GoTo("D1"), 2, End(Ending.ESCALATED))


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("A1", GoTo("A1")),
        ("RESOLVED", End(Ending.RESOLVED)),
        ("ESCALATE", End(Ending.ESCALATED)),
        ("STOP", End(Ending.STOPPED)),
        ("HAND OFF host-outage", HandOff("host-outage")),
        ("ROLL BACK A1, then D2", RollBack("A1", GoTo("D2"))),
        ("ROLL BACK A1, then HAND OFF host-outage", RollBack("A1", HandOff("host-outage"))),
        ("**A1**", GoTo("A1")),
        ("`A1`", GoTo("A1")),
    ],
)
@pytest.mark.parametrize("arrow", ["→", "->", "-->"])
def test_every_target_can_be_led_to_with_either_arrow(words: str, target: object, arrow: str) -> None:
    """Not every keyboard has the arrow."""
    book = book_with("- I can't tell → ESCALATE", f"- I can't tell {arrow} {words}")
    step = book.runbook.step("D3")
    assert step is not None
    assert step.branches[-1].target == target
    assert book.problems == ()


@pytest.mark.parametrize(
    ("written", "words", "condition"),
    [
        ("Yes: `a == 1` → A2", "Yes", "a == 1"),
        ("Yes : `a == 1` → A2", "Yes", "a == 1"),
        ("**Yes**: `a == 1` → A2", "Yes", "a == 1"),
        ("**Yes:** `a == 1` → A2", "Yes", "a == 1"),
        ("Yes: ``a == '`'`` → A2", "Yes", "a == '`'"),
        ("Says `no`: `a == '→'` → A2", "Says no", "a == '→'"),
        ("Goes A → B: `a == 1` → A2", "Goes A → B", "a == 1"),
        ("[ ] Yes → A2", "Yes", None),
        ("Yes <!-- why → --> → A2", "Yes", None),
        ("Ratio 1: 2 → A2", "Ratio 1: 2", None),
        ("Yes and\n  more: `a == 1`\n  → A2", "Yes and more", "a == 1"),
        ("Sí, \u202bنعم\u202c → A2", "Sí, \u202bنعم\u202c", None),
    ],
)
def test_the_words_and_the_condition_of_a_way_out_are_told_apart(
    written: str, words: str, condition: str | None
) -> None:
    """The last code span after a colon, directly before the last arrow, is the condition."""
    book = book_with("- Yes → A2", f"- {written}")
    step = book.runbook.step("D3")
    assert step is not None
    assert book.problems == ()
    assert (step.branches[0].words, step.branches[0].condition) == (words, condition)
    assert step.branches[0].target == GoTo("A2")


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ("at once", Schedule()),
        ("At once.", Schedule()),
        ("after 24 hours", Schedule(after=timedelta(hours=24))),
        ("every 5 minutes for 1 hour", Schedule(every=timedelta(minutes=5), lasting=timedelta(hours=1))),
        (
            "after 1 day, then every 1 hour for 2 days",
            Schedule(timedelta(days=1), timedelta(hours=1), timedelta(days=2)),
        ),
    ],
)
def test_a_schedule_is_a_sentence(written: str, schedule: Schedule) -> None:
    """A run that waits is watching."""
    step = book_with("every 5 minutes for 1 hour", written).runbook.step("V1")
    assert step is not None
    assert step.schedule == schedule


@pytest.mark.parametrize(
    ("written", "seconds"), [("500ms", 0.5), ("5s", 5.0), ("2m", 120.0), ("1h", 3600.0), ("24h", 86_400.0)]
)
def test_a_timeout_is_a_number_with_a_unit(written: str, seconds: float) -> None:
    """Milliseconds to hours."""
    step = book_with("{timeout=5s}", f"{{timeout={written}}}").runbook.step("S1")
    assert step is not None
    assert step.block is not None
    assert step.block.timeout_seconds == seconds


def test_the_parts_outside_the_steps_are_read() -> None:
    """Scope, exclusions, escalation, evidence and follow-ups."""
    assert RUNBOOK.covers == ("Writes fail because no space is left.",)
    assert RUNBOOK.does_not_cover == ("The disk is broken.",)
    assert RUNBOOK.when_to_use == ("Alert DiskFull is firing.",)
    assert RUNBOOK.do_not == ("Do not delete the journal.",)
    assert RUNBOOK.roll_back_when == ("The archive is damaged.",)
    assert RUNBOOK.escalate_after == timedelta(minutes=30)
    assert RUNBOOK.escalate_to == ("storage-oncall", "engineering-lead")
    assert RUNBOOK.compliance == ("SOC2 CC7.4", "SOC2 CC7.5", "GDPR Art. 33")
    assert RUNBOOK.follow_ups == ("Within 24 hours: Review the timeline.",)


def test_an_exclusion_may_say_where_to_go_instead() -> None:
    """Section 3 is read before anything else."""
    first = line_of(SOUND, "- Every host is down")
    assert RUNBOOK.exclusions == (
        Exclusion("Every host is down", first, HandOff("host-outage")),
        Exclusion("The disk reports errors", first + 1, End(Ending.ESCALATED)),
    )


def test_evidence_is_asked_of_a_person_or_collected_by_a_block() -> None:
    """One line each."""
    asked, collected = RUNBOOK.evidence
    assert asked == EvidenceItem("Root cause", line_of(SOUND, "- Root cause"), is_asked=True)
    assert collected.block is not None
    assert collected.block.artifact == "kernel-log"


@pytest.mark.parametrize(
    ("place", "named"),
    [("### S1. Is a backup running?", "S1"), ("## 5. Diagnosis flow", "section 5"), ("# Full Disk", "file")],
)
def test_a_suppression_holds_for_the_smallest_place_around_it(place: str, named: str) -> None:
    """With its reason."""
    book = book_with(place, f"{place}\n\n<!-- keys: allow vague-words because it is a name -->")
    (suppression,) = book.suppressions
    assert (suppression.rule, suppression.reason, suppression.place) == (
        "vague-words",
        "it is a name",
        named,
    )
    assert suppression.line == line_of(SOUND, place) + 2
    assert book.problems == ()


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_of_every_kind_give_the_same_runbook(ending: str) -> None:
    """CommonMark 2.1 knows three."""
    assert parse(SOUND.replace("\n", ending).encode()).runbook == RUNBOOK


def test_a_byte_order_mark_changes_nothing() -> None:
    """Some editors write one."""
    assert parse(b"\xef\xbb\xbf" + SOUND.encode()).runbook == RUNBOOK
