"""The quick way to read a line and judge its spelling says what the slow way says, whatever somebody put into the line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal import lines
from runbook_keys.journal.lines import decode, decode_checked, encode, is_canonical
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Entry
from runbook_keys.model.event import (
    AnyEvent,
    AttemptFinished,
    AttemptStarted,
    MaterialErased,
    RunOpened,
    StepEntered,
)
from runbook_keys.model.key import KeyMode, KeyRecord, PinnedKey
from runbook_keys.model.outcome import OutcomeKind, Role
from runbook_keys.model.runbook import SafetyClass

RUN = "r-20261123-0312-k7qm"
AT = datetime(2026, 11, 23, 3, 12, 45, 123000, tzinfo=UTC)
KEY = KeyRecord("slug", "1.0.0", "d", KeyMode.RUN, "node", files={"type": "AttemptFinished", "a": "b"})
EVENTS: tuple[AnyEvent, ...] = (
    StepEntered("D1", 2),
    AttemptStarted("D1", Role.WORK, 1, SafetyClass.SAFE, "bash", 'echo "\\u0041" \\\n', "c", ("A", "B")),
    AttemptFinished("D1", Role.WORK, 1, OutcomeKind.SUCCEEDED, 0, key=KEY),
    RunOpened(
        "s", "1", "p", "b", "i", {"type": "RunOpened"}, "S1", "i", keys=(PinnedKey("s", "1", "d", "b"),)
    ),
    MaterialErased(("a",), (1, 2), '"type":"MaterialErased", é\x7f'),
)
LINES = [encode(Entry(RUN, seq, AT, DRIVER, event)) for seq, event in enumerate(EVENTS, 1)]


def slowly(line: bytes) -> tuple[Entry, bool] | str:
    """What the line means and whether it is spelled rightly, each found on its own; or why it is no entry."""
    try:
        return decode(line), is_canonical(line)
    except JournalDamaged as damaged:
        return str(damaged)


def quickly(line: bytes) -> tuple[Entry, bool] | str:
    """The same as it is found at once."""
    try:
        return decode_checked(line)
    except JournalDamaged as damaged:
        return str(damaged)


def _spelled(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["event"])
def test_a_line_of_ours_is_read_and_spelled_rightly(line: bytes) -> None:
    """Texts that look like structure, escapes, nested records."""
    assert quickly(line) == slowly(line)
    assert decode_checked(line)[1]


@pytest.mark.parametrize("event", get_args(AnyEvent), ids=lambda event: event.__name__)
def test_plain_text_never_needs_the_slow_way(event: type[AnyEvent], monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal of a million entries is verified in seconds because of it; a new kind of event is no exception."""
    made = {str: "text", int: 7, bool: True}
    hints = {name: getattr(event, "__annotations__", {}).get(name, "") for name in event.__struct_fields__}
    fields = {name: made[kind] for kind in made for name, hint in hints.items() if hint == kind.__name__}
    rest = st.builds(event, **{name: st.just(value) for name, value in fields.items()})
    line = encode(Entry(RUN, 1, AT, DRIVER, _plain(rest)))
    monkeypatch.setattr(lines, "is_canonical", lambda _line: pytest.fail("read slowly"))
    entry, is_ours = decode_checked(line)
    assert (type(entry.event), is_ours) == (event, True)


def _plain(events: st.SearchStrategy[Any]) -> AnyEvent:
    """One event whose texts are plain ASCII."""
    found: list[AnyEvent] = []

    @settings(max_examples=1, database=None, derandomize=True)
    @given(events)
    def draw(event: AnyEvent) -> None:
        found.append(event)

    draw()
    return found[0]


