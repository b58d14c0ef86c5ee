"""The webhook event analysis on logs as they really are."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import log_lines
import pytest
import webhook_answer
import webhook_events
from webhook_records import CRASH, DEPENDENCY, SIGNATURE, UNKNOWN

NOW = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
REFUSED = "ERROR signature verification failed: no v1 signature matches this endpoint's secret 400"


def stamp(seconds: float) -> str:
    """An instant `seconds` before NOW, as the practice company writes it."""
    return (NOW - timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def healthy(seconds: float, number: int = 0) -> str:
    """The line of an applied event."""
    return f"{stamp(seconds)} INFO evt_1Larkspur{number:06d} invoice.paid applied 200"


def analysed(path: Path, text: str | bytes, **options: Any) -> dict[str, Any]:
    """The result for a log with this content."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    asked = {"hours": 24.0, "until": "", "zone_name": "UTC", "now_ms": NOW_MS} | options
    return webhook_answer.result(webhook_events.count(path, **asked))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a log lies."""
    return tmp_path / "webhook.log"


def test_the_beginning_of_failing_is_the_first_failure_after_the_change(log: Path) -> None:
    """A hundred accepted deliveries, then thirty refused: it began with the first of the thirty, clearly, and goes on."""
    lines = [healthy(3600 - n * 10, n) for n in range(100)] + [
        f"{stamp(600 - n)} {REFUSED}" for n in range(30)
    ]
    found = analysed(log, "\n".join(lines))
    assert found["began_at"] == "2026-01-31T03:50:00+00:00"
    assert (found["began_certainty"], found["is_ongoing"], found["main_cause"]) == ("clear", True, SIGNATURE)
    assert found["failure_rate"] == pytest.approx(30 / 130, abs=1e-4)
    assert found["failure_rate_low"] < found["failure_rate"] < found["failure_rate_high"]


def test_an_incident_that_is_over_has_an_end(log: Path) -> None:
    """Failures in the middle of a working day: the stretch has a beginning and an end and is not ongoing."""
    lines = [healthy(7200 - n * 20, n) for n in range(360)]
    lines[150:200] = [
        f"{stamp(7200 - n * 20)} ERROR evt_9{n} invoice.paid handler crashed 500" for n in range(150, 200)
    ]
    found = analysed(log, "\n".join(lines))
    assert not found["is_ongoing"]
    assert found["began_at"] == "2026-01-31T02:50:00+00:00"
    assert "03:06" <= found["ended_at"][11:16] <= "03:08"
    assert found["failure_rate_outside"] == 0.0


def test_failures_spread_evenly_have_no_beginning(log: Path) -> None:
    """A constant rate of one in ten is a background, not a change."""
    lines = [
        f"{stamp(7200 - n * 10)} {REFUSED}" if n % 10 == 0 else healthy(7200 - n * 10, n) for n in range(700)
    ]
    assert analysed(log, "\n".join(lines))["began_certainty"] == "none"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{stamp(9)} {REFUSED}", SIGNATURE),
        (f"{stamp(9)} ERROR evt_1 invoice.paid handler crashed 500", CRASH),
        (f"{stamp(9)} ERROR evt_1 invoice.paid not applied, database: read-only transaction 503", DEPENDENCY),
        (
            f'{{"time":"{stamp(9)}","level":"error","event_id":"evt_1","type":"invoice.paid","status":502}}',
            DEPENDENCY,
        ),
        (
            '{"ts":1769831990,"msg":"Webhook signature verification failed","status":400,"path":"/webhook"}',
            SIGNATURE,
        ),
        (f'time={stamp(9)} level=error msg="TypeError: x is undefined" event=evt_1 status=500', CRASH),
        (
            '10.0.0.9 - - [31/Jan/2026:03:59:51 +0000] "POST /webhooks/stripe HTTP/1.1" 500 12 "-" "Stripe/1.0"',
            CRASH,
        ),
        (
            '10.0.0.9 - - [31/Jan/2026:04:59:51 +0100] "POST /webhooks/stripe HTTP/1.1" 400 12 "-" "-"',
            UNKNOWN,
        ),
        ("2026-01-31 03:59:51,120 ERROR stripe webhook failed: connection refused", DEPENDENCY),
        ("Jan 31 03:59:51 web1 app[7]: ERROR evt_1 handler crashed: KeyError", CRASH),
        (
            f'{stamp(9)} stdout F {{"event":{{"id":"evt_1","type":"invoice.paid"}},"http":{{"status":301}}}}',
            UNKNOWN,
        ),
    ],
)
def test_a_failure_is_classed_whatever_the_format(log: Path, line: str, expected: str) -> None:
    """Text, JSON, nested JSON, key=value, access log, syslog, container prefix: one failure, of the right class, at once."""
    found = analysed(log, line)
    assert (found["failures"], found["main_cause"]) == (1, expected)
    assert found["last_failure_at"].startswith("2026-01-31T03:59:5")


def test_no_delivery_is_not_the_same_as_no_failure(log: Path) -> None:
    """An empty log has no failure rate: null, so that no condition takes it for zero."""
    found = analysed(log, "")
    assert (found["deliveries"], found["failure_rate"], found["main_cause"]) == (0, None, "none")
    assert "not the same" in found["answer"]


def test_probes_and_pings_are_no_deliveries(log: Path) -> None:
    """What an operator sends to look does not change the failure rate."""
    lines = [
        healthy(60),
        f"{stamp(50)} WARNING refused a request without Stripe-Signature 400",
        f"{stamp(40)} ERROR evt_test_1 v2.core.event_destination.ping not applied, database: gone 503",
        f"{stamp(30)} INFO evt_test_2 v2.core.event_destination.ping ping 200",
    ]
    found = analysed(log, "\n".join(lines))
    assert (found["deliveries"], found["failures"], found["unsigned_requests"], found["pings"]) == (
        1,
        0,
        1,
        2,
    )


def test_accepted_and_ignored_events_are_counted(log: Path) -> None:
    """A release that answers 200 and drops events shows as ignored deliveries."""
    lines = [healthy(90), f"{stamp(60)} INFO evt_2 invoice.paid ignored 200"]
    assert analysed(log, "\n".join(lines))["ignored"] == 1


def test_a_line_sent_twice_by_a_shipper_counts_once(log: Path) -> None:
    """The same event in the same millisecond is one delivery; two refused signatures are two."""
    lines = [healthy(60), healthy(60), f"{stamp(30)} {REFUSED}", f"{stamp(30)} {REFUSED}"]
    found = analysed(log, "\n".join(lines))
    assert (found["accepted"], found["failures"]) == (1, 2)
    assert any("repeat" in note for note in found["notes"])


def test_byte_order_mark_crlf_and_broken_utf8_are_read(log: Path) -> None:
    """The three things that a log from elsewhere brings along."""
    text = (
        b"\xef\xbb\xbf"
        + healthy(60).encode()
        + b"\r\n"
        + f"{stamp(30)} {REFUSED} ".encode()
        + b"\xff\xfe\r\n"
    )
    found = analysed(log, text)
    assert (found["deliveries"], found["failures"], found["lines_left_out"]) == (2, 1, 0)


def test_gzip_is_read_and_a_cut_one_is_told(log: Path) -> None:
    """A whole archive gives the answer; a truncated one says so instead of giving half an answer."""
    whole = gzip.compress("\n".join(healthy(600 - n, n) for n in range(500)).encode())
    assert analysed(log, whole)["deliveries"] == 500
    with pytest.raises(ValueError, match="can't be read to its end"):
        analysed(log, whole[: len(whole) // 2])


def test_utf16_is_refused_with_the_mend(log: Path) -> None:
    """A log exported as UTF-16 is not read as rubbish."""
    with pytest.raises(ValueError, match="iconv"):
        analysed(log, healthy(60).encode("utf-16"))


def test_lines_from_the_future_are_left_out_and_told(log: Path) -> None:
    """One host whose clock is years ahead must not move the window away from the incident."""
    lines = [
        healthy(600),
        f"{stamp(300)} {REFUSED}",
        "2031-01-01T00:00:00.000Z INFO evt_7 invoice.paid applied 200",
    ]
    found = analysed(log, "\n".join(lines))
    assert (found["deliveries"], found["failures"], found["lines_left_out"]) == (2, 1, 1)
    assert any("future" in note for note in found["notes"])


def test_times_without_a_zone_are_read_in_the_zone_that_was_given(log: Path) -> None:
    """04:30 in Berlin is 03:30 UTC, and the result says that a zone was assumed."""
    found = analysed(log, "2026-01-31 04:30:00,000 ERROR evt_1 handler crashed", zone_name="Europe/Berlin")
    assert found["last_failure_at"] == "2026-01-31T03:30:00+00:00"
    assert any("time zone" in note for note in found["notes"])
    with pytest.raises(ValueError, match="no time zone"):
        analysed(log, "", zone_name="Mars/Olympus")


def test_only_the_window_counts(log: Path) -> None:
    """Failures of the day before yesterday are not today's."""
    lines = [f"{stamp(100_000)} {REFUSED}", healthy(60)]
    found = analysed(log, "\n".join(lines))
    assert (found["deliveries"], found["failures"]) == (1, 0)


