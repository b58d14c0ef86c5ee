"""JSON Web Tokens signed with HS256 (RFC 7515, 7519), as far as the letters rooms need them."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

HEADER = {"alg": "HS256", "typ": "JWT"}

Claims = dict[str, Any]


class TokenRefused(Exception):
    """The token is not ours, was changed, or is over. The message says which."""


def sign(claims: Claims, secret: str) -> str:
    """The token for these claims."""
    signed = f"{_part(HEADER)}.{_part(claims)}"
    return f"{signed}.{_encode(_signature(signed, secret))}"


def verify(token: str, secret: str) -> Claims:
    """The claims of a token that we signed and that is not over. Raises TokenRefused."""
    signed, _, signature = token.rpartition(".")
    try:
        # The header first: a token may not choose its own algorithm.
        if _decoded(signed.partition(".")[0]).get("alg") != "HS256":
            raise TokenRefused("the token is not signed with HS256")
        is_ours = hmac.compare_digest(_bytes(signature), _signature(signed, secret))
        claims = _decoded(signed.partition(".")[2])
    except ValueError as problem:
        raise TokenRefused("the token can't be read") from problem
    if not is_ours:
        raise TokenRefused("the signature is wrong")
    if claims.get("exp", 0) <= time.time():
        raise TokenRefused("the token is over")
    return claims


def peek(token: str) -> Claims:
    """The claims of a token, unverified. Raises TokenRefused when there are none."""
    try:
        return _decoded(token.split(".")[1])
    except (ValueError, IndexError) as problem:
        raise TokenRefused("the token can't be read") from problem


def _signature(signed: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)


def _part(content: Claims) -> str:
    return _encode(json.dumps(content, separators=(",", ":")).encode())


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _decoded(text: str) -> Claims:
    content = json.loads(_bytes(text))
    if not isinstance(content, dict):
        raise ValueError("no object")
    return content
