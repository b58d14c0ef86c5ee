"""What every command needs: the services opened and closed again, lines and JSON on stdout."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from time import monotonic
from typing import Any

import click

from runbook_keys.cli.text import hanging
from runbook_keys.errors import Interrupted, KeysError
from runbook_keys.operations.services import Services


def with_services(use: Callable[[Services], Awaitable[Any]]) -> Any:
    """Open the services, use them, and hear Ctrl-C, a lost terminal and SIGTERM as "leave"."""

    async def body() -> Any:
        from runbook_keys import bootstrap

        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, lambda: task.cancel() if task else None)
        with ProgressLine() as progress:
            async with bootstrap.services(progress=progress) as services:
                try:
                    return await use(services)
                finally:
                    told(services.store.notice())

    return _run(body())


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise Interrupted("You left.") from None


def say(lines: Iterable[str]) -> None:
    """Lines on stdout."""
    click.echo("\n".join(lines))


def told(notice: str) -> None:
    """A word on stderr, so that a page on stdout stays a page."""
    for line in hanging("keys: ", notice) if notice else ():
        click.echo(line, err=True)


class ProgressLine:
    """What is being done, on one line of stderr that is gone when it is done; nothing within a second, or where nobody looks."""

    def __init__(self) -> None:
        self._said_at = monotonic()
        self._is_shown = False

    def __call__(self, doing: str, done: int, of: int) -> None:
        """Says so, at most once a second."""
        if done >= of:
            self._clear()
        elif monotonic() - self._said_at >= 1 and sys.stderr.isatty():
            self._said_at, self._is_shown = monotonic(), True
            click.echo(f"\rkeys: {doing}, {done:,} of {of:,} ", nl=False, err=True)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_why: object) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._is_shown:
            self._is_shown = False
            click.echo(f"\r{78 * ' '}\r", nl=False, err=True)


def read_file(path: Path) -> bytes:
    """The content. Raises KeysError in an operator's words."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeysError(f"{path} can't be read: {error.strerror}. Check the name, then try again.") from error


def typed(word: str, purpose: str, done: str) -> str:
    """What a person types; silence is never yes."""
    if not sys.stdin.isatty():
        raise KeysError(f"Nobody can be asked here. Give --confirm {word} as well. Nothing was {done}.")
    return str(click.prompt(f"Type {word} to {purpose}", default="", show_default=False))


def as_json(value: Any) -> str:
    """A value of the model as JSON that a person can read too."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def show_json(value: Any) -> None:
    """The same on stdout."""
    click.echo(as_json(value))
