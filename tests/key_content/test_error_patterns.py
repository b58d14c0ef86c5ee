"""Error patterns of logs as they are: what is one pattern, what is new, and what must never be shown."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import error_patterns
import pytest
from error_lines import failing_words
from line_masks import alike, shown

NOW = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)


def stamp(minutes: float) -> str:
    """An instant so many minutes before NOW."""
    return (NOW - timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def mined(path: Path, text: str | bytes, since: str = "1h") -> dict[str, Any]:
    """The result for a log with this content."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return error_patterns.result(*error_patterns.mine(path, "UTC", int(NOW.timestamp() * 1000)), since)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where a log lies."""
    return tmp_path / "service.log"


def test_lines_that_say_the_same_are_one_pattern(log: Path) -> None:
    """Ids, numbers, addresses and mails differ; the pattern does not."""
    lines = [
        f"{stamp(90 - n)} ERROR order ord_9x{n:06d} of anna{n}@larkspur.example failed after {n * 7} ms at 10.0.0.{n}"
        for n in range(60)
    ]
    found = mined(log, "\n".join(lines))
    assert (found["patterns"], found["error_lines"]) == (1, 60)
    assert found["top"][0]["pattern"] == "ERROR order <id> of <email> failed after <number> ms at <ip>"


def test_words_that_differ_become_a_wildcard_and_other_sentences_do_not(log: Path) -> None:
    """`card declined` and `card expired` are one pattern of a long sentence; another sentence is another pattern."""
    lines = [
        f"{stamp(9)} ERROR could not charge the customer for plan {plan} in shop"
        for plan in ("gold", "silver", "tin")
    ]
    lines.append(f"{stamp(8)} ERROR queue is full and nobody takes from it at all")
    found = mined(log, "\n".join(lines))
    assert {row["pattern"]: row["count"] for row in found["top"]} == {
        "ERROR could not charge the customer for plan <*> in shop": 3,
        "ERROR queue is full and nobody takes from it at all": 1,
    }


def test_new_and_rising_are_told_apart(log: Path) -> None:
    """Seen never before; seen before and ten times as often; seen as ever."""
    lines = [f"{stamp(600 - n * 10)} ERROR steady failure" for n in range(60)]
    lines += [f"{stamp(600 - n * 60)} ERROR rising failure" for n in range(9)]
    lines += [f"{stamp(50 - n)} ERROR rising failure" for n in range(50)]
    lines += [f"{stamp(20 - n)} ERROR brand new failure" for n in range(5)]
    top = {row["pattern"]: row for row in mined(log, "\n".join(sorted(lines)))["top"]}
    assert [(row["is_new"], row["is_rising"]) for row in top.values()] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert list(top) == ["ERROR brand new failure", "ERROR rising failure", "ERROR steady failure"]


def test_a_log_without_a_before_calls_nothing_new(log: Path) -> None:
    """A log of ten minutes can't say what is new since an hour."""
    found = mined(log, f"{stamp(10)} ERROR x failed\n{stamp(1)} INFO fine")
    assert (found["can_tell_new"], found["new_patterns"], found["top"][0]["is_new"]) == (False, 0, None)


def test_a_traceback_belongs_to_its_line(log: Path) -> None:
    """Forty lines are one failure, named by the exception at their end."""
    trace = (
        "    Traceback (most recent call last):\n"
        + '      File "x.py", line 1\n' * 38
        + "    KeyError: 'price'\n"
    )
    found = mined(log, f"{stamp(5)} ERROR handler crashed 500\n{trace}{stamp(4)} INFO fine\n")
    assert found["error_lines"] == 1
    assert found["top"][0]["pattern"] == "ERROR handler crashed <number> | KeyError: 'price'"


