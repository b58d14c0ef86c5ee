"""The outside world as the product sees it, on one page. Only `bootstrap` knows who stands behind a port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import (
    Alarm,
    Blob,
    Checkpoint,
    Declaration,
    RunHead,
    SpineRow,
    StoredEntry,
    Strange,
)
from runbook_keys.model.event import AnyEvent
from runbook_keys.model.key import KeyMode
from runbook_keys.model.outcome import Outcome, Role
from runbook_keys.model.pack import Pack
from runbook_keys.model.printed import Printed
from runbook_keys.model.reply import Reply
from runbook_keys.model.runbook import Block
from runbook_keys.model.view import View


class Task(Struct, frozen=True):
    """One attempt as an executor gets it.

    `values` are those the block's text names; `secrets` are all secret values of the run by name, to be masked in
    whatever the block shows, named or not. `key` is the KEY that the block calls, as the run pinned it, and
    `result_before` what the step's work returned. `is_looking` says that the block may change nothing and must be kept from
    it. `view` is what a human is asked. `attempt_fd` is the claim's: a command inherits it.
    """

    run: str
    step: str
    role: Role
    attempt: int
    block: Block
    values: Mapping[str, str]
    secrets: Mapping[str, str]
    is_looking: bool
    view: View
    attempt_fd: int | None = None
    key: Pack | None = None
    result_before: dict[str, Any] | None = None


class KeyRequest(Struct, frozen=True):
    """One call of a KEY. `run` names whom a warm kernel belongs to; relative paths are below `base`.

    `secrets` are values to be masked besides those of the KEY's own secret arguments. `is_looking` has the kernel of
    this machine refuse changes. `result_before` is what the call returned that is to be undone.
    """

    run: str
    key: Pack
    arguments: Mapping[str, Any]
    base: Path
    mode: KeyMode = KeyMode.RUN
    is_looking: bool = False
    secrets: Mapping[str, str] = {}
    timeout_seconds: float | None = None
    result_before: dict[str, Any] | None = None
    attempt_fd: int | None = None


Output = Callable[[str], None]
"""Called with pieces of masked output as they arrive, for the screen only."""
Progress = Callable[[str, int, int], None]
"""Hears what is being done, and how many of how many are; the last time that all are."""


class Clock(Protocol):
    """Time. A compressed clock passes `scale` seconds in one."""

    @property
    def scale(self) -> int: ...  # 1 unless this is practice
    def now(self) -> datetime: ...  # aware, UTC
    def stepped(self) -> timedelta: ...  # how far it was set since this was last asked; 0 up to one second
    async def sleep_until(self, at: datetime) -> None: ...


class Ids(Protocol):
    """Names and randomness."""

    def run(self, at: datetime) -> str: ...  # short enough to say on the phone, sorts by time
    def salt(self) -> bytes: ...  # 16 random bytes


class Interposed(Exception):
    """The operator, asked for an answer to a step, said something else: `reply`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(type(reply).__name__)
        self.reply = reply


class Executor(Protocol):
    """Runs blocks of one language. Never raises for what a command does: that is an outcome."""

    async def execute(self, task: Task, output: Output) -> Outcome: ...


class Leftover(Struct, frozen=True):
    """The command of an earlier driver that still runs: its processes by name and number, as far as they can be seen."""

    processes: tuple[str, ...]


class KeyCaller(Protocol):
    """Calls KEYS. Never raises for what a KEY does: that is an outcome."""

    async def call(self, request: KeyRequest, output: Output) -> Outcome: ...  # ExecutorUnavailable
    async def close(self) -> None: ...  # ends what was kept warm


class Claim(Protocol):
    """The right to drive one run, held until released or until the process dies.

    `attempt_fd` is a descriptor that a command inherits. An executor writes the command's process number into it, so
    that `leftover` on a later claim can tell a command that still runs from a service that the command left behind.
    """

    @property
    def attempt_fd(self) -> int | None: ...
    def leftover(self) -> Leftover | None: ...  # None once no command of an earlier driver runs any more
    def end_leftover(self, is_forced: bool) -> None: ...  # SIGTERM, or SIGKILL, to its process group
    def release(self) -> None: ...


