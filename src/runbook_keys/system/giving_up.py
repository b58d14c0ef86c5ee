"""Work that may hang in the kernel or far away, given up in time. The process does not wait for it at its end either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

from runbook_keys.errors import AnchorUnavailable

T = TypeVar("T")


async def asked(place: object, seconds: float, work: Callable[[], T]) -> T:
    """What `work` asks of `place`. Raises AnchorUnavailable where it takes longer, or the system refuses."""
    try:
        return await within(seconds, work)
    except TimeoutError:
        raise AnchorUnavailable(f"{place} did not answer within {seconds:.0f} s.") from None
    except OSError as error:
        raise AnchorUnavailable(f"{error.filename or place}: {error.strerror}.") from error


async def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; TimeoutError where it takes longer. It then goes on unheard, in a thread of its own.

    `asyncio.to_thread` is not enough: the loop would wait for such a thread when it closes.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(settle: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if done.done() else settle())

    def body() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
            raised = error
            tell(lambda: done.set_exception(raised))
        else:
            tell(lambda: done.set_result(result))

    Thread(target=body, daemon=True).start()
    return await asyncio.wait_for(done, seconds)