@pytest.mark.parametrize(
    ("line", "is_failure"),
    [
        ("2026-01-31T03:00:00Z INFO 0 errors found, error budget fine", False),
        ("2026-01-31T03:00:00Z WARN fetch failed, trying again", False),
        ("2026-01-31T03:00:00Z FATAL out of memory", True),
        ("panic: runtime error: index out of range", True),
        ('{"level":"error","msg":"no route"}', True),
        ('{"level":50,"msg":"no route"}', True),
        ('{"level":30,"msg":"error budget fine"}', False),
        ('{"severity":"INFO","message":"failed over to b, as planned"}', False),
        ('1.2.3.4 - - [31/Jan/2026:03:00:00 +0000] "GET /error HTTP/1.1" 200 5', False),
        ('1.2.3.4 - - [31/Jan/2026:03:00:00 +0000] "GET /pay?token=abc HTTP/1.1" 502 5', True),
        ("2026-01-31 03:00:00,000 [E] connection failed", True),
        ("all is well", False),
    ],
)
def test_a_failure_is_what_the_line_calls_one(line: str, is_failure: bool) -> None:
    """The level decides where there is one, else the words; an access log by its status."""
    assert bool(failing_words(line)) is is_failure


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_Larkspur0123456789",
        "sk_live_Larkspur0123456789",
        "AKIAIOSFODNN7LARKSPUR"[:20],
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "hunter2hunter2",
        "c3VwZXJzZWNyZXQ=",
        "s3cr3tpass",
        "anna.berg+news@larkspur.example",
        "4242 4242 4242 4242",
        "+49 151 2345 6789",
        "203.0.113.77",
        "DE89 3704 0044 0532 0130 00",
    ],
)
def test_secrets_and_personal_data_are_never_shown(log: Path, secret: str) -> None:
    """Not in a pattern, not in an example, wherever they stand in a line."""
    around = {
        "hunter2hunter2": "password=hunter2hunter2",
        "c3VwZXJzZWNyZXQ=": "Authorization: Bearer c3VwZXJzZWNyZXQ=",
        "s3cr3tpass": "postgresql://owner:s3cr3tpass@db/app",
    }.get(secret, secret)
    found = mined(log, f"{stamp(5)} ERROR could not go on with {around} today")
    assert found["error_lines"] == 1
    assert secret not in repr(found)


def test_what_is_shown_can_do_no_harm_on_a_screen(log: Path) -> None:
    """Terminal escapes, line ends and bidirectional controls are visible dots; tags stay text for the report to escape."""
    text = shown("ERROR \x1b[2J\x1b]0;owned\x07 \u202eevil\r\n<script>alert(1)</script> =1+1")
    assert text.isprintable()
    assert "<script>" in text


def test_masking_keeps_what_names_the_failure() -> None:
    """Words, types and codes stay; only what varies goes."""
    assert alike("TypeError: x_total of user_profile is v2") == "TypeError: x_total of user_profile is v2"
    assert alike("HTTP 503 after 2.5s") == "HTTP <number> after <number>s"


def test_hostile_lines_take_no_time_and_no_memory(log: Path) -> None:
    """Lines made to be slow, lines without end, a thousand kinds of failures: bounded patterns, every failure counted."""
    lines = [
        f"{stamp(5)} ERROR " + filler * 4000
        for filler in ("a@", "1.", "password=", "eyJ", "://a:", "+1 ", "{[", "0x1-")
    ]
    lines += [
        f"{stamp(4)} ERROR " + " ".join(f"w{n}{chr(97 + n % 26)}{m}x" for m in range(n % 9 + 2))
        for n in range(3000)
    ]
    found = mined(log, "\n".join(lines))
    assert found["error_lines"] == len(lines)
    assert found["patterns"] <= error_patterns.MOST_PATTERNS + 1


def test_a_log_that_is_no_text_is_survived(log: Path) -> None:
    """Random bytes with line ends between them."""
    assert mined(log, bytes(range(256)) * 4000)["lines"] > 4000


def test_empty_and_compressed_logs_are_read(log: Path) -> None:
    """Nothing is nothing; gzip is as good as text."""
    assert mined(log, "")["error_lines"] == 0
    assert mined(log, gzip.compress(f"{stamp(5)} ERROR x failed".encode()))["error_lines"] == 1