class JournalStore(Protocol):
    """The append-only record. Every append is durable when it returns."""

    async def append(
        self,
        run: str,
        after_seq: int,
        at: datetime,
        actor: Actor,
        events: Sequence[AnyEvent],
        blobs: Sequence[Blob] = (),
    ) -> RunHead: ...  # all or nothing, and so is what a MaterialErased names; RunTaken after another head (0 opens the run)

    async def entries(self, run: str) -> list[StoredEntry]: ...  # RunNotFound
    async def runs(self) -> list[RunHead]: ...  # by run number
    async def unlisted(
        self,
    ) -> Mapping[int, int]: ...  # entries under numbers that no run has: how many, by number
    async def spine(self) -> list[SpineRow]: ...
    async def spine_row(self, gseq: int) -> SpineRow | None: ...
    async def spine_of(self, run_no: int) -> list[SpineRow]: ...  # one run's rows
    async def spine_ends(self) -> list[SpineRow]: ...  # each run's last row, by run number
    async def blob(self, digest: str) -> bytes | None: ...  # None if erased; JournalDamaged if changed
    async def sealed(self, digest: str) -> Blob | None: ...  # the same with its salt
    async def held(self, digest: str) -> list[Blob | None]: ...  # as it lies there; None for what is erased
    async def erased(self) -> list[str]: ...  # the digests of all blobs that are
    async def erase(self, digest: str) -> None: ...  # content and salt go, the digest and the chain stay
    async def checkpoints(
        self, first: int | None = None, last: int | None = None
    ) -> list[Checkpoint]: ...  # by number: all, or those that stand on these rows of the spine
    def spine_batches(self) -> AsyncIterator[list[SpineRow]]: ...  # in order
    def spine_by_run(self) -> AsyncIterator[list[SpineRow]]: ...  # each run's rows at once, by run number
    def checkpoint_batches(self) -> AsyncIterator[list[Checkpoint]]: ...  # by number
    async def checkpoint(
        self, at: datetime, why: str, next_key: str = "", declaration: Declaration | None = None
    ) -> (
        Checkpoint | None
    ): ...  # one more over the spine's end; None where there is no entry yet, or nothing that makes checkpoints

    def snapshot(self) -> AbstractContextManager[None]: ...  # what is read within is of one moment
    async def strange(self) -> Strange: ...  # what of the place that it is kept in KEYS did not make
    def notice(
        self,
    ) -> str: ...  # what went wrong with checkpoints and stopped nobody; each thing is said once
    def alarm(self) -> Alarm | None: ...  # while one stands, no run can be opened
    def sound_alarm(self, alarm: Alarm) -> None: ...  # one that stands keeps its time and its words
    def end_alarm(self) -> None: ...  # JournalUnavailable

    def claim(self, run: str) -> Claim: ...  # RunTaken when another live process holds it
    async def close(self) -> None: ...


class Library(Protocol):
    """Where packs are found."""

    def load(self, name: str) -> Pack: ...  # a slug or a folder; UnknownRunbook, InvalidPack
    def gather(self, name: str) -> Sequence[Pack]: ...  # the pack, or all packs in a folder of packs
    def slugs(self) -> Sequence[str]: ...


class KeyLibrary(Protocol):
    """Where KEYS are found."""

    def load_key(self, name: str) -> Pack: ...  # a slug or a folder; UnknownKey, InvalidPack
    def key_slugs(self) -> Sequence[str]: ...
    def key_files(self) -> Mapping[str, bytes]: ...  # the `key.json` of each installed KEY, by slug


class Machine(Protocol):
    """What the machine has that follows a runbook."""

    def has_program(self, name: str) -> bool: ...
    def has_module(self, name: str) -> bool: ...
    def enforcement(self) -> str: ...  # what confines looking steps; "not enforced here: …"
    def free_bytes(self) -> int: ...  # where the journal lies


class Cache(Protocol):
    """Results that can be worked out again at any time, by key. Losing them costs time only; nothing raises."""

    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, content: bytes) -> None: ...


