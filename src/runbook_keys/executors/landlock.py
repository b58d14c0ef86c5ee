"""Landlock: has the kernel refuse changes to whatever is started from one thread.

A thread that confines itself stays confined until it ends, and so does each child it starts; all other threads are
free as before. So a child is started from a thread of its own that lives for that only, and no code has to run
between fork and exec. The numbers are those of `linux/landlock.h`; the three system calls have the same number on
every architecture that Python runs on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_WRITE_FILE = 1 << 1
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_IOCTL_DEV = 1 << 15
_OF_FILES = _WRITE_FILE | _TRUNCATE | _IOCTL_DEV
_BIND_TCP = 1
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3

_HARMLESS_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
_REFUSED_SINCE = ((3, "cutting files short"), (4, "listening"), (6, "signals to other processes"))

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class Landlock(NamedTuple):
    """What this kernel can do: `abi` 0 means nothing, and `why_not` says why in words."""

    abi: int
    why_not: str

    def __str__(self) -> str:
        if not self.abi:
            return f"not enforced here: {self.why_not}"
        gaps = [what for since, what in _REFUSED_SINCE if self.abi < since]
        return f"Landlock, ABI {self.abi}" + (
            f" (this kernel does not refuse {', '.join(gaps)})" if gaps else ""
        )


class Confined(NamedTuple, Generic[T]):
    """What came of work in a confined thread, and what confined it."""

    result: T
    enforcement: str


@lru_cache(maxsize=1)
def landlock() -> Landlock:
    """Asks the kernel, once."""
    try:
        return Landlock(_syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG), "")
    except OSError as error:
        return Landlock(0, _why_not(error))


def call_confined(work: Callable[[], T], writable: Sequence[Path]) -> Confined[T]:
    """Call `work` in a fresh thread that, with all it starts, may write only below the folders `writable`.

    Where the kernel can't, `work` is called all the same and `enforcement` says so. Raises what `work` raises.
    """
    found: list[Confined[T]] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            enforcement = _confine_this_thread(writable)
            found.append(Confined(work(), enforcement))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the calling thread
            errors.append(error)

    thread = threading.Thread(target=run, name="keys-confined")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return found[0]


def _confine_this_thread(writable: Sequence[Path]) -> str:
    kernel = landlock()
    if kernel.abi:
        try:
            _restrict_self(kernel.abi, writable)
        except OSError as error:
            return str(Landlock(0, _why_not(error)))
    return str(kernel)


def _restrict_self(abi: int, writable: Sequence[Path]) -> None:
    handled = _handled(abi)
    with _ruleset(abi) as ruleset:
        for folder in writable:
            _allow(ruleset, folder, handled)
        for device in _HARMLESS_DEVICES:
            with suppress(FileNotFoundError):
                _allow(ruleset, device, handled & _OF_FILES)
        if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        _syscall(_RESTRICT_SELF, ruleset, 0)


def _handled(abi: int) -> int:
    """All rights over files that change something, as far as this ABI knows them. Reading is never refused."""
    newer = (_REFER, 2), (_TRUNCATE, 3), (_IOCTL_DEV, 5)
    return _WRITE_FILE | _REMOVE_AND_MAKE | sum(right for right, since in newer if abi >= since)


@contextmanager
def _ruleset(abi: int) -> Iterator[int]:
    # struct landlock_ruleset_attr: three 64-bit masks, whatever the word size; kernels that know fewer of them
    # accept the rest as long as it is zero.
    attributes = struct.pack(
        "=QQQ",
        _handled(abi),
        _BIND_TCP if abi >= 4 else 0,
        _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0,
    )
    ruleset = _syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        yield ruleset
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path | str, rights: int) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        # struct landlock_path_beneath_attr is packed: a 64-bit mask and a 32-bit descriptor, 12 bytes.
        _syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, folder), 0)
    finally:
        os.close(folder)


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    # Variadic C: without c_long a Python int would travel as 32 bits.
    widened = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *widened))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _why_not(error: OSError) -> str:
    reasons = {
        errno.ENOSYS: "this kernel has no Landlock (Linux 5.13 or newer is needed)",
        errno.EOPNOTSUPP: "Landlock is switched off in this kernel",
        errno.EPERM: "a container or service manager forbids Landlock",
        errno.E2BIG: "too many Landlock layers are in force already",
    }
    return reasons.get(error.errno or 0, f"Landlock can't be used ({error.strerror})")
