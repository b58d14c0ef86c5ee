"""One entry as one line of canonical ASCII JSON, and back.

Canonical means that a fact has exactly one spelling, so that a digest over the line is a digest over the fact:
keys sorted, no spaces, no floats, everything beyond ASCII as a JSON escape, one newline at the end.

Within version 1 a newer release may add *optional* fields; they are skipped here. A change that an older release must
not skip raises the version or gets an event type of its own, and either is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, reduce
from operator import or_
from typing import Any, cast, get_args

import msgspec
from msgspec import Struct

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.damages import printable
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import Entry, StoredEntry
from runbook_keys.model.event import AnyEvent

VERSION = 1

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_PLAIN = re.compile(r"[^ -~]")
_HARMLESS = frozenset({str, int, bool, type(None)})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


class _Envelope(Struct, frozen=True, gc=False):
    actor: Actor
    at: str
    run: str
    seq: int
    v: int


class _Line(_Envelope, frozen=True, kw_only=True, gc=False):
    data: msgspec.Raw
    event: str


class _Whole(_Envelope, frozen=True, kw_only=True, gc=False):
    """A line with the event in it. There is one subclass for each kind of event, named and tagged by it."""

    data: AnyEvent


def _refuse_float(text: str) -> Any:
    raise ValueError(f"{text} is a float; an entry holds whole numbers only.")


_encoder = msgspec.json.Encoder(order="sorted")
_line_decoder = msgspec.json.Decoder(_Line)
_any_decoder = msgspec.json.Decoder(float_hook=_refuse_float)
_event_decoders = {event.__name__: msgspec.json.Decoder(event) for event in get_args(AnyEvent)}


def encode(entry: Entry) -> bytes:
    """The entry's one line, newline included.

    `at` is cut to whole milliseconds in UTC. A lone surrogate (a byte that was no UTF-8 on somebody's terminal) becomes
    U+FFFD, so that it can never stop a run. Raises TypeError for a float, ValueError for an instant without a time zone.
    """
    data = msgspec.to_builtins(entry.event)
    document = {
        "actor": {"kind": entry.actor.kind, "name": entry.actor.name},
        "at": instant(entry.at),
        "event": data.pop("type"),
        "data": data,
        "run": entry.run,
        "seq": entry.seq,
        "v": VERSION,
    }
    try:
        return _spelled(document)
    except UnicodeEncodeError:
        return _spelled(_mended(document))


def decode(line: bytes) -> Entry:
    """The entry of one line.

    Raises JournalDamaged, saying where in the line, for anything that `encode` of this or a compatible release would not
    have written.
    """
    if not line.endswith(b"\n") or not line.isascii():
        raise JournalDamaged("This is not a whole line of ASCII text.")
    try:
        envelope = _line_decoder.decode(line)
        _refuse_other_version(envelope)
        event = _event_decoders[envelope.event].decode(envelope.data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise JournalDamaged(f"This is not an entry: {printable(str(error))}.") from error
    return Entry(envelope.run, envelope.seq, _parse_instant(envelope.at), envelope.actor, event)


def decode_checked(line: bytes) -> tuple[Entry, bool]:
    """The entry of one line, and whether it is spelled as `encode` spells it. Raises what `decode` raises.

    A line that its event's own spelling equals is spelled rightly; that is quickly told. All others are read slowly: what
    a newer release added or an older one left out may be in order, and a key that stands there twice has two meanings.
    """
    if not line.isascii():
        return decode(line), False
    try:
        whole = _whole_decoder()(line)
    except (msgspec.DecodeError, RecursionError):
        return decode(line), is_canonical(line)
    if not (_is_spelled_from(whole, line) or is_canonical(line)):
        return decode(line), False
    if whole.v != VERSION:
        return decode(line), True
    return Entry(whole.run, whole.seq, _parse_instant(whole.at), whole.actor, whole.data), True


def read(stored: StoredEntry) -> Entry:
    """The entry that the store holds, or JournalDamaged with its run and place in it."""
    try:
        return decode(stored.line)
    except JournalDamaged as error:
        raise JournalDamaged(
            f"Entry {stored.seq} of run {stored.run} can't be read. {error} Run `keys verify {stored.run}`."
        ) from error


def is_canonical(line: bytes) -> bool:
    """True if the line is spelled exactly as `encode` spells it, whatever fields it has."""
    try:
        document = _any_decoder.decode(line)
        if _encoder.encode(document) + b"\n" == line and b"\x7f" not in line:
            return True
        return _spelled(document) == line
    except (msgspec.DecodeError, ValueError, TypeError, OverflowError, RecursionError):
        return False


def instant(at: datetime) -> str:
    """An aware instant as `2026-11-23T03:12:45.123Z`: UTC, cut to milliseconds."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone, so it names no instant.")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@cache
def _whole_decoder() -> Callable[[bytes], _Whole]:
    """Reads all of a line in one go. Made when it is first needed: nobody who only follows a runbook waits for it."""
    kinds = [
        msgspec.defstruct(
            event.__name__,
            [("data", event)],
            bases=(_Whole,),
            frozen=True,
            kw_only=True,
            gc=False,
            tag=event.__name__,
            tag_field="event",
        )
        for event in get_args(AnyEvent)
    ]
    return cast("Callable[[bytes], _Whole]", msgspec.json.Decoder(reduce(or_, kinds)).decode)


@cache
def _tag_in(event: type[AnyEvent]) -> bytes:
    """The tag that the encoder writes among the fields of an event, and that no line has there."""
    tag = f'"type":"{event.__name__}"'.encode("ascii")
    return tag + b"," if max(event.__struct_fields__, default="") > "type" else b"," + tag


def _is_spelled_from(whole: _Whole, line: bytes) -> bool:
    """True if the line is what the encoder makes of it. Beyond plain ASCII that is not how KEYS spells it."""
    if b"\x7f" in line:
        return False
    try:
        text = _encoder.encode(whole)
    except OverflowError:
        return False
    head, _, tail = text.rpartition(_tag_in(whole.data.__class__))
    return line == b"%b%b\n" % (head, tail)


def _spelled(document: Any) -> bytes:
    """The one canonical spelling. Raises TypeError for a float, UnicodeEncodeError for a lone surrogate."""
    _refuse_floats(document)
    text = _encoder.encode(document)
    if not text.isascii() or b"\x7f" in text:
        text = _NOT_PLAIN.sub(_escaped, text.decode("utf-8")).encode("ascii")
    return text + b"\n"


def _escaped(match: re.Match[str]) -> str:
    """A character beyond plain ASCII as JSON spells it: one escape, or two (a pair of surrogates) above U+FFFF."""
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a float; an entry holds whole numbers only.")
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for item in items:
        if item.__class__ not in _HARMLESS:
            _refuse_floats(item)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(item) for item in value]
    return value


def _refuse_other_version(envelope: _Line) -> None:
    if envelope.v != VERSION:
        raise JournalDamaged(
            f"It has format version {envelope.v}; this KEYS reads {VERSION}. A newer KEYS may read it."
        )
    if envelope.event not in _event_decoders:
        raise JournalDamaged(
            f"It tells of {envelope.event!a}, which this KEYS does not know. A newer KEYS may read it."
        )


def _parse_instant(text: str) -> datetime:
    if _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # no such day or hour: told below, as any other misspelling
    raise JournalDamaged(f"Its time {text!a} is not of the form 2026-11-23T03:12:45.123Z.")
