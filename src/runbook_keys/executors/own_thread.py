"""Blocking work in a fresh thread of its own, awaited from the event loop and stopped when the waiting is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Stop:
    """Asks blocking work to end: `fileno` becomes readable, and each of `call_on_request` is called once."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self.is_requested = False

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._read

    def call_on_request(self, callback: Callable[[], None]) -> None:
        """Have `callback` called from the asking thread; at once if the request was there first."""
        with self._lock:
            if not self.is_requested:
                self._callbacks.append(callback)
                return
        callback()

    def request(self) -> None:
        """Ask; asking again does nothing."""
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            is_first, self.is_requested = not self.is_requested, True
        if is_first:
            os.write(self._write, b"x")
        for callback in callbacks:
            callback()

    def close(self) -> None:
        """Give the descriptors back, once nobody waits on them."""
        os.close(self._read)
        os.close(self._write)


async def in_own_thread(work: Callable[[Stop], T]) -> T:
    """What `work` returns or raises.

    When the caller is cancelled, `work` is asked to stop and waited for; only then is `CancelledError` raised. A
    thread of its own, not one of a pool: a command may last for hours and must not keep others from starting.
    """
    stop = Stop()
    try:
        done = _started(work, stop)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            stop.request()
            await _wait_in_spite_of_cancels(done)
            raise
    finally:
        stop.close()


async def _wait_in_spite_of_cancels(done: asyncio.Future[T]) -> None:
    while not done.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([done])
    done.exception()  # looked at, so that asyncio does not report it as lost


def _started(work: Callable[[Stop], T], stop: Stop) -> asyncio.Future[T]:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work(stop)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the work is awaited
            _hand_over(loop, done.set_exception, error)
        else:
            _hand_over(loop, done.set_result, result)

    threading.Thread(target=run, name="keys-attempt", daemon=True).start()
    return done


def _hand_over(loop: asyncio.AbstractEventLoop, settle: Callable[[T], None], value: T) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(settle, value)
