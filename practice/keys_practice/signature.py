"""Stripe's webhook signature: `Stripe-Signature: t=UNIX_SECONDS,v1=HEX[,v1=HEX…]`.

v1 is HMAC-SHA256 over the bytes `t.body`, keyed with the whole secret (`whsec_…`) as text.
"""

import hashlib
import hmac

TOLERANCE_SECONDS = 300


class SignatureError(ValueError):
    """The request was not signed by who holds the secret, or not lately. The message says which."""


def sign(secret: str, body: bytes, at: int) -> str:
    """The header for `body`, signed at `at` (Unix seconds)."""
    return f"t={at},v1={_digest(secret, body, at)}"


def verify(secret: str, body: bytes, header: str, now: float) -> None:
    """Raise SignatureError unless a v1 of `header` fits `body` and t is within the tolerance of `now`."""
    at, offered = _parse(header)
    expected = _digest(secret, body, at)
    # No early exit: how many v1 there are is no secret, but which one fits might be.
    matches = [hmac.compare_digest(expected.encode(), each.encode()) for each in offered]
    if not any(matches):
        raise SignatureError("no v1 signature matches this endpoint's secret")
    if abs(now - at) > TOLERANCE_SECONDS:
        raise SignatureError(f"the timestamp is {now - at:.0f} s off, {TOLERANCE_SECONDS} s are allowed")


def _parse(header: str) -> tuple[int, list[str]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 16):
        raise SignatureError("the header has no timestamp")
    return int(times[0]), [value for name, _, value in pairs if name == "v1"]


def _digest(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
