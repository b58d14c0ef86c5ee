"""One fact has one line, and the line gives the fact back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.lines import decode, encode, is_canonical, read
from runbook_keys.model.actor import DRIVER, Actor, ActorKind
from runbook_keys.model.entry import Entry, StoredEntry
from runbook_keys.model.event import AnyEvent, ChoiceAsked, NoteAdded, RunOpened, StepEntered

RUN = "r-20261123-0312-k7qm"
AT = datetime(2026, 11, 23, 3, 12, 45, 123000, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
PLAIN_LINE = encode(Entry(RUN, 3, AT, DRIVER, StepEntered("D1", visit=2)))


def _register(kind: type[msgspec.Struct]) -> None:
    """Tell Hypothesis how to make a struct: each field by its type."""

    def make(_: Any) -> st.SearchStrategy[Any]:
        hints = get_type_hints(kind)
        return st.builds(kind, **{name: st.from_type(hints[name]) for name in kind.__struct_fields__})

    st.register_type_strategy(kind, make)


def _structs(kind: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """A struct and all structs within it."""
    found = {kind}
    for hint in get_type_hints(kind).values():
        for inner in (hint, *get_args(hint)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                found |= _structs(inner)
    return found


st.register_type_strategy(str, TEXT)
st.register_type_strategy(int, NUMBERS)
for _struct in set().union(*map(_structs, (*get_args(AnyEvent), Actor))):
    _register(_struct)

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5.5))])
INSTANTS = st.builds(
    lambda milliseconds, zone: (AT + timedelta(milliseconds=milliseconds)).astimezone(zone),
    st.integers(-(10**13), 10**13),
    ZONES,
)


def _entries(event: type[AnyEvent]) -> st.SearchStrategy[Entry]:
    """Entries that tell of one kind of event."""
    return st.builds(
        Entry, run=TEXT, seq=NUMBERS, at=INSTANTS, actor=st.from_type(Actor), event=st.from_type(event)
    )


@pytest.mark.parametrize("event", get_args(AnyEvent), ids=lambda event: event.__name__)
@given(data=st.data())
def test_every_event_comes_back_from_its_line(event: type[AnyEvent], data: st.DataObject) -> None:
    """Whatever the texts and numbers in it; and the line is canonical by another program's judgement."""
    entry = data.draw(_entries(event))
    line = encode(entry)
    assert decode(line) == entry
    assert is_canonical(line)
    document = json.loads(line)
    assert line == (json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n").encode("ascii")


def test_a_line_reads_as_the_documentation_says() -> None:
    """The format is a promise: this line may never change within version 1."""
    assert PLAIN_LINE == (
        b'{"actor":{"kind":"driver","name":"driver"},"at":"2026-11-23T03:12:45.123Z",'
        b'"data":{"due_at":"","step":"D1","visit":2},"event":"StepEntered","run":"r-20261123-0312-k7qm","seq":3,"v":1}\n'
    )


@pytest.mark.parametrize(
    "text", ["\x00\x1f\x80", "\x7f", "\r\n\t\b\f", '"\\/', "é", "\u2028\u202e", "😀", "\ufffd\uffff"]
)
def test_text_beyond_plain_ascii_stands_as_escapes(text: str) -> None:
    """Nothing in a line can move a cursor, end the line early or depend on an encoding."""
    line = encode(Entry(RUN, 1, AT, Actor(ActorKind.OPERATOR, text), NoteAdded(text, text)))
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    assert line[-1:] == b"\n"
    assert decode(line).actor.name == text


def test_half_a_character_becomes_the_replacement_mark() -> None:
    """A byte that was no UTF-8 on somebody's terminal must not stop a run; honest pairs beside it stay."""
    event = RunOpened("s", "1.0.0", "", "", "", {"\udcff": "\ud83d"}, "S1", "😀 \udc80 \ud83d\ude00")
    decoded = decode(encode(Entry(RUN, 1, AT, DRIVER, event))).event
    assert isinstance(decoded, RunOpened)
    assert decoded.value_digests == {"\ufffd": "\ufffd"}
    assert decoded.incident == "😀 \ufffd \ufffd\ufffd"


@pytest.mark.parametrize("value", [1.5, 1.0, float("nan"), [[1.0]], {"a": {"b": 1e300}}])
def test_a_float_is_refused(value: Any) -> None:
    """Two programs may spell one float differently, so no digest can rest on it."""
    with pytest.raises(TypeError, match="float"):
        encode(Entry(RUN, 1, AT, DRIVER, StepEntered("D1", visit=value)))


def test_an_instant_is_kept_in_utc_and_cut_to_milliseconds() -> None:
    """Cut, not rounded: an entry is never later than what happened."""
    at = datetime(2026, 11, 23, 8, 42, 45, 999999, tzinfo=timezone(timedelta(hours=5.5)))
    assert decode(encode(Entry(RUN, 1, at, DRIVER, ChoiceAsked("D1")))).at == AT.replace(microsecond=999000)


def test_a_time_without_a_zone_is_refused() -> None:
    """It names no instant."""
    with pytest.raises(ValueError, match="time zone"):
        encode(Entry(RUN, 1, AT.replace(tzinfo=None), DRIVER, ChoiceAsked("D1")))


def test_a_field_that_a_newer_release_added_is_skipped() -> None:
    """Within one format version only such fields are added as an older release may skip."""
    line = PLAIN_LINE.replace(b'"visit":2}', b'"visit":2,"weather":"fine"}').replace(
        b'"seq"', b'"safe":1,"seq"'
    )
    assert decode(line) == decode(PLAIN_LINE)
    assert is_canonical(line)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b'"StepEntered"', b'"StepForgotten"', "'StepForgotten'.*newer KEYS"),
        (b'"v":1', b'"v":2', "format version 2.*newer KEYS"),
        (b'"visit":2', b'"visit":"2"', r"`\$.visit`"),
        (b'"visit":2', b'"visit":2.0', r"`\$.visit`"),
        (b',"visit":2', b"", "visit"),
        (b'"driver","name"', b'"ghost","name"', r"ghost.*`\$.actor.kind`"),
        (b"45.123Z", b"45.123+01:00", "2026-11-23T03:12:45.123Z"),
        (b"45.123Z", b"45Z", "2026-11-23T03:12:45.123Z"),
        (b"-11-23T", b"-02-30T", "2026-02-30"),
        (b'"D1"', b'"\\ud800"', "malformed"),
        (b'"D1"', b'"\xc3\xa9"', "ASCII"),
        (b"}\n", b"}", "whole line"),
        (b'{"actor"', b'"actor"', "malformed|not an entry"),
        (PLAIN_LINE, b"", "whole line"),
        (PLAIN_LINE, b"\n", "truncated"),
        (PLAIN_LINE, b"[" * 100_000 + b"\n", "not an entry"),
        (b'"D1"', b'"\\u001b[31m"', None),
    ],
)
def test_what_encode_would_not_have_written_is_refused_with_its_place(
    old: bytes, new: bytes, told: str | None
) -> None:
    """One clear error, safe to show; only the last line is honest."""
    line = PLAIN_LINE.replace(old, new)
    assert line != PLAIN_LINE
    if told is None:
        assert decode(line).event == StepEntered("\x1b[31m", visit=2)
        return
    with pytest.raises(JournalDamaged, match=told) as caught:
        decode(line)
    assert str(caught.value).isprintable()


