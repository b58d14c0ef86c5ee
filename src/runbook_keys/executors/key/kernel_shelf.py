"""Warm kernels between one run and the next: drills follow many runs in one process, and most look at notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook_keys.executors.key.kernel import Kernel


class KernelShelf:
    """Kernels that may only look, that ended their last notebook by themselves, and that no run has now."""

    def __init__(self) -> None:
        self._idle: list[Kernel] = []

    async def take(self) -> Kernel | None:
        """One that is alive, for the one who takes it alone."""
        while self._idle:
            kernel = self._idle.pop()
            if kernel.is_alive:
                return kernel
            await kernel.end()
        return None

    def put_back(self, kernel: Kernel) -> None:
        """Keep it for the next run."""
        self._idle.append(kernel)

    async def close(self) -> None:
        """End them all."""
        while self._idle:
            await self._idle.pop().end()
