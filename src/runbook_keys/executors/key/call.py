"""One call of a KEY as the part that runs it gets it, and what that part gives back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from runbook_keys.executors.output import Screen
from runbook_keys.model.key import KeptFile, KeyMetadata, KeyMode
from runbook_keys.model.outcome import OutcomeKind

MOST_ANSWER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Call:
    """`folder` holds the KEY's files, `scratch` is the only place where a looking call may write.

    `mark` is the `NAME=value` of the environment that tells its descendants.
    """

    run: str
    metadata: KeyMetadata
    folder: Path
    scratch: Path
    arguments: Mapping[str, Any]
    mode: KeyMode
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    timeout_seconds: float
    is_looking: bool
    mark: str
    result_before: dict[str, Any] | None = None
    attempt_fd: int | None = None

    @property
    def entry(self) -> Path:
        """The file that the call begins with."""
        return self.folder / self.metadata.entry

    def spelled(self, **more: object) -> bytes:
        """The call as the JSON object that goes into a KEY's process."""
        return json.dumps(
            {
                "arguments": dict(self.arguments),
                "mode": self.mode.value,
                "scratch": str(self.scratch),
                "result_before": self.result_before,
                "entry": str(self.entry),
                **more,
            }
        ).encode()

    def lost(self) -> OutcomeKind:
        """What it means when nobody can tell how the call ended: unknown is not failed."""
        return OutcomeKind.FAILED if self.is_looking else OutcomeKind.UNKNOWN

    @property
    def lost_words(self) -> str:
        """What is added to the words of a lost call; nothing where it could change nothing."""
        return "" if self.is_looking else " Nobody knows how far it came."


@dataclass(frozen=True)
class Returned:
    """How a call ended. `result` is as the KEY gave it, neither checked nor masked; None where it gave none.

    `program` names what ran it with its version; `stdout` and `stderr` are masked and capped.
    """

    kind: OutcomeKind
    program: str
    why: str = ""
    result: Any = None
    has_result: bool = False
    stdout: str = ""
    stderr: str = ""
    is_truncated: bool = False
    enforcement: str = ""
    files: tuple[KeptFile, ...] = field(default=())


class KeyTool(Protocol):
    """Runs KEYS of one tool."""

    async def run(self, call: Call, screen: Screen) -> Returned:
        """Run one call to its end. Raises `ExecutorUnavailable` and `NotStarted`; when cancelled, ends it first."""
        ...

    async def close(self) -> None:
        """End what was kept warm."""
        ...
