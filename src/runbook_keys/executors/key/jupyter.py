"""Runs Jupyter KEYS: each notebook from its first cell to its last, on one warm kernel per run.

The file is never edited: the parameters go into a cell after the one tagged `parameters`, in the executed copy only. A
looking call runs in a kernel that was started under Landlock; a call that may change something gets another kernel. A
kernel is used again only after a notebook that ended by itself.
"""

from __future__ import annotations

import asyncio
import json
import platform
from importlib.metadata import version
from pathlib import Path

from runbook_keys.book.notebook_text import Cell, Notebook, parameters_cell, read_notebook, source_of
from runbook_keys.executors.key.call import Call, Returned
from runbook_keys.executors.key.kernel import Kernel, KernelLost, side
from runbook_keys.executors.key.kernel_shelf import KernelShelf
from runbook_keys.executors.key.masked import masked_value
from runbook_keys.executors.key.notebook_output import Recorder
from runbook_keys.executors.key.report import Findings, report
from runbook_keys.executors.masking import mask_text
from runbook_keys.executors.output import Screen
from runbook_keys.executors.process import NotStarted
from runbook_keys.model.key import KeptFile
from runbook_keys.model.outcome import OutcomeKind

EXECUTED = "executed.ipynb"
REPORT = "report.html"
_INJECTED = {"tags": ["injected-parameters"]}


class JupyterTool:
    """Runs notebooks. `plots` is where matplotlib keeps what it found out about fonts.

    With a `shelf`, kernels for looks come from there and go back to it: they outlive this tool.
    """

    def __init__(self, plots: Path, shelf: KernelShelf | None = None) -> None:
        self._plots = plots
        self._shelf = shelf
        self._kernels: dict[tuple[str, bool], Kernel] = {}

    async def run(self, call: Call, screen: Screen) -> Returned:
        """Run the notebook. Raises `NotStarted` and `ExecutorUnavailable`; when cancelled, ends the kernel first."""
        notebook, problems = read_notebook(call.entry.read_bytes(), list(call.arguments))
        if notebook is None or problems:
            reasons = " ".join(problem.reason for problem in problems)
            raise NotStarted(f"The KEY's {call.metadata.entry} can't be run. {reasons}")
        kernel = await self._kernel(call)
        passage = _Passage(call, notebook, kernel, screen)
        try:
            end = await passage.end()
        finally:
            kernel.listen(None)
            if not passage.has_ended_by_itself:
                await self._end(call)
        return passage.told(*end)

    async def close(self) -> None:
        """End all kernels, or put back those for looks."""
        for (_, is_looking), kernel in self._kernels.items():
            if is_looking and self._shelf:
                self._shelf.put_back(kernel)
            else:
                await kernel.end()
        self._kernels.clear()

    async def _kernel(self, call: Call) -> Kernel:
        key = (call.run, call.is_looking)
        found = self._kernels.get(key)
        if found is not None and found.is_alive:
            return found
        if found is not None:
            await found.end()
        shelved = await self._shelf.take() if self._shelf and call.is_looking else None
        made = self._kernels[key] = shelved or await self._started(call)
        return made

    async def _started(self, call: Call) -> Kernel:
        # A driver that takes the run up after a crash must see that a change still runs in its kernel.
        lock = None if call.is_looking else call.attempt_fd
        return await Kernel.started(call.environment, self._plots, call.is_looking, lock)

    async def _end(self, call: Call) -> None:
        await self._kernels.pop((call.run, call.is_looking)).end()


