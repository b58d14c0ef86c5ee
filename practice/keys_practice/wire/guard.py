"""Every call of the checkout to a dependency: through its breaker, in the words of the loaded release."""

import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from keys_practice.wire.breaker import Breaker
from keys_practice.wire.calling import Heard, call
from keys_practice.wire.dependencies import Dependency
from keys_practice.wire.switches import Switches

Order = dict[str, Any]


@dataclass(frozen=True)
class Got:
    """What came of asking for one thing. `is_done` with the dependency's answer, or why not.

    `is_sent` is False only when the dependency surely did nothing.
    """

    is_done: bool
    answer: dict[str, Any]
    why: str = ""
    is_sent: bool = False
    retry_after_seconds: int | None = None


class Guard:
    """One dependency and its breaker."""

    def __init__(self, dependency: Dependency, switches: Switches, release: ModuleType) -> None:
        self.dependency, self._release = dependency, release
        self.breaker = Breaker(dependency.name, switches.mode(dependency.name), time.monotonic, time.time)

    def ask(self, order: Order, even_when_open: bool = False) -> Got:
        """Have it done. `even_when_open` is for work that a person drains."""
        path, body, key = self._release.request_for(self.dependency.name, order)
        if even_when_open:
            return _got(call(self.dependency, "POST", path, body, key))
        if not self.breaker.admit():
            return Got(False, {}, "the breaker is open")
        heard = call(self.dependency, "POST", path, body, key)
        if heard.is_ok:
            self.breaker.succeeded()
        else:
            self.breaker.failed(_words(heard))
        return _got(heard)

    def look_up(self, order_id: str) -> Got:
        """Whether it was done before; `is_done` False and `is_sent` True: surely not."""
        path = self._release.PATHS[self.dependency.name]
        heard = call(self.dependency, "GET", f"{path}?order={order_id}")
        is_known = heard.is_ok or heard.status == 404
        return Got(
            heard.is_ok,
            heard.content or {},
            "" if is_known else _words(heard),
            is_known,
            heard.retry_after_seconds,
        )


def _got(heard: Heard) -> Got:
    is_refused = heard.how == "answered" and 300 <= heard.status < 500
    return Got(
        heard.is_ok,
        heard.content if heard.is_ok else {},
        "" if heard.is_ok else _words(heard),
        # A 4xx says that nothing was done. A 5xx may come from a gateway that does not know.
        heard.is_sent and not is_refused,
        heard.retry_after_seconds,
    )


def _words(heard: Heard) -> str:
    return f"it answered {heard.status}" if heard.how == "answered" else f"{heard.how}: {heard.words}"
