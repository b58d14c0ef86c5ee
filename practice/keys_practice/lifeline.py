"""The hold of a Python process on its world: while it lives, the keeper lives; when it goes, everything goes."""

import contextlib
import os
import socket
import subprocess
from pathlib import Path

from keys_practice import folders, keeper_client
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout
from keys_practice.nursery import NURSERY
from keys_practice.processes import wait_until

START_SECONDS = 10
END_SECONDS = 20


class Lifeline:
    """A running keeper and the pipe whose end tells it that we are gone."""

    def __init__(self, layout: Layout, lock: int, held_ports: list[socket.socket]) -> None:
        """Start the keeper for a fresh folder. It takes over the lock and the held ports."""
        self._layout = layout
        its_end, self._our_end = os.pipe()
        passed = [its_end, lock, *(held.fileno() for held in held_ports)]
        try:
            with _log_path(layout).open("ab") as log:
                self._keeper = NURSERY.fork_keeper(layout.folder, log.fileno(), passed)
        finally:
            os.close(its_end)
            os.close(lock)
            for held in held_ports:
                held.close()

    @property
    def keeper_pid(self) -> int:
        """The keeper's process id."""
        return self._keeper.pid

    def wait_until_kept(self) -> None:
        """Return when the keeper answers. Raises PracticeError when it does not come up."""
        if not wait_until(self._answers, START_SECONDS):
            raise PracticeError(f"The keeper did not start: {self._last_words()}")

    def end(self) -> None:
        """End every process of the world and remove its folder. May be called again, and after a killed keeper."""
        if self._our_end >= 0:
            os.close(self._our_end)
            self._our_end = -1
        try:
            self._keeper.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        if self._layout.folder.exists():
            folders.remove(self._layout.folder)

    def _answers(self) -> bool:
        if self._keeper.poll() is not None:
            raise PracticeError(f"The keeper ended at once: {self._last_words()}")
        with contextlib.suppress(Unreachable):
            keeper_client.ask(self._layout, "status")
            return True
        return False

    def _last_words(self) -> str:
        log = _log_path(self._layout)
        return log.read_text("utf-8", "replace")[-500:] if log.exists() else "its folder is gone"


def _log_path(layout: Layout) -> Path:
    return layout.folder / "keeper.out"