class Secrets(Protocol):
    """Values that are never shown, and digests that can't be guessed from the journal."""

    def value(self, name: str) -> str | None: ...
    def digest(self, name: str, value: str) -> str: ...  # keyed: useless without this machine's key


class Signature(Struct, frozen=True):
    """`value` is an ECDSA signature (DER) over SHA-256; `key` names the key: hex SHA-256 of its public part (DER)."""

    key: str
    value: bytes


class Signer(Protocol):
    """This machine's signing key, the public parts of the keys before it, and the last checkpoint that it signed."""

    def sign(self, content: bytes) -> Signature: ...  # SigningUnavailable
    def fault(self) -> str: ...  # why nothing was signed the last time; empty where it was
    def public_keys(self) -> Mapping[str, bytes]: ...  # PEM by the key's name, those of earlier keys too
    def is_signed(self, public_key: bytes, content: bytes, value: bytes) -> bool: ...  # SigningUnavailable
    def name_of(self, public_key: bytes) -> str: ...  # of a PEM; ValueError, SigningUnavailable
    def prepare_next(
        self,
    ) -> str: ...  # the name of the key that `take_next` will sign with; SigningUnavailable
    def take_next(self) -> None: ...
    def remembered(
        self,
    ) -> bytes: ...  # the last note that was, empty where none was; SigningUnavailable says where
    def remember(self, note: bytes) -> None: ...  # in place of the one before, or not; SigningUnavailable


class Printer(Protocol):
    """Sets pages for paper."""

    def pdf(
        self, printed: Printed, pictures: Mapping[str, bytes]
    ) -> bytes: ...  # `pictures` are SVG by name; PrintingUnavailable


class TimeStamp(Struct, frozen=True):
    """A time-stamp, read. `at` is the authority's time; `is_of_note`: it is over exactly the note that it was read for.

    `fault` says why its signature leads to nobody who is trusted here, `unchecked` why that could not be looked at; both
    are empty where it is good.
    """

    at: datetime
    is_of_note: bool
    fault: str = ""
    unchecked: str = ""


class Anchor(Protocol):
    """A place that keeps checkpoints for us. It is slow, far away, or gone; every call gives up after so many seconds.

    What it has goes by the number of the checkpoint. `numbers` is for the journal with this first note, and refuses
    another's.
    """

    @property
    def place(self) -> str: ...  # in words, as "the folder /mnt/…"; empty where none is configured
    async def numbers(self, first: bytes, seconds: float) -> Collection[int]: ...  # AnchorUnavailable
    async def kept(self, seconds: float) -> Mapping[int, bytes]: ...  # AnchorUnavailable
    async def keep(self, no: int, note: bytes, seconds: float) -> None: ...  # AnchorUnavailable


class TimeStamper(Anchor, Protocol):
    """Keeps a time-stamp of a checkpoint beside the journal; somebody else said when it was there."""

    def read(self, token: bytes, note: bytes) -> TimeStamp | None: ...  # None: it is none; AnchorUnavailable


class Operator(Protocol):
    """Whoever answers. Silence is never yes: at end of input the answer is `Leave`."""

    @property
    def actor(self) -> Actor: ...
    async def reply(self, view: View) -> Reply: ...
    def progress(
        self, view: View, text: str
    ) -> None: ...  # output of an attempt as it comes, a receipt before it
    async def wait(self, view: View, until: datetime) -> Reply: ...  # Wait to stay until then


class ShellAnalysis(Protocol):
    """What shellcheck says about bash blocks, by block: (line within the block, code, message)."""

    def analyse(self, scripts: Sequence[str]) -> Sequence[Sequence[tuple[int, str, str]]]: ...


class Typesetter(Protocol):
    """Makes pages of a template and data; `measured` gives what the template says of its pages. May raise PrintingUnavailable."""

    def pdf(self, template: str, data: Mapping[str, Any]) -> bytes: ...
    def measured(self, template: str, data: Mapping[str, Any], label: str) -> Any: ...
