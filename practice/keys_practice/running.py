"""A department while it runs: the handles that every department has, whatever it does."""

import os
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from keys_practice import keeper_client
from keys_practice.errors import PracticeError
from keys_practice.processes import wait_until

if TYPE_CHECKING:
    from keys_practice.layout import Layout

COMMAND_SECONDS = 60


class Running:
    """Faults and oracles work through this. Nothing here starts or ends the world itself."""

    settle_seconds: ClassVar[float] = 20

    if TYPE_CHECKING:  # a field in most departments, worked out in others

        @property
        def layout(self) -> Layout:
            """The world's folder."""

    def close(self) -> None:
        """Let go of what is held of the world: nothing, unless the department says otherwise."""

    def environment(self) -> dict[str, str]:
        """What an operator's shell has: the department's commands first on PATH."""
        path = f"{self.layout.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {"PATH": path, "LANG": "C.UTF-8"}

    def command(self, *argv: str) -> str:
        """Run one of the department's commands, as a colleague would. Raises PracticeError when it fails."""
        done = subprocess.run(
            [str(self.layout.bin / argv[0]), *argv[1:]],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise PracticeError(
                f"`{' '.join(argv)}` ended with {done.returncode}: {done.stderr or done.stdout}"
            )
        return done.stdout

    def unit(self, name: str) -> dict[str, Any]:
        """State, pid, since and exit_code of one process."""
        return keeper_client.unit_status(self.layout, name)

    def keeper(self, op: str, name: str) -> None:
        """Ask the keeper to start, stop or restart a process."""
        keeper_client.ask(self.layout, op, name)

    def must_become(self, is_true: Callable[[], bool], words: str) -> None:
        """Wait for something that must happen. Raises PracticeError when it does not."""
        if not wait_until(is_true, self.settle_seconds, pause=0.1):
            raise PracticeError(
                f"This did not happen within {self.settle_seconds} s: {words}. The world is not as wanted."
            )