@pytest.mark.parametrize("hours", [0, -1, float("nan"), 10_000])
def test_a_window_that_is_none_is_refused(log: Path, hours: float) -> None:
    """Zero, negative, no number, more than a year."""
    with pytest.raises(ValueError, match="hours"):
        analysed(log, "", hours=hours)


def test_rubbish_is_counted_not_fatal(log: Path) -> None:
    """Broken JSON, impossible dates, deep nesting, controls: left out, told, and the rest still counts."""
    rubbish = [
        '{"time": "2026-01-31T03:00:00Z", "status": 5',
        "2026-13-99T99:99:99Z ERROR evt_1 handler crashed 500",
        "[" * 5000,
        '{"a":' * 5000,
        "\x00\x1b[2J\x07<script>alert(1)</script>",
        "x" * 200_000,
        healthy(60),
    ]
    found = analysed(log, "\n".join(rubbish))
    assert (found["deliveries"], found["failures"]) == (1, 0)
    assert found["lines_left_out"] == 6


def test_what_happened_just_before_is_named(log: Path) -> None:
    """The start of a release right before the first crash is the first thing to look at."""
    lines = [healthy(600 - n, n) for n in range(60)]
    lines += [f"{stamp(300)} INFO started release=r42 pid=7"]
    lines += [
        f"{stamp(290 - n)} ERROR evt_8{n} invoice.paid handler crashed 500\n    Traceback:\n      x"
        for n in range(20)
    ]
    found = analysed(log, "\n".join(lines))
    assert found["before_it_began"] == {
        "at": "2026-01-31T03:55:00+00:00",
        "line": "INFO started release=r42 pid=7",
    }


