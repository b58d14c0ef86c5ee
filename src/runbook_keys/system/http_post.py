"""One POST to one address, with the standard library alone: no redirect, no proxy, no cookie, and not without end.

`http.client` takes 20 ms to load, so it is loaded with the first call: most commands ask nobody.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runbook_keys.errors import AnchorUnavailable

if TYPE_CHECKING:
    from http.client import HTTPConnection

MOST_BYTES = 1 << 16


def post(url: str, body: bytes, kind: str, seconds: float) -> bytes:
    """The body of the answer 200. `kind` is the content type of `body`; each wait on the network ends after `seconds`.

    Raises AnchorUnavailable in an operator's words. Whoever can't wait for a server that drips calls it `within` a time.
    """
    from http.client import OK, HTTPException

    connection = _connection(url, seconds)
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": kind, "Accept": "*/*", "Connection": "close", "User-Agent": "runbook-keys"}
    try:
        with closing(connection):
            connection.request("POST", path, body, headers)
            with connection.getresponse() as answer:
                content = answer.read(MOST_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise AnchorUnavailable(f"{url} can't be reached: {why}.") from error
    if answer.status != OK:
        more = " Redirects are not followed." if 300 <= answer.status < 400 else ""
        raise AnchorUnavailable(f"{url} answered {answer.status}.{more}")
    if len(content) > MOST_BYTES:
        raise AnchorUnavailable(f"{url} answered more than {MOST_BYTES >> 10} KiB. That is no time-stamp.")
    return content


def _connection(url: str, seconds: float) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AnchorUnavailable(f"{url} is no address: {error}.") from error
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise AnchorUnavailable(
            f"{url} is no address that KEYS asks. It must be http://HOST/… or https://HOST/…."
        )
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(host, port, timeout=seconds)
