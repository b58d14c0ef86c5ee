"""Asking a world's keeper."""

import json
import socket
from typing import Any

from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout

ANSWER_SECONDS = 60


def ask(layout: Layout, op: str, unit: str = "") -> dict[str, Any]:
    """Send one request (`status`, `start`, `stop`, `restart`, `run`, `shutdown`) and return the answer.

    Raises Unreachable when no keeper listens, PracticeError when it refuses.
    """
    request = json.dumps({"op": op, "unit": unit}).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(layout.keeper_socket))
            connection.sendall(request)
            with connection.makefile("rb") as stream:
                answer: dict[str, Any] = json.loads(stream.readline())
    except (OSError, ValueError) as problem:
        raise Unreachable(
            f"The keeper of {layout.folder} does not answer: {problem}. Is the world up?"
        ) from problem
    if not answer.pop("ok"):
        raise PracticeError(answer["error"])
    return answer


def unit_status(layout: Layout, unit: str) -> dict[str, Any]:
    """State, pid, since and exit_code of one unit."""
    status: dict[str, Any] = ask(layout, "status")["units"][unit]
    return status
