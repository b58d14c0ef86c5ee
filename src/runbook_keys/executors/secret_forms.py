"""The byte strings under which one secret may turn up in output.

Everything here is free of CR and LF: the masker searches output with its line breaks taken out, so that a secret
wrapped at any column is found by the same search.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote_to_bytes

LINE_BREAKS = b"\r\n"
SHORTEST_BYTES = 8
_PASSWORD_IN_URL = re.compile(rb"\A[a-zA-Z][a-zA-Z0-9+.-]*://[^/@:\s]*:([^@\s]+)@")


def forms(secret: bytes) -> frozenset[bytes]:
    """All forms of `secret`, each at least `SHORTEST_BYTES` long; those of its long lines and of a password in it too."""
    lines = {line.strip() for line in secret.splitlines()} | {secret} | _passwords(secret)
    found = {
        form.translate(None, LINE_BREAKS) for line in lines if _is_long(line) for form in _forms_of(line)
    }
    return frozenset(form for form in found if len(form) >= SHORTEST_BYTES)


def _passwords(secret: bytes) -> set[bytes]:
    """The password inside a secret URL, as it is written and as it is meant."""
    written = {found[1] for found in _PASSWORD_IN_URL.finditer(secret)}
    return written | {unquote_to_bytes(password) for password in written}


def _is_long(text: bytes) -> bool:
    return len(text.translate(None, LINE_BREAKS)) >= SHORTEST_BYTES


def _forms_of(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield from _both_cases(secret.hex())
    yield from _base64_forms(secret)
    text = secret.decode("utf-8", "surrogateescape")
    for form in _text_forms(text):
        yield form.encode("utf-8", "surrogateescape")


def _both_cases(digits: str) -> tuple[bytes, bytes]:
    return digits.encode(), digits.upper().encode()


def _text_forms(text: str) -> Iterator[str]:
    yield from _url_forms(text)
    yield from _json_forms(text)
    yield from _html_forms(text)
    yield from _shell_forms(text)


def _url_forms(text: str) -> Iterator[str]:
    """Query and path quoting as browsers, curl and Python do it, with upper and lower case digits."""
    raw = text.encode("utf-8", "surrogateescape")
    quoted = [quote(raw, safe=safe) for safe in ("", "/", "!*'()", ";,/?:@&=+$-_.!~*'()#")]
    quoted.append(quote_plus(raw))
    quoted.append("".join(f"%{byte:02X}" for byte in raw))
    for form in quoted:
        yield form
        yield _with_lower_escapes(form, "%", 3)


def _with_lower_escapes(form: str, mark: str, length: int) -> str:
    """`form` with the `length` characters from each `mark` on in lower case."""
    first, *parts = form.split(mark)
    return first + "".join(mark + part[: length - 1].lower() + part[length - 1 :] for part in parts)


def _json_forms(text: str) -> Iterator[str]:
    """JSON and the string syntaxes like it: plain ASCII, UTF-8, `\\/`, and HTML-safe as Go writes it."""
    for is_ascii in (True, False):
        inner = json.dumps(text, ensure_ascii=is_ascii)[1:-1]
        yield inner
        yield inner.replace("/", "\\/")
        html_safe = inner.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
        yield html_safe
        yield html_safe.replace("'", "\\u0027")
    yield json.dumps(json.dumps(text))[3:-3]
    yield repr(text)[1:-1]
    yield repr(text.encode("utf-8", "surrogateescape"))[2:-1]


def _html_forms(text: str) -> Iterator[str]:
    escaped = html.escape(text, quote=False)
    for double in ('"', "&quot;", "&#34;", "&#x22;"):
        for single in ("'", "&#39;", "&#x27;", "&apos;"):
            yield escaped.replace('"', double).replace("'", single)


def _shell_forms(text: str) -> Iterator[str]:
    """Quoted for a shell, as `set -x` traces it, as `printf %q` prints it, and with `$` doubled for a second reader."""
    yield text.replace("$", "$$")
    yield text.replace("\\", "\\\\")
    yield text.replace("'", "\\'")
    yield text.replace("'", "'\\''")
    yield shlex.quote(text)
    yield _backslashed(text, '"$`\\')
    yield _backslashed(text, "'\\")
    yield _backslashed(
        text, "".join(c for c in map(chr, range(32, 127)) if not c.isalnum() and c not in "%+-./:=@_")
    )
    yield _backslashed(
        text, "".join(c for c in map(chr, range(32, 127)) if not c.isalnum() and c not in "_-./")
    )


def _backslashed(text: str, special: str) -> str:
    return "".join("\\" + c if c in special else c for c in text)


def _base64_forms(secret: bytes) -> Iterator[bytes]:
    """Standard and URL-safe, whole and as the part that stays the same at each alignment in a longer text."""
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        whole = encode(secret)
        yield whole
        yield whole.replace(b"=", b"%3D")
        yield encode(secret + b"\n")
        for shift in range(3):
            encoded = encode(bytes(shift) + secret)
            yield encoded[-(-shift * 8 // 6) : (shift + len(secret)) * 8 // 6]
