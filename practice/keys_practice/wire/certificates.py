"""Certificates for the wire, made without any other program: X.509 (RFC 5280) over ECDSA P-256 (FIPS 186-5).

Good for practice only: nothing here is hardened against somebody who measures time.
"""

import base64
import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_ECDSA_SHA256 = "2a8648ce3d040302"
_EC_PUBLIC_KEY, _P256 = "2a8648ce3d0201", "2a8648ce3d030107"
_COMMON_NAME = "550403"
_SUBJECT_KEY, _KEY_USAGE, _ALT_NAME, _CONSTRAINTS, _AUTHORITY_KEY = (
    "551d0e",
    "551d0f",
    "551d11",
    "551d13",
    "551d23",
)
LOOPBACK = b"\x7f\x00\x00\x01"

Point = tuple[int, int]


class Identity(NamedTuple):
    """A name, its secret number, and its certificate (DER)."""

    name: str
    secret: int
    certificate: bytes

    def pem(self, with_key: bool) -> str:
        """The certificate, and the key too for whoever presents it, as text."""
        key = _pem("EC PRIVATE KEY", _key(self.secret)) if with_key else ""
        return key + _pem("CERTIFICATE", self.certificate)


def authority(name: str, begins_at: datetime, ends_at: datetime) -> Identity:
    """One that signs others, valid between two instants (UTC)."""
    secret = _fresh()
    extensions = [
        _extension(_CONSTRAINTS, _der(0x30, _der(0x01, b"\xff")), is_critical=True),
        _extension(_KEY_USAGE, _der(0x03, b"\x02\x04"), is_critical=True),
        _extension(_SUBJECT_KEY, _der(0x04, _key_id(secret))),
    ]
    return _issue(name, secret, (begins_at, ends_at), extensions, name, secret)


def server(name: str, begins_at: datetime, ends_at: datetime, signer: Identity) -> Identity:
    """A server on 127.0.0.1 that `signer` vouches for, valid between two instants (UTC)."""
    secret = _fresh()
    extensions = [
        _extension(_KEY_USAGE, _der(0x03, b"\x07\x80"), is_critical=True),
        _extension(_ALT_NAME, _der(0x30, _der(0x87, LOOPBACK))),
        _extension(_SUBJECT_KEY, _der(0x04, _key_id(secret))),
        _extension(_AUTHORITY_KEY, _der(0x30, _der(0x80, _key_id(signer.secret)))),
    ]
    return _issue(name, secret, (begins_at, ends_at), extensions, signer.name, signer.secret)


def _issue(
    name: str,
    secret: int,
    validity: tuple[datetime, datetime],
    extensions: list[bytes],
    signer: str,
    signing: int,
) -> Identity:
    algorithm = _der(0x30, _oid(_ECDSA_SHA256))
    body = _der(
        0x30,
        _der(0xA0, _integer(2)),
        _integer(secrets.randbits(120) | 1),
        algorithm,
        _name(signer),
        _der(0x30, *map(_instant, validity)),
        _name(name),
        _der(0x30, _der(0x30, _oid(_EC_PUBLIC_KEY), _oid(_P256)), _bits(_public(secret))),
        _der(0xA3, _der(0x30, *extensions)),
    )
    return Identity(name, secret, _der(0x30, body, algorithm, _bits(_sign(signing, body))))


def _sign(secret: int, message: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    nonce = _fresh()
    first = _times(nonce)[0] % _ORDER
    second = pow(nonce, -1, _ORDER) * (digest + first * secret) % _ORDER
    return _der(0x30, _integer(first), _integer(second))


def _fresh() -> int:
    return secrets.randbelow(_ORDER - 1) + 1


def _times(scalar: int) -> Point:
    """`scalar` times the base point, by doubling and adding."""
    result: Point | None = None
    step = _G
    while scalar:
        if scalar & 1:
            result = step if result is None else _add(result, step)
        step = _add(step, step)
        scalar >>= 1
    assert result is not None  # the scalar is at least 1
    return result


def _add(one: Point, other: Point) -> Point:
    if one == other:
        slope = 3 * (one[0] * one[0] - 1) * pow(2 * one[1], -1, _P) % _P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P) % _P
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _public(secret: int) -> bytes:
    x, y = _times(secret)
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def _key(secret: int) -> bytes:
    """RFC 5915."""
    return _der(
        0x30,
        _integer(1),
        _der(0x04, secret.to_bytes(32, "big")),
        _der(0xA0, _oid(_P256)),
        _der(0xA1, _bits(_public(secret))),
    )


def _key_id(secret: int) -> bytes:
    return hashlib.sha1(_public(secret), usedforsecurity=False).digest()


def _extension(oid: str, value: bytes, is_critical: bool = False) -> bytes:
    critical = _der(0x01, b"\xff") if is_critical else b""
    return _der(0x30, _oid(oid), critical, _der(0x04, value))


def _name(common: str) -> bytes:
    return _der(0x30, _der(0x31, _der(0x30, _oid(_COMMON_NAME), _der(0x0C, common.encode()))))


def _instant(at: datetime) -> bytes:
    return _der(0x17, at.strftime("%y%m%d%H%M%SZ").encode())


def _oid(hexadecimal: str) -> bytes:
    return _der(0x06, bytes.fromhex(hexadecimal))


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _der(0x03, b"\x00" + content)


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _pem(label: str, content: bytes) -> str:
    text = base64.b64encode(content).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
