"""Secrets never come out of the masker, and nothing else is touched by it."""

from __future__ import annotations

import base64
import html
import json
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.errors import RefusedInput
from runbook_keys.executors.masking import Masker, mask_text
from runbook_keys.executors.secret_forms import forms

SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=8, max_size=60).filter(
    lambda text: len(text.encode()) >= 8 and text.strip() == text
)
NOISE = st.binary(max_size=80)
AWKWARD = """p@$s 'wo"rd\\/<&>%+~`!é"""


def b64(data: bytes) -> bytes:
    """As `base64` without wrapping prints it."""
    return base64.standard_b64encode(data)


FORMS: dict[str, Callable[[str], bytes]] = {
    "raw": lambda s: s.encode(),
    "hex": lambda s: s.encode().hex().encode(),
    "HEX": lambda s: s.encode().hex().upper().encode(),
    "url": lambda s: quote(s, safe="").encode(),
    "url path": lambda s: quote(s).encode(),
    "url query": lambda s: quote_plus(s).encode(),
    "url, all bytes, lower": lambda s: "".join(f"%{b:02x}" for b in s.encode()).encode(),
    "json": lambda s: json.dumps(s).encode(),
    "json in UTF-8": lambda s: json.dumps(s, ensure_ascii=False).encode(),
    "json in json": lambda s: json.dumps(json.dumps({"a": s})).encode(),
    "html": lambda s: html.escape(s).encode(),
    "html text": lambda s: html.escape(s, quote=False).encode(),
    "shell": lambda s: shlex.quote(s).encode(),
    "dollars doubled": lambda s: s.replace("$", "$$").encode(),
    "python": lambda s: repr(s).encode(),
    "base64": lambda s: b64(s.encode()),
    "base64 after 1": lambda s: b64(b"x" + s.encode() + b"yz"),
    "base64 after 2": lambda s: b64(b"xy" + s.encode() + b"z"),
    "base64url after 3": lambda s: base64.urlsafe_b64encode(b"xyz" + s.encode() + b"z"),
    "base64 of a line": lambda s: base64.encodebytes(b"user:" + s.encode() + b"\n"),
    "base64 at 64": lambda s: wrapped(b64(b"x" * 50 + s.encode()), 64, b"\r\n"),
    "raw at 5": lambda s: wrapped(s.encode(), 5, b"\n"),
}


def wrapped(data: bytes, columns: int, line_break: bytes) -> bytes:
    """`data` in lines of so many columns."""
    return line_break.join(data[i : i + columns] for i in range(0, len(data), columns))


def masked(data: bytes, secrets: dict[str, str], sizes: list[int]) -> bytes:
    """`data` through a masker in chunks of these sizes, over and over."""
    masker, given_out, at, nth = Masker(secrets), b"", 0, 0
    while at < len(data):
        size = sizes[nth % len(sizes)]
        given_out += masker.feed(data[at : at + size])
        at, nth = at + size, nth + 1
    return given_out + masker.flush()


def leaks(given_out: bytes, secret: str) -> list[bytes]:
    """The forms of the secret that can still be read, also across line breaks."""
    joined = given_out.translate(None, b"\r\n")
    return [form for form in forms(secret.encode()) if form in joined]


@given(secret=SECRETS, form=st.sampled_from(sorted(FORMS)), before=NOISE, after=NOISE, sizes=st.lists(st.integers(1, 40), min_size=1))  # fmt: skip
def test_a_secret_never_comes_out_in_any_form_whatever_the_chunks(
    secret: str, form: str, before: bytes, after: bytes, sizes: list[int]
) -> None:
    """Any secret, encoded in any way, between any bytes, in any chunks, is gone."""
    data = before + FORMS[form](secret) + after
    out = masked(data, {"TOKEN": secret}, sizes)
    assert leaks(out, secret) == []
    assert b"[secret TOKEN]" in out


@pytest.mark.parametrize("form", sorted(FORMS))
def test_each_form_is_replaced_by_the_name(form: str) -> None:
    """A secret with every awkward character is found in each encoding, one byte at a time."""
    out = masked(b"before " + FORMS[form](AWKWARD) + b" after", {"TOKEN": AWKWARD}, [1])
    assert b"[secret TOKEN]" in out
    assert out.startswith(b"before ")
    assert out.endswith(b" after")


@given(data=st.binary(max_size=500), secret=SECRETS, sizes=st.lists(st.integers(1, 60), min_size=1))
def test_bytes_without_a_secret_pass_unchanged(data: bytes, secret: str, sizes: list[int]) -> None:
    """Whatever holds no form of a secret is given out byte for byte."""
    if leaks(data, secret):
        return
    assert masked(data, {"TOKEN": secret}, sizes) == data


@given(parts=st.lists(st.sampled_from([b"abab", b"abababab", b"ba", b"\n", b"x", b"\r\n", b"abcabcab"]), max_size=30), size=st.integers(1, 9))  # fmt: skip
def test_overlapping_and_repeating_secrets_leave_nothing_behind(parts: list[bytes], size: int) -> None:
    """Secrets that overlap themselves and each other are covered as a whole, in any chunks, the same way."""
    secrets = {"ONE": "abababab", "TWO": "babacabc", "THREE": "abcabcab"}
    data = b"".join(parts)
    whole = masked(data, secrets, [len(data) or 1])
    assert masked(data, secrets, [size]) == whole
    assert not any(leaks(whole, secret) for secret in secrets.values())


def test_text_around_a_secret_keeps_its_lines() -> None:
    """Only line breaks inside a secret go; those before and after it stay."""
    out = masked(b"one\ntop-secret-1\ntop-sec\nret-1\r\ntwo\n", {"T": "top-secret-1"}, [1])
    assert out == b"one\n[secret T]\n[secret T]\r\ntwo\n"


def test_what_can_be_no_secret_is_given_out_at_once() -> None:
    """A progress line is not held back; only what may be the start of a secret is."""
    masker = Masker({"T": "top-secret-1"})
    assert masker.feed(b"waiting ... ") == b"waiting ... "
    assert masker.feed(b"top-sec") == b""
    assert masker.feed(b"onds") == b"top-seconds"


def test_an_endless_run_of_a_repeating_secret_is_held_in_constant_memory() -> None:
    """A flood that matches at every byte is one replacement and a few bytes held back."""
    masker = Masker({"T": "a" * 30})
    given_out = b"".join(masker.feed(b"a" * 1000) for _ in range(50))
    assert given_out == b"[secret T]"
    assert masker.flush() == b""


def test_each_long_line_of_a_key_file_is_a_secret() -> None:
    """One line of a secret of several lines gives it away as well."""
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQ\n-----END KEY-----\n"
    out = masked(b"second line: BKcwggSjAgEAAoIBAQ.", {"KEY": key}, [7])
    assert out == b"second line: [secret KEY]."


@pytest.mark.parametrize("short", ["", "1234567", "1234567\n", "\n\n\n\n\n\n\n\n\n"])
def test_a_secret_under_eight_bytes_is_refused(short: str) -> None:
    """It could not be told from ordinary text, so the masker does not pretend."""
    with pytest.raises(RefusedInput, match="PIN is shorter than 8 bytes"):
        Masker({"PIN": short})


def test_whole_texts_are_masked_too() -> None:
    """Messages and rows go through the same search."""
    secrets = {"URL": "postgres://app:hunter2hunter2@db/app"}
    text = "can't reach postgres://app:hunter2hunter2@db/app: é"
    assert mask_text(text, secrets) == "can't reach [secret URL]: é"
