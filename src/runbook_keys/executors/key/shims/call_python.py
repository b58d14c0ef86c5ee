"""Calls `run` or `undo` of a Python KEY in a process of its own.

One JSON object comes in on stdin, one goes out on the descriptor that it names; stdout and stderr are for progress.
Imports nothing but the standard library, so that a KEY runs as it would alone.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn


def main() -> NoReturn:
    """Read the call, do it, answer, and end at once, whatever threads the KEY left behind."""
    call = json.load(sys.stdin)
    os.set_inheritable(call["answer_fd"], False)
    sys.stdout = sys.stderr
    answer = _answer(call)
    with os.fdopen(call["answer_fd"], "wb") as out:
        out.write(_spelled(answer))
    sys.stderr.flush()
    os._exit(0)


def _answer(call: dict[str, Any]) -> dict[str, Any]:
    try:
        work = _work(call)
    except BaseException as error:  # noqa: BLE001 - also an exit while it loads is told in words
        return _failure("unloadable", error)
    try:
        return {"how": "returned", "result": work(call["arguments"], _tools(call))}
    except BaseException as error:  # noqa: BLE001 - whatever a KEY raises is its answer
        return _failure("threw", error)


def _work(call: dict[str, Any]) -> Callable[[dict[str, Any], Any], Any]:
    entry = Path(call["entry"])
    sys.path.insert(0, str(entry.parent))
    spec = importlib.util.spec_from_file_location("keys_called", entry)
    if spec is None or spec.loader is None:
        raise ImportError(f"{entry.name} can't be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["keys_called"] = module
    spec.loader.exec_module(module)
    name = "undo" if call["mode"] == "undo" else "run"
    found = getattr(module, name, None)
    if not callable(found):
        raise ImportError(f"{entry.name} has no function {name}.")
    work: Callable[[dict[str, Any], Any], Any] = found
    return work


def _tools(call: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(
        mode=call["mode"],
        scratch=Path(call["scratch"]),
        result_before=call["result_before"],
        progress=_progress,
    )


def _progress(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _failure(how: str, error: BaseException) -> dict[str, Any]:
    traceback.print_exception(error)
    words = str(error).strip() or type(error).__name__
    is_told = isinstance(error, RuntimeError | ValueError | OSError | ImportError)
    return {"how": how, "error": words if is_told else f"{type(error).__name__}: {words}"}


def _spelled(answer: dict[str, Any]) -> bytes:
    try:
        return json.dumps(answer, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return json.dumps({"how": "unwritable", "error": str(error)[:500]}).encode()


if __name__ == "__main__":
    main()