@given(st.integers(0, len(PLAIN_LINE) - 1), st.integers(1, 255))
def test_a_changed_byte_never_makes_another_kind_of_error(place: int, change: int) -> None:
    """Either the line still is an entry or it is refused as damaged."""
    line = bytearray(PLAIN_LINE)
    line[place] ^= change
    try:
        entry = decode(bytes(line))
    except JournalDamaged:
        return
    assert isinstance(entry, Entry)


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": 1}\n',
        b'{"b":1,"a":1}\n',
        b'{"a":1,"a":1}\n',
        b'{"a":1.0}\n',
        b'{"a":1e2}\n',
        b'{"a":-0}\n',
        b'{"a":"\\u0041"}\n',
        b'{"a":"\\/"}\n',
        b'{"a":"\\u00E9"}\n',
        b'{"a":"\\ud800"}\n',
        b'{"a":1}',
        b'{"a":1}\r\n',
        b'{"a":1}\n\n',
        b"[" * 100_000 + b"]" * 100_000 + b"\n",
        b"\n",
        b"",
        b"\xff\n",
    ],
)
def test_any_other_spelling_is_not_canonical(line: bytes) -> None:
    """Spaces, order, duplicates, floats, needless or upper-case escapes, half characters, missing or doubled ends."""
    assert not is_canonical(line)


def test_a_stored_entry_that_can_not_be_read_names_its_run_and_place() -> None:
    """An operator sees where it is and what to do next."""
    with pytest.raises(JournalDamaged, match=f"Entry 7 of run {RUN} .*keys verify {RUN}"):
        read(StoredEntry(RUN, 7, b"{}\n", 64 * "0"))
