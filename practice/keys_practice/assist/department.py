"""The answering department while it runs: the handles that faults and oracle work through."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keys_practice import http_client, keeper_client
from keys_practice.assist import files, settings
from keys_practice.assist.places import AssistLayout
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.processes import wait_until

COMMAND_SECONDS = 60
SETTLE_SECONDS = 25


@dataclass(frozen=True)
class Department:
    """One running department. Nothing here starts or ends the world itself."""

    layout: AssistLayout

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
            raise PracticeError(f"`{' '.join(argv)}` ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def unit(self, name: str) -> dict[str, Any]:
        """State, pid, since and exit_code of one process."""
        return keeper_client.unit_status(self.layout, name)

    def keeper(self, op: str, name: str) -> None:
        """Ask the keeper to start, stop or restart a process."""
        keeper_client.ask(self.layout, op, name)

    def set(self, name: str, value: str, reason: str) -> None:
        """A colleague of the growth team changes a setting."""
        settings.change(self.layout, name, value, "growth-team", reason)

    def provider(self) -> dict[str, Any]:
        """The model provider's own state."""
        return files.read_object(self.layout.provider_state)

    def set_provider(self, **state: Any) -> None:
        """Something changes at the model provider."""
        files.replace_object(self.layout.provider_state, {**self.provider(), **state})

    def set_page(self, **state: Any) -> None:
        """Something changes on the shop's page."""
        files.replace_object(self.layout.page, {**files.read_object(self.layout.page), **state})

    def answers(self) -> list[files.Row]:
        """Every customer's question and our answer, oldest first."""
        return files.rows(self.layout.answers)

    def ask(self, question: str) -> files.Row:
        """Ask as a customer does. Returns id, answer, outcome. Raises Unreachable."""
        body = json.dumps({"question": question}).encode()
        answer = http_client.call("POST", f"{self.layout.facts()['assist_url']}/questions", body)
        if answer.status != 200:
            raise Unreachable(f"The assist service answered {answer.status}: {answer.text[:200]}")
        found: files.Row = answer.json()
        return found

    def await_answers(self, count: int, is_wanted: Callable[[files.Row], bool] = lambda _: True) -> None:
        """Wait until that many more customers got an answer of this kind."""
        seen = len(self.answers())
        self.must_become(
            lambda: sum(map(is_wanted, self.answers()[seen:])) >= count, f"{count} customers are answered so"
        )

    def must_become(self, is_true: Callable[[], bool], words: str) -> None:
        """Wait for something that must happen. Raises PracticeError when it does not."""
        if not wait_until(is_true, SETTLE_SECONDS, pause=0.05):
            raise PracticeError(
                f"This did not happen within {SETTLE_SECONDS} s: {words}. The world is not as wanted."
            )
