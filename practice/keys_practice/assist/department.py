"""The answering department while it runs: the handles that faults and oracle work through."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from keys_practice import http_client
from keys_practice.assist import files, settings
from keys_practice.assist.places import AssistLayout
from keys_practice.errors import Unreachable
from keys_practice.running import Running


@dataclass(frozen=True)
class Department(Running):
    """One running department. Nothing here starts or ends the world itself."""

    settle_seconds: ClassVar[float] = 25

    layout: AssistLayout

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
