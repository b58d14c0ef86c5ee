"""Stripe's signature: who may speak to the webhook service."""

import pytest

from keys_practice.signature import SignatureError, sign, verify

SECRET, OTHER = "whsec_right", "whsec_wrong"
BODY = b'{"id": "evt_1"}'
NOW = 1_700_000_000
GOOD = sign(SECRET, BODY, NOW)
V1 = GOOD.partition(",v1=")[2]
OTHER_V1 = sign(OTHER, BODY, NOW).partition(",v1=")[2]


def test_the_signature_is_the_published_scheme() -> None:
    """The header is `t`, and HMAC-SHA256 over `t.body` with the whole secret, here as openssl computes it."""
    assert sign("whsec_test", b"{}", 12345) == (
        "t=12345,v1=f7d0d6f2476273381fa231a8ba13a821a0c87029e7b1bfae51e93d0240fb7c32"
    )


@pytest.mark.parametrize(
    ("header", "age"),
    [
        (GOOD, 0),
        (GOOD, 300),
        (GOOD, -300),
        (f"t={NOW},v1={OTHER_V1},v1={V1}", 0),
        (f"t={NOW},v1={V1},v1={OTHER_V1}", 0),
        (f"t={NOW},v0=legacy,v1={V1}", 0),
        (f"v1={V1}, t={NOW}", 0),
    ],
    ids=["fresh", "oldest", "fast clock", "second v1", "first v1", "other schemes", "other order"],
)
def test_a_right_signature_is_accepted(header: str, age: int) -> None:
    """Any v1 that fits counts, within five minutes either way."""
    verify(SECRET, BODY, header, NOW + age)


@pytest.mark.parametrize(
    ("header", "body", "age", "words"),
    [
        (sign(OTHER, BODY, NOW), BODY, 0, "matches"),
        (GOOD, BODY + b" ", 0, "matches"),
        (GOOD, b"", 0, "matches"),
        (GOOD.replace(f"t={NOW}", f"t={NOW + 1}"), BODY, 0, "matches"),
        (GOOD, BODY, 301, "301 s off"),
        (GOOD, BODY, -301, "-301 s off"),
        (f"t={NOW},v1={OTHER_V1},v1=é", BODY, 0, "matches"),
        (f"t={NOW},v0={V1}", BODY, 0, "matches"),
        (f"t={NOW}", BODY, 0, "matches"),
        (f"v1={V1}", BODY, 0, "no timestamp"),
        (f"t={NOW},t={NOW},v1={V1}", BODY, 0, "no timestamp"),
        (f"t=-1,v1={V1}", BODY, 0, "no timestamp"),
        (f"t=٣,v1={V1}", BODY, 0, "no timestamp"),
        (f"t={'9' * 5000},v1={V1}", BODY, 0, "no timestamp"),
        ("", BODY, 0, "no timestamp"),
    ],
    ids=[
        "another secret",
        "tampered body",
        "empty body",
        "moved timestamp",
        "stale",
        "from the future",
        "several wrong",
        "only v0",
        "no v1",
        "no t",
        "two t",
        "negative t",
        "t in other digits",
        "endless t",
        "empty header",
    ],
)
def test_a_wrong_signature_is_refused(header: str, body: bytes, age: int, words: str) -> None:
    """Whatever is wrong with it, the refusal says what."""
    with pytest.raises(SignatureError, match=words):
        verify(SECRET, body, header, NOW + age)