def test_a_big_log_gives_the_same_numbers_as_a_small_one(log: Path) -> None:
    """The way for big logs counts equal lines together; it must not change one number."""
    lines = [healthy(3600 - n // 2, n) for n in range(6000)] + [
        f"{stamp(600 - n)} {REFUSED}" for n in range(300)
    ]
    exact = analysed(log, "\n".join(lines))
    traceback = "    " + "x" * 60_000
    big = "\n".join(f"{line}\n{traceback}" if n % 5 == 0 else line for n, line in enumerate(lines))
    assert len(big) > log_lines.BIG
    assert analysed(log, big) == exact


def test_a_log_that_begins_with_its_newest_line_is_read_as_well(log: Path) -> None:
    """Some exports are sorted the other way; the window ends at the newest line wherever it stands."""
    found = analysed(log, "\n".join(healthy(60 + n * 40, n) for n in range(50_000)), hours=8000)
    assert (found["deliveries"], found["window_end_at"]) == (50_000, "2026-01-31T03:59:00+00:00")


def test_memory_does_not_grow_with_the_log(log: Path) -> None:
    """A year of seconds fills no more buckets than are allowed, and no count is lost on the way."""
    lines = [healthy(n * 40, n) for n in range(50_000)]
    log.write_text("\n".join(lines))
    tally = webhook_events.count(log, 8000, "", "UTC", NOW_MS)
    assert len(tally.buckets) <= webhook_events.MOST_BUCKETS
    assert tally.deliveries == sum(sum(each.values()) for each in tally.buckets.values()) == 50_000
