"""The operator at a terminal, or a file of answers for a rehearsal. End of input leaves; it never approves."""

from __future__ import annotations

import asyncio
import getpass
import os
import termios
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TextIO

from runbook_keys.cli.answers import understand
from runbook_keys.cli.screen import screen
from runbook_keys.cli.text import WIDTH, safe
from runbook_keys.errors import Refused
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.reply import Leave, Reply, Wait
from runbook_keys.model.view import Asking, View

MOST_OUTPUT_LINES = 20


class Lines(Protocol):
    """Where typed lines come from."""

    async def line(self, is_fresh: bool) -> str | None: ...  # noqa: D102 - None at the end; fresh drops typed-ahead keys


class TerminalLines:
    """Lines from the terminal, without blocking the loop, so that Ctrl-C and signals are heard at once."""

    def __init__(self, stdin: TextIO) -> None:
        self._fd = stdin.fileno()
        self._pending = b""

    async def line(self, is_fresh: bool) -> str | None:
        """One line. `is_fresh`: keys typed before the question do not answer it."""
        if is_fresh:
            self._pending = b""
            termios.tcflush(self._fd, termios.TCIFLUSH)
        while b"\n" not in self._pending:
            data = await self._read()
            if not data:
                return None
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode("utf-8", "replace")

    async def _read(self) -> bytes:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._fd, _wake, ready)
        try:
            await ready
            return os.read(self._fd, 4096)
        except OSError:  # the terminal is gone
            return b""
        finally:
            loop.remove_reader(self._fd)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class GivenLines:
    """Lines from a file, for rehearsals that ask for it."""

    def __init__(self, lines: Iterable[str], echo: Callable[[str], object]) -> None:
        self._lines = iter(lines)
        self._echo = echo

    async def line(self, is_fresh: bool) -> str | None:  # noqa: ARG002 - a file has no typed-ahead keys
        """The next line, shown as if typed."""
        line = next(self._lines, None)
        if line is not None:
            self._echo(safe(line.rstrip("\n")) + "\n")
        return line


class NobodyThere:
    """No terminal and no answers: every question ends the sitting."""

    async def line(self, is_fresh: bool) -> str | None:  # noqa: ARG002
        """Nothing, for ever."""
        return None


class TerminalOperator:
    """Shows views and reads replies."""

    def __init__(self, lines: Lines, out: TextIO, kind: ActorKind = ActorKind.OPERATOR) -> None:
        self._lines = lines
        self._out = out
        self._shown = 0
        self._is_line_open = False
        self.actor = Actor(kind, _login())

    async def reply(self, view: View) -> Reply:
        """Show the screen, then ask until an answer means something."""
        self._shown = 0
        self._write_lines(screen(view))
        is_fresh = view.asking in (Asking.APPROVAL, Asking.ROLLBACK, Asking.UNKNOWN)
        while True:
            typed = await self._ask("> ", is_fresh)
            if typed is None:
                return Leave()
            if typed.strip() == "h":
                self._write_lines(_handover(view))
                continue
            try:
                reply = await understand(view, typed, self._ask)
            except Refused as refused:
                self._write_lines([f"! {safe(str(refused))}"])
                continue
            if reply is not None:
                return reply
            self._write_lines(["That is not an answer here. The line above the > lists the answers."])

    def tell(self, lines: Iterable[str]) -> None:
        """Show `lines`."""
        self._write_lines(lines)

    async def asked(self, lines: Iterable[str], prompt: str) -> str:
        """Show `lines`, then one typed line; empty at the end of input. Keys typed before don't count."""
        self._write_lines(lines)
        return (await self._ask(prompt, is_fresh=True) or "").strip()

    def progress(self, view: View, text: str) -> None:  # noqa: ARG002 - one run on one screen
        """Show output as it comes, at most twenty lines of it."""
        for piece in safe(text).splitlines(keepends=True):
            if self._shown < MOST_OUTPUT_LINES:
                lead = "" if self._is_line_open else "  | "
                self._out.write(
                    lead + piece[: WIDTH - 4].rstrip("\n") + ("\n" if piece.endswith("\n") else "")
                )
                self._is_line_open = not piece.endswith("\n")
            elif self._shown == MOST_OUTPUT_LINES:
                self._out.write("  | … more; the run keeps up to 1 MiB of it, its beginning and its end\n")
            self._shown += piece.endswith("\n")
        self._out.flush()

    async def wait(self, view: View, until: datetime) -> Reply:
        """Show what is being watched; the driver's clock does the waiting once the person stays."""
        reply = await self.reply(view)
        if isinstance(reply, Wait):
            self._write_lines([f"Waiting until {until:%H:%M:%S} UTC. Ctrl-C leaves; the run is kept."])
        return reply

    async def _ask(self, prompt: str, is_fresh: bool = False) -> str | None:
        if self._is_line_open:
            self._out.write("\n")
            self._is_line_open = False
        self._out.write(prompt)
        self._out.flush()
        return await self._lines.line(is_fresh)

    def _write_lines(self, lines: Iterable[str]) -> None:
        if self._is_line_open:
            self._out.write("\n")
            self._is_line_open = False
        self._out.write("\n".join(lines) + "\n")
        self._out.flush()


def _handover(view: View) -> list[str]:
    return [f"  {line}" for line in (safe(each) for each in view.handover)]


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def operator_for(stdin: TextIO, out: TextIO, answers: Iterable[str] | None) -> TerminalOperator:
    """The operator of this process: a rehearsal's answers, else the terminal, else nobody."""
    if answers is not None:
        return TerminalOperator(GivenLines(answers, out.write), out, ActorKind.AGENT)
    if stdin.isatty():
        return TerminalOperator(TerminalLines(stdin), out)
    return TerminalOperator(NobodyThere(), out)
