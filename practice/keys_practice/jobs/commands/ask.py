"""Asking the department's services from a command."""

import json
import time
from typing import Any
from urllib.parse import quote

from keys_practice import http_client
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout


def desk(layout: Layout, what: str) -> Any:
    """What the desk says. Raises Unreachable when it, or its database, does not answer."""
    return _answer(http_client.call("GET", f"{layout.facts()['desk_url']}/{what}"))


def change(layout: Layout, what: str, **asked: Any) -> dict[str, Any]:
    """Have the desk change something. Raises PracticeError when it refuses, Unreachable when it can't tell."""
    body = json.dumps(asked).encode()
    done: dict[str, Any] = _answer(http_client.call("POST", f"{layout.facts()['desk_url']}/{what}", body))
    return done


def messages(layout: Layout, reference: str = "", seconds: float = 10) -> list[dict[str, Any]]:
    """What the mail sender has sent, about one job or in all. Raises Unreachable."""
    asked = f"?reference={quote(reference)}" if reference else ""
    answer = http_client.call("GET", f"{layout.facts()['mail_url']}/messages{asked}", seconds=seconds)
    if answer.status != 200:
        raise Unreachable(
            f"The mail sender answered {answer.status}. Try again when `mailctl health` says yes."
        )
    found: list[dict[str, Any]] = answer.json()
    return found


def orders(layout: Layout) -> list[dict[str, Any]]:
    """What the shop wanted done: id, when (Unix seconds), customer and amount. Raises Unreachable."""
    answer = http_client.call("GET", f"{layout.facts()['shop_url']}/orders")
    if answer.status != 200:
        raise Unreachable(f"The shop answered {answer.status}. Its orders can't be compared now.")
    found: list[dict[str, Any]] = answer.json()
    return found


def until(deadline: float, pause: float = 0.2) -> bool:
    """Wait a moment and say whether there is still time (a `time.monotonic` instant)."""
    time.sleep(pause)
    return time.monotonic() < deadline


def _answer(answer: http_client.Answer) -> Any:
    content = answer.json()
    if answer.status == 200:
        return content
    words = content.get("error") if isinstance(content, dict) else answer.text
    if answer.status == 409:
        raise PracticeError(str(words))
    raise Unreachable(f"The queue's desk answered {answer.status}: {words}")
