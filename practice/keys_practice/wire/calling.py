"""Calling a dependency over the wire, and saying exactly how that went. Standard library only."""

import http.client
import json
import socket
import ssl
import time
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from keys_practice.wire.dependencies import Dependency

OK = 200


class Heard(NamedTuple):
    """What came of one call.

    `how` is answered, refused, unresolved (its name is not found), timed-out, reset, tls or garbled. `is_sent` is False only when the request surely never
    left: then nothing was done. `content` is the JSON that came, or None.
    """

    how: str
    ms: int
    status: int = 0
    content: Any = None
    retry_after_seconds: int | None = None
    is_sent: bool = True
    words: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it answered 200."""
        return self.how == "answered" and self.status == OK


def call(to: Dependency, method: str, path: str, body: Any = None, key: str | None = None) -> Heard:
    """Send one request on a connection of its own. Never raises for what the wire or the other side does."""
    began = time.monotonic()
    parts = urlsplit(to.url)
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=to.seconds, context=_trusting(to.ca_file)
    )
    is_sent = False
    try:
        connection.connect()
        is_sent = True
        headers = {"Authorization": f"Bearer {to.key}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        connection.request(method, path, json.dumps(body).encode() if body is not None else None, headers)
        return _heard(connection.getresponse(), began)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        # connect() ends with the TLS handshake: before that no request can have left.
        return Heard(_how(problem), _since(began), is_sent=is_sent, words=str(problem))
    finally:
        connection.close()


@lru_cache
def _trusting(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _heard(response: http.client.HTTPResponse, began: float) -> Heard:
    after = response.getheader("Retry-After") or ""
    text = response.read()
    try:
        content = json.loads(text)
    except ValueError:
        return Heard("garbled", _since(began), response.status)
    return Heard("answered", _since(began), response.status, content, int(after) if after.isdigit() else None)


def _how(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "tls"
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    if isinstance(problem, socket.gaierror):
        return "unresolved"
    if isinstance(problem, TimeoutError | socket.timeout):
        return "timed-out"
    return "reset" if isinstance(problem, OSError | http.client.RemoteDisconnected) else "garbled"


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
