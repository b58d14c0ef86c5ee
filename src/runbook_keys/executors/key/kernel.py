"""One warm kernel: a real ipykernel in a process group of its own, reached over Unix sockets.

The sockets lie in a folder that only this account can enter, and every message is signed with a key of this kernel's own
(HMAC-SHA256): other accounts of the machine can't connect, and no port is open. Closing it, or the death of KEYS, ends
it: ipykernel itself looks every second whether its parent still lives.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook_keys.errors import ExecutorUnavailable
from runbook_keys.executors.environment import MARK
from runbook_keys.executors.landlock import call_confined
from runbook_keys.executors.output import Screen, Stream
from runbook_keys.executors.process import Command, Ended, NotStarted, attend, start

if TYPE_CHECKING:
    from jupyter_client.asynchronous.client import AsyncKernelClient

READY_SECONDS = 60
_LATE_SECONDS = 2.0
_MOST_MESSAGE_BYTES = 64 * 1024 * 1024
_LIFETIME_SECONDS = 7 * 24 * 3600.0
_LONGEST_SOCKET_PATH = 90  # sun_path holds 107 bytes; names of sockets follow
_FOLDER = re.compile(r"keys-kernel-(\d+)-")
_OPTIONS = ("-I", "-B", "-X", "utf8", "-X", "frozen_modules=off", "-m", "ipykernel_launcher")

Message = Mapping[str, Any]


class KernelLost(Exception):
    """The kernel's process ended while something ran in it; the text is one sentence."""


class Relay(Stream):
    """One output of the kernel's process: kept while it starts, then passed on to whoever listens."""

    def __init__(self, name: str) -> None:
        super().__init__({}, Screen(lambda _: None))
        self._name = name
        self.told: Callable[[str, bytes], None] | None = None

    def feed(self, data: bytes) -> None:
        """Take in what was written."""
        if self.told is None:
            super().feed(data)
        else:
            self.told(self._name, data)


