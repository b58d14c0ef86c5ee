"""One HTTP request to a service of the world.

Over a plain socket: these services speak HTTP/1.0 on loopback, and for a command that lives for milliseconds importing
http.client takes longer than asking.
"""

import json
import socket
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from keys_practice.errors import Unreachable

LONGEST_LINE = 64 * 1024


class Answer(NamedTuple):
    """What a service answered."""

    status: int
    text: str

    def json(self) -> Any:
        """The body as JSON; None when it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def call(
    method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, seconds: float = 10
) -> Answer:
    """Send a request and read the whole answer. Raises Unreachable when there is none within `seconds`."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    if target.split() != [target] or not target.isascii():
        raise Unreachable(f"{url} is no address that can be asked for.")
    told = {"Host": parts.netloc, "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"{method} {target} HTTP/1.0", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    try:
        with socket.create_connection((parts.hostname, parts.port), seconds) as connection:
            connection.sendall("\r\n".join(lines).encode("latin-1") + body)
            with connection.makefile("rb") as stream:
                return _answer(stream)
    except (OSError, ValueError) as problem:
        raise Unreachable(f"{url} did not answer: {_words(problem)}") from problem


def _answer(stream: BinaryIO) -> Answer:
    """Raises ValueError when it is cut short, or is no answer at all."""
    protocol, status, *_ = stream.readline(LONGEST_LINE).split(None, 2) or (b"", b"")
    if not protocol.startswith(b"HTTP/"):
        raise ValueError("it closed the connection, or said something that is not HTTP")
    length = -1
    for line in iter(lambda: stream.readline(LONGEST_LINE).strip(), b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    content = stream.read(length)
    if len(content) < length:
        raise ValueError(f"{length - len(content)} bytes of its answer are missing")
    return Answer(int(status), content.decode("utf-8", "replace"))


def _words(problem: Exception) -> str:
    if isinstance(problem, ConnectionRefusedError):
        return "connection refused"
    if isinstance(problem, socket.timeout | TimeoutError):
        return "timed out"
    return str(problem) or type(problem).__name__
