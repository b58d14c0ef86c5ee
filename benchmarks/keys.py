"""A Jupyter KEY on the warm kernel against papermill, a Node KEY against bare node."""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractAsyncContextManager
from importlib.util import find_spec
from pathlib import Path

from benchmarks.row import Row
from runbook_keys.bootstrap import services, shipped_library
from runbook_keys.operations.services import Services
from runbook_keys.ports import KeyRequest

ROUNDS = 7
ANALYSIS = shipped_library().parent / "jupyter" / "jupyter-webhook-event-analysis"

MODULE = "export default async function run(args) { return {sum: args.a + args.b}; }\n"
BARE = "const args = JSON.parse(require('fs').readFileSync(0, 'utf8')); console.log(JSON.stringify({sum: args.a + args.b}));"


def measure() -> list[Row]:
    """The rows of this file; papermill's only where it is installed (`pip install papermill`)."""
    return [*_notebook(), _node()]


def _milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _notebook() -> list[Row]:
    if find_spec("papermill") is None:
        print("papermill is not installed: its row is left out. `pip install papermill`, then again.")
        return []
    ours = statistics.median(asyncio.run(_warm_calls()))
    theirs = statistics.median(_papermill() for _ in range(3))
    name = "a Jupyter KEY on the warm kernel, against the papermill command (ms)"
    return [Row(name, ours, theirs, theirs / ours, "≥ 4 times faster")]


async def _warm_calls() -> list[float]:
    async with _opened() as opened:
        events = next(each for each in sorted((ANALYSIS / "examples").iterdir()) if each.suffix != ".json")
        request = KeyRequest("bench", opened.keys.load_key(str(ANALYSIS)), {"events": str(events)}, ANALYSIS)
        return (await _timed(opened, request))[1:]


def _papermill() -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        out = Path(folder) / "out.ipynb"
        command = [
            sys.executable,
            "-m",
            "papermill",
            "--no-progress-bar",
            str(ANALYSIS / "analysis.ipynb"),
            str(out),
        ]
        subprocess.run(command, cwd=ANALYSIS, capture_output=True, check=True)
        return _milliseconds(began)


def _opened() -> AbstractAsyncContextManager[Services]:
    return services(home=Path(tempfile.mkdtemp()))


async def _timed(opened: Services, request: KeyRequest) -> list[float]:
    spent = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        outcome = await opened.key_calls.call(request, lambda _text: None)
        spent.append(_milliseconds(began))
        assert outcome.observation.result is not None, outcome
    return spent


def _node() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        ours = statistics.median(asyncio.run(_node_calls(Path(folder)))[1:])
    bare = statistics.median(_bare_node() for _ in range(ROUNDS))
    return Row("a Node KEY, against bare node doing the same (ms)", ours, bare, ours / bare, "≤ 1.3")


async def _node_calls(folder: Path) -> list[float]:
    key = folder / "node-sum-numbers"
    shutil.copytree(shipped_library().parent / "node" / "node-webhook-secret-update", key)
    metadata = json.loads((key / "key.json").read_text("utf-8"))
    number = {"type": "integer", "description": "A number."}
    shape = {"type": "object", "additionalProperties": False}
    metadata |= {
        "slug": "node-sum-numbers",
        "inputs": {**shape, "required": ["a", "b"], "properties": {"a": number, "b": number}},
        "outputs": {**shape, "required": ["sum"], "properties": {"sum": number}},
        "safety": "SAFE",
        "side_effects": [],
        "secrets": [],
        "commands": [],
        "has_undo": False,
        "undo": "",
        "dry_run": False,
    }
    (key / "key.json").write_text(json.dumps(metadata), "utf-8")
    (key / "main.mjs").write_text(MODULE, "utf-8")
    async with _opened() as opened:
        request = KeyRequest("bench", opened.keys.load_key(str(key)), {"a": 1, "b": 2}, key)
        return await _timed(opened, request)


def _bare_node() -> float:
    began = time.perf_counter()
    subprocess.run(["node", "-e", BARE], input=b'{"a": 1, "b": 2}', capture_output=True, check=True)
    return _milliseconds(began)
