"""One HTTP request to a service of the world."""

import http.client
import json
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from keys_practice.errors import Unreachable


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
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request(method, target, body or None, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.read().decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException) as problem:
        raise Unreachable(f"{url} did not answer: {_words(problem)}") from problem
    finally:
        connection.close()


def _words(problem: Exception) -> str:
    if isinstance(problem, ConnectionRefusedError):
        return "connection refused"
    if isinstance(problem, socket.timeout | TimeoutError):
        return "timed out"
    return str(problem) or type(problem).__name__
