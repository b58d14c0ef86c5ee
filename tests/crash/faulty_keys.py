"""Run with the shim preloaded: does what `keys` does, many times, each in a process of its own that may meet a fault.

The interpreter and the modules are loaded once; a fork then runs the command line as it is. Reads one JSON object a
line (`arguments environment folder below at kind is_lasting seconds`), answers with two: `pid` at once, and
`code met calls` at the end of that process.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import struct
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from runbook_keys import bootstrap
from runbook_keys.cli import main

assert bootstrap

KINDS = (
    "none",
    "full",
    "broken",
    "short",
    "flush",
    "pipe",
    "die",
    "torn",
    "unreadable",
    "part",
    "clock",
)
"""In the order of the shim."""

LATE = (
    "record.anchor",
    "record.checkpoints",
    "record.declare",
    "record.erase",
    "record.verify",
    "reports.attestation",
    "reports.export",
    "reports.report",
    "runs.listing",
)
"""Operations that commands load when they need them: loaded once here, they need not be loaded by every process."""


def serve() -> None:
    """Until the input ends."""
    for name in LATE:
        import_module(f"runbook_keys.operations.{name}")
    shared = mmap.mmap(-1, 8)
    for line in sys.stdin:
        order = json.loads(line)
        shared[:] = bytes(8)
        child = os.fork()
        if child == 0:
            _be_keys(order, shared)
        print(json.dumps({"pid": child}), flush=True)
        _, status = os.waitpid(child, 0)
        calls, met = struct.unpack("ii", shared[:])
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "calls": calls, "met": met}), flush=True)


def _be_keys(order: dict[str, Any], shared: mmap.mmap) -> None:
    code = 99
    try:
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        output = os.open(Path(order["folder"]) / "screen", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        sys.argv = ["keys", *order["arguments"]]
        _plan(order, shared)
        main.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 98
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _plan(order: dict[str, Any], shared: mmap.mmap) -> None:
    place = ctypes.addressof(ctypes.c_char.from_buffer(shared))
    begin = ctypes.CDLL(None).faults_begin
    begin.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_longlong,
    ]
    kind, below = KINDS.index(order["kind"]), order["below"].encode()
    begin(place, order["at"], kind, int(order["is_lasting"]), below, order["seconds"])


if __name__ == "__main__":
    serve()
