"""The gap between Stripe and the service, on exports of every shape."""

import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import event_gap
import instants
import pytest
from json_exports import LARGEST_ENTRY, Export

STRIPE = [
    {
        "id": f"evt_{n:03d}",
        "type": "invoice.paid",
        "created_at": f"2026-01-31T03:{n:02d}:00+00:00",
        "state": "delivered",
    }
    for n in range(10)
]


def compared(
    tmp_path: Path, stripe: str | bytes, applied: str | bytes, late_seconds: float = 300
) -> dict[str, Any]:
    """What the comparison finds for two files with this content, over the whole span."""
    files = []
    for name, content in (("stripe", stripe), ("applied", applied)):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        files.append(tmp_path / name)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    sides = event_gap.Comparison(scratch)
    sides.read_sent(files[0])
    sides.read_applied(files[1])
    found = event_gap.compare(sides, *event_gap.span(sides), int(late_seconds * 1000))
    return found | {"skipped": sides.skipped}


def csv(times: dict[int, str]) -> str:
    """The applied side as a CSV with a head."""
    return "event_id,applied_at\n" + "\n".join(f"evt_{n:03d},{at}" for n, at in times.items())


def test_missing_twice_and_late_are_told_apart(tmp_path: Path) -> None:
    """One of each, in one comparison, and the others are well."""
    rows = csv({n: f"2026-01-31T03:{n:02d}:30+00:00" for n in range(9)} | {4: "2026-01-31 03:30:00+00"})
    found = compared(tmp_path, json.dumps(STRIPE), rows + "\nevt_002,2026-01-31T03:02:40+00:00")
    assert found["missing_events"] == ["evt_009"]
    assert found["twice_events"] == ["evt_002"]
    assert found["late_events"] == ["evt_004"]
    assert found["unknown_to_stripe"] == 0


@pytest.mark.parametrize(
    "shape",
    [
        json.dumps(STRIPE),
        json.dumps({"count": 10, "events": STRIPE}),
        json.dumps({"object": "list", "url": "/v1/events", "has_more": False, "data": STRIPE}, indent=2),
        "\n".join(map(json.dumps, STRIPE)),
        "\r\n".join(map(json.dumps, STRIPE)) + "\r\n",
        "\ufeff" + json.dumps(STRIPE),
        json.dumps([each | {"created_at": None, "created": 1769828400 + n} for n, each in enumerate(STRIPE)]),
    ],
)
def test_stripes_side_may_have_any_shape(tmp_path: Path, shape: str) -> None:
    """A list, stripectl's object, Stripe's own list, lines, CRLF, a byte order mark, Unix seconds."""
    found = compared(tmp_path, shape, "evt_000\nevt_001\n")
    assert (found["stripe_events"], found["missing"], found["skipped"]) == (10, 8, 0)


def test_a_compressed_export_is_read(tmp_path: Path) -> None:
    """As it comes from an archive."""
    found = compared(tmp_path, gzip.compress(json.dumps(STRIPE).encode()), "evt_000\n")
    assert found["stripe_events"] == 10


def test_what_happened_after_the_list_was_made_is_not_called_missing(tmp_path: Path) -> None:
    """Created after, accepted after, or under way: too new to tell."""
    stripe = [
        *STRIPE[:7],
        STRIPE[7] | {"state": "sending"},
        STRIPE[1] | {"id": "evt_x", "last_attempt_at": "2026-01-31T03:08:00Z"},
    ]
    found = compared(tmp_path, json.dumps(stripe), "# as of 2026-01-31T03:05:30+00:00\nevt_000\n")
    assert (found["missing"], found["too_new_to_tell"]) == (5, 3)


def test_what_was_accepted_in_the_second_of_the_list_is_not_called_missing(tmp_path: Path) -> None:
    """Stripe cuts the fraction off: 03:05:30 may be after a list of 03:05:30.2; a second earlier is before it."""
    stripe = [
        STRIPE[0] | {"last_attempt_at": "2026-01-31T03:05:30Z"},
        STRIPE[1] | {"last_attempt_at": "2026-01-31T03:05:29Z"},
    ]
    found = compared(tmp_path, json.dumps(stripe), "# as of 2026-01-31T03:05:30.200000+00:00\nevt_999\n")
    assert (found["missing"], found["too_new_to_tell"]) == (1, 1)


@pytest.mark.parametrize("state", ["failed", "pending"])
def test_what_was_never_accepted_is_missing_however_new_it_is(tmp_path: Path, state: str) -> None:
    """Refused in the very second of the list, or after it: no newer list can hold it."""
    stripe = [
        STRIPE[5] | {"state": state, "last_attempt_at": "2026-01-31T03:05:00Z"},
        STRIPE[6] | {"state": state, "last_attempt_at": "2026-01-31T03:06:00Z"},
    ]
    found = compared(tmp_path, json.dumps(stripe), "# as of 2026-01-31T03:05:00.900000+00:00\nevt_999\n")
    assert (found["missing"], found["too_new_to_tell"]) == (2, 0)


