"""Runs Python KEYS: a plain function in a process of its own."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from runbook_keys.executors.key.call import Call, Returned
from runbook_keys.executors.key.process_call import Program, call_process
from runbook_keys.executors.output import Screen

_SHIM = Path(__file__).with_name("shims") / "call_python.py"
# -I: neither PYTHON* variables nor the user's own packages reach it; -B: nothing is written beside its files.
_OPTIONS = ("-I", "-B", "-X", "utf8", str(_SHIM))


class PythonTool:
    """Runs Python KEYS with the Python that KEYS itself runs on."""

    async def run(self, call: Call, screen: Screen) -> Returned:
        """Call `run`, or `undo` in that mode. Raises `NotStarted`."""
        program = Program(sys.executable, _OPTIONS, f"Python {platform.python_version()}")
        return await call_process(program, call, screen)

    async def close(self) -> None:
        """Nothing is kept warm."""
