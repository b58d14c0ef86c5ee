"""Asking the running checkout, as all these commands do."""

import json
from typing import Any

from keys_practice import http_client
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout
from keys_practice.wire.dependencies import Dependency, dependencies
from keys_practice.wire.layout import layout_of

BY = "shop-oncall"
ANSWER_SECONDS = 20


def ask(layout: Layout, method: str, path: str, body: Any = None) -> Any:
    """The checkout's answer. Raises Unreachable when there is none, PracticeError when it refuses."""
    content = json.dumps(body).encode() if body is not None else b""
    answer = http_client.call(method, f"{layout.facts()['app_url']}{path}", content, seconds=ANSWER_SECONDS)
    if answer.status == 404:
        raise PracticeError(f"The checkout does not know {path.rpartition('/')[2]!r}. Nothing was changed.")
    if answer.status != 200:
        raise Unreachable(f"The checkout answered {answer.status}: {answer.text[:200]}")
    return answer.json()


def dependency(layout: Layout, name: str) -> Dependency:
    """The dependency of that name. Raises Unreachable when the list can't be read, PracticeError for an unknown name."""
    known = all_dependencies(layout)
    if name not in known:
        raise PracticeError(f"There is no dependency {name!r}. Dependencies: {', '.join(known)}.")
    return known[name]


def all_dependencies(layout: Layout) -> dict[str, Dependency]:
    """Every dependency by its name. Raises Unreachable when the list can't be read."""
    try:
        return dependencies(layout_of(layout))
    except (OSError, ValueError, KeyError) as problem:
        raise Unreachable(f"The list of dependencies can't be read: {problem}.") from problem