TAMPERED = {
    "a key twice, the first one honest": (b'"visit":2}', b'"visit":2,"visit":3}'),
    "a key twice, the last one honest": (b'"visit":2}', b'"visit":3,"visit":2}'),
    "the event twice": (b'"event":"StepEntered"', b'"event":"ChoiceAsked","event":"StepEntered"'),
    "the event twice, the other last": (
        b'"event":"StepEntered"',
        b'"event":"StepEntered","event":"ChoiceAsked"',
    ),
    "the data twice": (b'"data":{', b'"data":{"due_at":"","step":"D9","visit":1},"data":{'),
    "the version twice": (b'"v":1', b'"v":2,"v":1'),
    "another version last": (b'"v":1', b'"v":1,"v":2'),
    "another version": (b'"v":1', b'"v":2'),
    "the time twice": (b'"at":', b'"at":"never","at":'),
    "no time": (b"2026-11-23T", b"2026-02-30T"),
    "another zone": (b"123Z", b"123+00:00"),
    "a number with a point": (b'"visit":2', b'"visit":2.0'),
    "a number with an exponent": (b'"visit":2', b'"visit":2e0'),
    "less than nothing": (b'"visit":2', b'"visit":-0'),
    "a leading zero": (b'"visit":2', b'"visit":02'),
    "a huge number": (b'"visit":2', b'"visit":' + 40 * b"9"),
    "a number as text": (b'"visit":2', b'"visit":"2"'),
    "yes as a number": (b'"visit":2', b'"visit":true'),
    "a needless escape": (b'"D1"', b'"\\u0044\\u0031"'),
    "an escaped slash": (b'"D1"', b'"\\/"'),
    "an escape in a key": (b'"visit":2', b'"v\\u0069sit":2'),
    "an upper-case escape": (b'"D1"', b'"\\u00E9"'),
    "half a character": (b'"D1"', b'"\\ud800"'),
    "a raw delete": (b'"D1"', b'"\x7f"'),
    "a raw tab": (b'"D1"', b'"\t"'),
    "raw UTF-8": (b'"D1"', "é".encode()),
    "raw UTF-8 in a text": (b'"D1"', b'"\xc3\xa9"'),
    "a space": (b'"D1",', b'"D1", '),
    "another order": (b'"step":"D1","visit":2', b'"visit":2,"step":"D1"'),
    "an unknown field": (b'"visit":2', b'"visit":2,"weather":"fine"'),
    "an unknown field out of order": (b'"visit":2', b'"weather":"fine","visit":2'),
    "an unknown float": (b'"visit":2', b'"visit":2,"weather":1.5'),
    "an unknown field of the line": (b',"seq":1', b',"safe":[{}],"seq":1'),
    "a tag of its own": (b'"visit":2', b'"type":"StepEntered","visit":2'),
    "another tag": (b'"visit":2', b'"type":"ChoiceAsked","visit":2'),
    "a field of a later release left out": (b'"due_at":"",', b""),
    "an unknown event": (b'"event":"StepEntered"', b'"event":"StepForgotten"'),
    "another event": (b'"event":"StepEntered"', b'"event":"ChoiceAsked"'),
    "no event": (b'"event":"StepEntered",', b""),
    "an actor with more": (b'"name":"driver"}', b'"name":"driver","rank":1}'),
    "two ends": (b"}\n", b"}\n\n"),
    "another end": (b"}\n", b"}\r\n"),
    "no end": (b"}\n", b"}"),
    "more after the end": (b"}\n", b"}{}\n"),
    "deep nesting": (b'"visit":2', b'"visit":2,"w":' + 10_000 * b"[" + 10_000 * b"]"),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_line_that_somebody_spelled_otherwise_is_judged_alike(change: tuple[bytes, bytes]) -> None:
    """Whatever a reader could take in two ways."""
    line = LINES[0].replace(*change)
    assert line != LINES[0]
    assert quickly(line) == slowly(line)


@settings(max_examples=500)
@given(st.sampled_from(LINES), st.data())
def test_no_changed_bytes_are_judged_otherwise(line: bytes, data: st.DataObject) -> None:
    """A piece of the line cut out, doubled, or put in the place of another."""
    places = st.integers(0, len(line))
    start, end = sorted((data.draw(places), data.draw(places)))
    piece = data.draw(st.sampled_from([b"", line[start:end], b'"', b"0", b"\\", b",", b"\x7f"]))
    place = data.draw(places)
    changed = data.draw(
        st.sampled_from([line[:start] + piece + line[end:], line[:place] + piece + line[place:]])
    )
    assert quickly(changed) == slowly(changed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=500)
@given(st.sampled_from(LINES), st.data())
def test_no_changed_fact_is_judged_otherwise(line: bytes, data: st.DataObject) -> None:
    """A field left out, added, or of another kind, spelled as KEYS spells it."""
    document = json.loads(line)
    part = data.draw(st.sampled_from([document, document["data"], document["actor"]]))
    name = data.draw(st.sampled_from([*part, "type", "weather"]))
    if data.draw(st.booleans()):
        part.pop(name, None)
    else:
        part[name] = data.draw(JSON)
    changed = _spelled(document)
    assert quickly(changed) == slowly(changed)


def test_no_event_holds_what_the_encoder_spells_and_a_line_may_not() -> None:
    """The quick way trusts the types: a float in an event would be spelled, and two programs may spell it differently."""
    kinds = (*get_args(AnyEvent), KeyRecord, PinnedKey)
    hints = {hint for kind in kinds for hint in kind.__annotations__.values()}
    assert not [hint for hint in hints if "float" in hint or "Any" in hint or "object" in hint]
