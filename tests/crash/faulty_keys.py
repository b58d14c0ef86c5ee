"""Run with the shim preloaded: does what `keys` does, many times, each in a process of its own that meets one fault.

The interpreter and the modules are loaded once; a fork then runs the command line as it is. Reads one JSON object a
line (`arguments environment folder at kind is_lasting`), answers with one (`code met calls`).
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import struct
import sys
from pathlib import Path
from typing import Any

from runbook_keys import bootstrap
from runbook_keys.cli import main

assert bootstrap

KINDS = {"none": 0, "full": 1, "broken": 2, "short": 3, "flush": 4, "pipe": 5}


def serve() -> None:
    """Until the input ends."""
    shared = mmap.mmap(-1, 8)
    for line in sys.stdin:
        order = json.loads(line)
        shared[:] = bytes(8)
        child = os.fork()
        if child == 0:
            _be_keys(order, shared)
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
    begin.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_char_p]
    below = order["environment"]["KEYS_HOME"].encode()
    begin(place, order["at"], KINDS[order["kind"]], int(order["is_lasting"]), below)


if __name__ == "__main__":
    serve()