class Kernel:
    """A kernel from its start to its end. `enforcement` says what keeps it from changing anything, if it may only look."""

    def __init__(
        self,
        home: Path,
        client: AsyncKernelClient,
        life: asyncio.Task[Ended],
        held: str,
        relays: Sequence[Relay],
    ) -> None:
        self.home = home
        self.enforcement = held
        self._relays = relays
        self._client = client
        self._life = life

    @classmethod
    async def started(
        cls, environment: Mapping[str, str], plots: Path, is_confined: bool, lock: int | None = None
    ) -> Kernel:
        """A kernel that answers. `plots` is where matplotlib keeps its fonts, `lock` the claim that it inherits.

        Raises `ExecutorUnavailable` where Jupyter is not installed and `NotStarted` where the kernel does not come up.
        """
        make_client = _jupyter()
        home = _own_folder()
        try:
            own = _own_environment(home, plots)
            plots.mkdir(parents=True, exist_ok=True)
            command = _command(home, {**environment, **own}, () if lock is None else (lock,))
            process, held = (
                call_confined(lambda: start(command), [home, plots]) if is_confined else (start(command), "")
            )
            relays = Relay("stdout"), Relay("stderr")
            life = asyncio.create_task(attend(process, command, relays))
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
        kernel = cls(home, make_client(str(home / "connection.json")), life, held, relays)
        await kernel._wait_until_ready(relays[1], own)
        return kernel

    @property
    def is_alive(self) -> bool:
        """False once its process has ended."""
        return not self._life.done()

    async def execute(
        self, code: str, told: Callable[[Message], None], *, ask: str = "", is_silent: bool = False
    ) -> Message:
        """Run `code`; `told` gets every message that it causes, in order. Returns the reply.

        `ask` is an expression whose value comes back in the reply, which can't get lost. Raises `KernelLost`.
        """
        request = self._client.execute(
            code,
            silent=is_silent,
            store_history=not is_silent,
            allow_stdin=False,
            user_expressions={"asked": ask} if ask else {},
        )
        shown = asyncio.create_task(self._listen(request, told))
        reply = asyncio.create_task(self._reply(request))
        try:
            await self._unless_lost(reply)
            # Messages about output may be dropped under pressure, so the end of them is not waited for without limit.
            await asyncio.wait(
                [shown, self._life], timeout=_LATE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            return reply.result()
        finally:
            for task in (shown, reply):
                task.cancel()

    async def evaluate(self, expression: str) -> str:
        """The value of an expression that is text. Raises `KernelLost`."""
        reply = await self.execute("", lambda _: None, ask=expression, is_silent=True)
        found = reply.get("user_expressions", {}).get("asked", {})
        if found.get("status") != "ok":
            raise KernelLost(f"The kernel is out of order: {found.get('evalue', 'it does not answer')}.")
        return str(ast.literal_eval(found["data"]["text/plain"]))

    def listen(self, told: Callable[[str, bytes], None] | None) -> None:
        """Have `told` get what programs that a notebook starts write: the name of the output, and bytes."""
        for relay in self._relays:
            relay.told = told

    async def end(self) -> None:
        """End it and all that it started, and remove its folder."""
        self._client.stop_channels()
        self._client.context.destroy(linger=0)
        self._life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._life
        await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)

    async def _wait_until_ready(self, noise: Stream, own: Mapping[str, str]) -> None:
        self._client.start_channels(stdin=False, hb=False)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._unless_lost(asyncio.create_task(self._answer()))
            await self.evaluate(side(f"prepare({own!r})"))
        except (TimeoutError, KernelLost) as error:
            await self.end()
            last = noise.kept.text().strip().splitlines()[-1:] or [f"{error}" or "It did not answer."]
            raise NotStarted(f"The Jupyter kernel did not come up: {last[0][:300]}.") from error
        except BaseException:
            await self.end()
            raise

    async def _answer(self) -> None:
        self._client.kernel_info()
        await self._client.get_shell_msg()

    async def _unless_lost(self, work: asyncio.Task[Any]) -> None:
        try:
            await asyncio.wait([work, self._life], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise KernelLost(_lost_words(self._life))
        finally:
            work.cancel()  # changes nothing where it is done

    async def _reply(self, request: str) -> Message:
        while True:
            message = await self._client.get_shell_msg()
            if message["parent_header"].get("msg_id") == request:
                content: Message = message["content"]
                return content

    async def _listen(self, request: str, told: Callable[[Message], None]) -> None:
        while True:
            message = await self._client.get_iopub_msg()
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    return
            else:
                told(message)


_SIDE = "__import__('runbook_keys.executors.key.shims.kernel_side', fromlist=['begin'])"


def side(call: str) -> str:
    """An expression that calls a function of `kernel_side` without leaving a name in the notebook."""
    return f"{_SIDE}.{call} or ''"


def _jupyter() -> Callable[[str], AsyncKernelClient]:
    try:
        import ipykernel  # noqa: F401 - only whether it is there
        from jupyter_client.asynchronous.client import AsyncKernelClient
    except ImportError as error:
        raise ExecutorUnavailable(
            "Jupyter is not installed, so no notebook can be run. Nothing was started. "
            "Install it: pip install 'runbook-keys[notebook]'."
        ) from error

    def client(connection_file: str) -> AsyncKernelClient:
        import zmq.asyncio

        made = AsyncKernelClient(context=zmq.asyncio.Context())
        made.context.setsockopt(zmq.MAXMSGSIZE, _MOST_MESSAGE_BYTES)
        made.context.setsockopt(zmq.LINGER, 0)
        made.load_connection_file(connection_file)
        return made

    return client


def _own_folder() -> Path:
    """A folder that only this account can enter, with a path short enough for sockets."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual) < _LONGEST_SOCKET_PATH - 40 else "/tmp"  # noqa: S108 - mkdtemp makes it private
    _sweep(Path(parent))
    try:
        return Path(tempfile.mkdtemp(prefix=f"keys-kernel-{os.getpid()}-", dir=parent))
    except OSError as error:
        raise NotStarted(f"No folder for the kernel can be made in {parent}: {error.strerror}.") from error


def _sweep(parent: Path) -> None:
    """Remove what kernels left whose KEYS was killed."""
    for folder in parent.glob("keys-kernel-*"):
        match = _FOLDER.match(folder.name)
        if match and not Path(f"/proc/{match[1]}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _own_environment(home: Path, plots: Path) -> dict[str, str]:
    """What the kernel itself needs in its environment, whatever it runs."""
    return {
        MARK: secrets.token_hex(16),
        "TMPDIR": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home),
        "MPLCONFIGDIR": str(plots),
        "JPY_PARENT_PID": str(os.getpid()),
    }


def _command(home: Path, environment: Mapping[str, str], locks: tuple[int, ...]) -> Command:
    from jupyter_client.connect import write_connection_file

    key = secrets.token_hex(32).encode()
    file, _ = write_connection_file(str(home / "connection.json"), transport="ipc", ip=f"{home}/k", key=key)
    options = (
        *_OPTIONS,
        "-f",
        file,
        "--HistoryManager.enabled=False",
        "--log-level=ERROR",
        "--IPKernelApp.capture_fd_output=False",
    )
    return Command(
        program=sys.executable,
        arguments=[sys.executable, *options],
        environment=environment,
        folder=home,
        mark=f"{MARK}={environment[MARK]}",
        timeout_seconds=_LIFETIME_SECONDS,
        may_leave_running=False,
        inherited=locks,
    )


def _lost_words(life: asyncio.Task[Ended]) -> str:
    code = life.result().exit_code if not life.cancelled() and life.exception() is None else None
    if code is not None and code > 128:
        return f"The notebook's kernel was ended by the signal {code - 128}."
    return f"The notebook's kernel ended by itself with exit code {code}."
