"""What every command needs: the services opened and closed again, lines and JSON on stdout."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import click

from runbook_keys.cli.text import hanging
from runbook_keys.errors import Interrupted
from runbook_keys.operations.services import Services


def with_services(use: Callable[[Services], Awaitable[Any]]) -> Any:
    """Open the services, use them, and hear Ctrl-C, a lost terminal and SIGTERM as "leave"."""

    async def body() -> Any:
        from runbook_keys import bootstrap

        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, lambda: task.cancel() if task else None)
        async with bootstrap.services() as services:
            return await use(services)

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


def as_json(value: Any) -> str:
    """A value of the model as JSON that a person can read too."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def show_json(value: Any) -> None:
    """The same on stdout."""
    click.echo(as_json(value))
