"""Work that hangs is given up, and does not hold the process either."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from threading import Event

import pytest

from runbook_keys.system.giving_up import within

HANGING = """
import asyncio, threading
from runbook_keys.system.giving_up import within
try:
    asyncio.run(within(0.1, threading.Event().wait))
except TimeoutError:
    print("given up")
"""


def test_what_ends_in_time_is_passed_on() -> None:
    """What it returns, and what it raises."""
    assert asyncio.run(within(20, lambda: 7)) == 7
    with pytest.raises(ZeroDivisionError):
        asyncio.run(within(20, lambda: 1 // 0))


def test_what_ends_after_the_loop_is_not_heard_any_more() -> None:
    """Nobody waits for it, and it does not fail for that."""
    go, gone = Event(), Event()

    def work() -> None:
        go.wait(20)
        gone.set()

    with pytest.raises(TimeoutError):
        asyncio.run(within(0.05, work))
    go.set()
    assert gone.wait(20)


def test_a_process_ends_while_its_work_hangs() -> None:
    """A thread of the loop's own pool would be waited for, for ever."""
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "given up\n")