class _Passage:
    """One passage through a notebook. `has_ended_by_itself` says that the kernel can be used again."""

    def __init__(self, call: Call, notebook: Notebook, kernel: Kernel, screen: Screen) -> None:
        self._call = call
        self._notebook = notebook
        self._kernel = kernel
        self._recorder = Recorder(call.secrets, screen)
        self._cells: list[Cell] = []
        self.has_ended_by_itself = False
        kernel.listen(self._recorder.write)

    async def end(self) -> tuple[OutcomeKind, str, str]:
        """Run it: how it ended, why, and the declared result as JSON text."""
        try:
            async with asyncio.timeout(self._call.timeout_seconds):
                await self._kernel.evaluate(side(f"begin{self._place()!r}"))
                why = await self._run_cells()
                result = await self._kernel.evaluate(
                    "__import__('runbook_keys.notebook').notebook.declared()"
                )
                await self._kernel.evaluate(side("end()"))
        except TimeoutError:
            seconds = f"{self._call.timeout_seconds:g}"
            return (
                OutcomeKind.TIMED_OUT,
                f"The notebook took longer than {seconds} seconds and was stopped.",
                "",
            )
        except KernelLost as lost:
            return self._call.lost(), f"{lost}{self._call.lost_words}", ""
        self.has_ended_by_itself = True
        return (OutcomeKind.FAILED, why, "") if why else (OutcomeKind.SUCCEEDED, "", result)

    def told(self, kind: OutcomeKind, why: str, result: str) -> Returned:
        """How it ended, with all that it showed and the two files that are kept."""
        why = mask_text(why, self._call.secrets)
        self._recorder.close()
        stdout, stderr = (self._recorder.streams[name].kept for name in ("stdout", "stderr"))
        return Returned(
            kind=kind,
            program=f"ipykernel {version('ipykernel')}, Python {platform.python_version()}",
            why=why,
            result=json.loads(result) if result else None,
            has_result=bool(result),
            stdout=stdout.text(),
            stderr=stderr.text(),
            is_truncated=self._recorder.is_truncated or stdout.is_truncated or stderr.is_truncated,
            enforcement=self._kernel.enforcement,
            files=self._files(kind, why, result),
        )

    def _place(self) -> tuple[str, str, dict[str, str]]:
        scratch = self._kernel.home / f"scratch-{self._call.mark[:16]}"
        scratch.mkdir()
        return str(self._call.folder), str(scratch), dict(self._call.environment)

    async def _run_cells(self) -> str:
        """Each cell in order, until one raises: why it failed, or nothing."""
        for place, cell in enumerate(self._notebook.cells):
            failed = await self._run_cell(place + 1, dict(cell), source_of(cell))
            if not failed and place == self._notebook.parameters_at:
                failed = await self._inject()
            if failed:
                return failed
        return ""

    async def _inject(self) -> str:
        """The parameters, in a cell whose copy shows no secret."""
        shown = parameters_cell(masked_value(dict(self._call.arguments), self._call.secrets))
        cell = {"cell_type": "code", "id": "keys-parameters", "metadata": _INJECTED, "source": shown}
        code = parameters_cell(self._call.arguments)
        return await self._run_cell(self._notebook.parameters_at + 1, cell, code)

    async def _run_cell(self, number: int, cell: Cell, code: str) -> str:
        self._cells.append(cell)
        if cell["cell_type"] != "code":
            return ""
        cell |= {"outputs": [], "execution_count": None}
        self._recorder.begin()
        try:
            reply = await self._kernel.execute(code, self._recorder.take)
        finally:
            cell["outputs"] = self._recorder.outputs()
        cell["execution_count"] = reply.get("execution_count")
        if reply.get("status") == "ok":
            return ""
        error = f"{reply.get('ename', 'It')}: {reply.get('evalue', 'was stopped')}"[:500]
        return f"The notebook failed in cell {number}: {error}"

    def _files(self, kind: OutcomeKind, why: str, result: str) -> tuple[KeptFile, ...]:
        executed = {**self._notebook.document, "cells": self._cells}
        found = Findings(
            metadata=self._call.metadata,
            arguments=masked_value(dict(self._call.arguments), self._call.secrets),
            ending="" if kind is OutcomeKind.SUCCEEDED else f"{kind.value}: {why}",
            result=masked_value(json.loads(result), self._call.secrets) if result else None,
            cells=self._cells,
        )
        return (
            KeptFile(EXECUTED, "application/x-ipynb+json", json.dumps(executed, indent=1).encode()),
            KeptFile(REPORT, "text/html", report(found).encode()),
        )
