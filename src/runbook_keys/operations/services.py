"""What an operation works with: the ports, handed over by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbook_keys.config import Config
from runbook_keys.ports import (
    Anchor,
    Cache,
    Clock,
    Executor,
    Ids,
    JournalStore,
    KeyCaller,
    KeyLibrary,
    Library,
    Machine,
    Operator,
    Printer,
    Progress,
    Secrets,
    ShellAnalysis,
    Signer,
    TimeStamper,
)


def nobody(_doing: str, _done: int, _of: int) -> None:
    """Nobody hears how far it is."""


@dataclass(frozen=True)
class Services:
    """The outside world of one process. `config` is what the organisation's `keys.toml` says."""

    store: JournalStore
    clock: Clock
    ids: Ids
    library: Library
    keys: KeyLibrary
    key_calls: KeyCaller
    cache: Cache
    machine: Machine
    secrets: Secrets
    signer: Signer
    printer: Printer
    copies: Anchor
    stamps: TimeStamper
    executors: Callable[[Operator], Mapping[str, Executor]]
    environment: Mapping[str, str]
    config: Config
    shell: ShellAnalysis | None = None
    progress: Progress = nobody