def test_a_list_without_instants_says_that_lateness_is_unknown(tmp_path: Path) -> None:
    """Null, not zero."""
    assert compared(tmp_path, json.dumps(STRIPE), "evt_000\n")["late"] is None


def test_clocks_that_differ_are_told(tmp_path: Path) -> None:
    """Applied two minutes before it was created: one of the two clocks is wrong."""
    found = compared(tmp_path, json.dumps(STRIPE), csv({5: "2026-01-31T03:02:59Z"}))
    assert (found["applied_before_created"], found["late"]) == (1, 0)


def test_zones_are_respected(tmp_path: Path) -> None:
    """08:35 in India is 03:05 UTC: not late."""
    assert compared(tmp_path, json.dumps(STRIPE), csv({5: "2026-01-31T08:35:10+05:30"}))["late"] == 0


def test_malformed_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    """A half line in the middle, an id of another kind, a formula, a date that does not exist."""
    rubbish = [
        '{"id": "evt_1", "crea',
        '{"id": "cus_1", "created": 1769828400}',
        '{"id": "evt_2", "created_at": "2026-02-31T00:00:00Z"}',
    ]
    stripe = "\n".join([json.dumps(STRIPE[0]), *rubbish, json.dumps(STRIPE[1])])
    found = compared(tmp_path, stripe, "evt_000\n=cmd|'/c calc'!A1\n")
    assert (found["stripe_events"], found["missing_events"], found["skipped"]) == (2, ["evt_001"], 4)


@pytest.mark.parametrize(
    "text", ["", " \n", '{"events": [{"id": "evt_1", "created": 1}', "[", '[{"id": "evt_1"} nonsense ]']
)
def test_an_export_that_is_not_whole_is_refused(tmp_path: Path, text: str) -> None:
    """From half a list nobody can tell what is missing."""
    with pytest.raises(ValueError, match="Export it again"):
        compared(tmp_path, text, "evt_000\n")


def test_a_list_larger_than_one_block_is_read_entry_by_entry(tmp_path: Path) -> None:
    """Entries that lie across the borders of blocks are whole, and nothing is read twice."""
    entries = [
        {"id": f"evt_{n}", "created": 1769828400, "note": "é" * 40 + "]},{[" + '"\\'} for n in range(20_000)
    ]
    (tmp_path / "big.json").write_text(json.dumps({"events": entries}, ensure_ascii=False))
    assert list(Export(tmp_path / "big.json").entries()) == entries


def test_one_endless_entry_does_not_fill_memory(tmp_path: Path) -> None:
    """An entry that never ends is refused after a bounded read."""
    (tmp_path / "endless.json").write_text('[{"id": "' + "x" * (LARGEST_ENTRY + 2_000_000))
    with pytest.raises(ValueError, match="Export it again"):
        list(Export(tmp_path / "endless.json").entries())


def test_the_practice_companys_lists_are_understood(call_key: Any, tmp_path: Path) -> None:
    """Through `keys call`, with the example that the KEY ships."""
    examples = Path(event_gap.__file__).parent / "examples"
    result = call_key(
        "python-webhook-event-gap", stripe_events=examples / "events.json", applied=examples / "applied.txt"
    ).result
    assert result == json.loads((examples / "result.json").read_text())


def test_instants_are_read_as_they_are_written() -> None:
    """Formats, zones, and what is none."""
    zone, latest = instants.zone("Europe/Berlin"), instants.moment("2026-03-01T00:00:00Z", 0)
    expected = SimpleNamespace(utc=1769828415926, berlin=1769824815000)
    for text in (
        "2026-01-31T03:00:15.926Z",
        "2026-01-31 04:00:15,926+01:00",
        "2026/01/31 08:30:15.926 +0530",
        "1769828415.926",
        "1769828415926",
    ):
        assert instants.read(text, zone, latest) == (expected.utc, False), text
    for text in ("2026-01-31 03:00:15", "Jan 31 03:00:15 host x"):
        assert instants.read(text, zone, latest) == (expected.berlin, True), text
    for text in (
        "",
        "x",
        "2026-02-30T00:00:00Z",
        "31/Foo/2026:00:00:00 +0000",
        "2026-01-31T03:00:00+99:99",
        "123",
    ):
        assert instants.read(text, zone, latest) is None, text


def test_clocks_that_differ_by_seconds_hide_no_loss(tmp_path: Path) -> None:
    """Accepted before the list was made, although Stripe's clock calls it created after: it is missing."""
    stripe = [STRIPE[0] | {"created_at": "2026-01-31T03:00:04Z", "last_attempt_at": "2026-01-31T03:00:01Z"}]
    found = compared(tmp_path, json.dumps(stripe), "# as of 2026-01-31T03:00:02Z\nevt_999\n")
    assert (found["missing"], found["too_new_to_tell"]) == (1, 0)
