"""Calls KEYS for tests, with everything real but the folder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from runbook_keys.executors.key.caller import KeyCalls
from runbook_keys.executors.key.jupyter import JupyterTool
from runbook_keys.executors.key.kernel_shelf import KernelShelf
from runbook_keys.executors.key.node import NodeTool
from runbook_keys.executors.key.python import PythonTool
from runbook_keys.model.key import Tool
from runbook_keys.model.outcome import Outcome
from runbook_keys.model.pack import Pack
from runbook_keys.ports import KeyRequest
from runbook_keys.system.cache import FolderCache


class Caller:
    """Calls KEYS in one event loop, so that a kernel can stay warm from call to call. `shown` is what the screen got."""

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        shelf: KernelShelf | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        plots, cache = folder / "plots", FolderCache(folder / "cache", "tests")
        self.loop = loop or asyncio.new_event_loop()
        self.shown = ""
        self.folder = folder
        self.calls = KeyCalls(
            environment,
            folder / "scratch",
            {
                Tool.JUPYTER: lambda: JupyterTool(plots, shelf),
                Tool.NODE: lambda: NodeTool(environment["PATH"], cache),
                Tool.PYTHON: PythonTool,
            },
        )

    def __call__(self, key: Pack, arguments: dict[str, Any] | None = None, **more: Any) -> Outcome:
        """Call it to its end."""
        self.shown = ""
        request = KeyRequest("r-1", key, arguments or {}, self.folder, **more)
        return self.loop.run_until_complete(self.calls.call(request, self._show))

    def _show(self, text: str) -> None:
        self.shown += text

    def close(self) -> None:
        """End what is warm, and the loop."""
        self.loop.run_until_complete(self.calls.close())
        self.loop.close()
