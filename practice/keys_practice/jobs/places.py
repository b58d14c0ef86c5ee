"""Where the jobs department's own things lie in a world's folder, and its addresses."""

from pathlib import Path
from typing import NamedTuple

from keys_practice.layout import Layout

WIRE = "wire_folder"
"""The fact that names the folder of the selling department, where there is one."""


class Places(NamedTuple):
    """The paths of the department inside one world."""

    layout: Layout

    @property
    def queue(self) -> Path:
        """The workers' folder."""
        return self.layout.folder / "queue"

    @property
    def templates(self) -> Path:
        """One text file for each kind of job."""
        return self.queue / "templates"

    @property
    def worker_settings(self) -> Path:
        """The workers' settings: `NAME=value` lines, holds a password. Read again for every job."""
        return self.queue / "worker.env"

    @property
    def attempts_log(self) -> Path:
        """One JSON object per line for every attempt that ended."""
        return self.queue / "attempts.jsonl"

    @property
    def mail(self) -> Path:
        """The mail sender's folder; another company's, in life."""
        return self.layout.folder / "mail"

    @property
    def messages(self) -> Path:
        """One JSON object per line for every message that went out: the effects."""
        return self.mail / "messages.jsonl"

    @property
    def refusals(self) -> Path:
        """One JSON object per line for every message refused for its rate."""
        return self.mail / "refusals.jsonl"

    @property
    def behaviour(self) -> Path:
        """How the mail sender misbehaves (JSON object); only faults write it."""
        return self.mail / "behaviour.json"

    @property
    def shop(self) -> Path:
        """The shop's folder."""
        return self.layout.folder / "shop"

    @property
    def orders(self) -> Path:
        """One JSON object per line for every job that the shop wanted done."""
        return self.shop / "orders.jsonl"

    @property
    def operator(self) -> Path:
        """Where an operator's tools keep what they must remember. Not there until one does."""
        return self.layout.folder / "operator"

    def address(self, name: str) -> str:
        """The URL of `desk`, `mail` or `shop`."""
        return self.layout.facts()[f"{name}_url"]
