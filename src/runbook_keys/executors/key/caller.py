"""Calls KEYS: lays out the pinned files, runs the call, and looks at the result before anybody else does."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from runbook_keys.book.digest import folder_digest
from runbook_keys.book.json_schema import in_few_words, refusals
from runbook_keys.book.key_arguments import paths_in, unfit_arguments, unfit_mode
from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.executors.environment import passed_environment
from runbook_keys.executors.key.call import Call, KeyTool, Returned
from runbook_keys.executors.key.masked import masked_value
from runbook_keys.executors.masking import mask_text, unmaskable
from runbook_keys.executors.output import Screen
from runbook_keys.executors.process import NotStarted
from runbook_keys.executors.scratch import scratch_folder
from runbook_keys.model.key import KeyCall, KeyMetadata, KeyMode, Tool
from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind
from runbook_keys.ports import KeyRequest, Output

NOTHING = "Nothing was started."


class Unfit(Exception):
    """The call can't be made; the text is sentences. Nothing was started."""


class KeyCalls:
    """Calls KEYS on this machine: `tools` make what runs each tool, when the first KEY of it is called.

    `environment` is the operator's own; a KEY gets the short list of it that commands get, and the names it declares.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        scratch_root: Path,
        tools: Mapping[Tool, Callable[[], KeyTool]],
        more_names: Collection[str] = (),
    ) -> None:
        self._environment = environment
        self._scratch_root = scratch_root
        self._makers = tools
        self._tools: dict[Tool, KeyTool] = {}
        self._more_names = tuple(more_names)

    async def call(self, request: KeyRequest, output: Output) -> Outcome:
        """Make one call. Raises `ExecutorUnavailable` where what runs the KEY is not on this machine.

        Cancelling ends the call and all that it started, then raises `CancelledError`.
        """
        began = time.monotonic()
        try:
            metadata = _metadata(request)
            arguments = _arguments(metadata, request)
            hidden = _hidden(metadata, arguments, request)
        except Unfit as unfit:
            return Outcome(OutcomeKind.FAILED, why=f"{unfit} {NOTHING}")
        mark = secrets.token_hex(16)
        try:
            async with scratch_folder(self._scratch_root, f"key-{mark[:16]}") as home:
                call = self._laid_out(home, metadata, arguments, hidden, request, mark)
                returned = await self._tool(metadata.tool).run(call, Screen(output))
        except NotStarted as error:
            return Outcome(OutcomeKind.FAILED, why=f"{error} {NOTHING}")
        outcome = _outcome(call, returned, folder_digest(request.key.files))
        return _timed(outcome, began)

    async def close(self) -> None:
        """End what was kept warm."""
        for tool in self._tools.values():
            await tool.close()

    def _tool(self, tool: Tool) -> KeyTool:
        if tool not in self._tools:
            self._tools[tool] = self._makers[tool]()
        return self._tools[tool]

    def _laid_out(
        self,
        home: Path,
        metadata: KeyMetadata,
        arguments: Mapping[str, Any],
        hidden: Mapping[str, str],
        request: KeyRequest,
        mark: str,
    ) -> Call:
        folder, scratch = home / "key", home / "scratch"
        scratch.mkdir()
        _write_files(folder, request.key.files)
        return Call(
            run=request.run,
            metadata=metadata,
            folder=folder,
            scratch=scratch,
            arguments=arguments,
            mode=request.mode,
            environment=passed_environment(self._environment, {*self._more_names, *metadata.environment}),
            secrets=hidden,
            timeout_seconds=request.timeout_seconds or metadata.timeout_seconds,
            is_looking=request.is_looking or request.mode is KeyMode.DRY_RUN or not metadata.is_changing,
            mark=mark,
            result_before=request.result_before,
            attempt_fd=request.attempt_fd,
        )


def _metadata(request: KeyRequest) -> KeyMetadata:
    files = request.key.files
    metadata, problems = read_key_metadata(files.get("key.json", b""))
    if metadata is None:
        reasons = in_few_words([f"key.json:{problem.line}: {problem.reason}" for problem in problems])
        raise Unfit(f"The KEY in {request.key.origin} can't be called. {reasons}")
    if metadata.entry not in files:
        raise Unfit(f"The KEY {metadata.slug} has no {metadata.entry}.")
    if reason := unfit_mode(metadata, request.mode, request.is_looking):
        raise Unfit(reason)
    return metadata


def _arguments(metadata: KeyMetadata, request: KeyRequest) -> dict[str, Any]:
    """The arguments, with paths made absolute: the KEY runs in a folder of its own."""
    reasons = unfit_arguments(metadata, request.arguments)
    if reasons:
        raise Unfit(f"The KEY {metadata.slug} can't be called so. {in_few_words(reasons)}")
    paths = {
        name: str(request.base / path) for name, path in paths_in(metadata, request.arguments).items() if path
    }
    return {**request.arguments, **paths}


def _hidden(metadata: KeyMetadata, arguments: Mapping[str, Any], request: KeyRequest) -> dict[str, str]:
    own = {name: arguments[name] for name in metadata.secrets if arguments.get(name)}
    known = set(request.secrets.values())
    hidden = {**request.secrets, **{name: value for name, value in own.items() if value not in known}}
    if problem := unmaskable(hidden):
        raise Unfit(problem)
    return hidden


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise NotStarted(f"The KEY's files can't be written below {folder}: {error.strerror}.") from error


def _outcome(call: Call, returned: Returned, digest: str) -> Outcome:
    refused = _refused(call, returned)
    is_good = returned.kind is OutcomeKind.SUCCEEDED and not refused
    why = refused or returned.why
    return Outcome(
        kind=call.lost() if refused else returned.kind,
        observation=Observation(
            exit_code=0 if is_good else None,
            stdout=returned.stdout,
            stderr=returned.stderr,
            is_truncated=returned.is_truncated,
            result=masked_value(returned.result, call.secrets) if is_good else None,
        ),
        why=mask_text(why, call.secrets),
        enforcement=returned.enforcement,
        call=KeyCall(
            slug=call.metadata.slug,
            version=call.metadata.version,
            digest=digest,
            mode=call.mode,
            program=returned.program,
            arguments=masked_value(dict(call.arguments), call.secrets),
            files=returned.files,
        ),
    )


def _refused(call: Call, returned: Returned) -> str:
    """Why what came back is no result; empty where it is one, or where the call failed anyway."""
    if returned.kind is not OutcomeKind.SUCCEEDED:
        return ""
    if not returned.has_result:
        return f"The KEY {call.metadata.slug} ended without a result.{call.lost_words}"
    if not isinstance(returned.result, dict):
        return f"The KEY {call.metadata.slug} returned something that is no object."
    if call.mode is KeyMode.UNDO:
        return ""
    reasons = refusals(call.metadata.outputs, returned.result, "the result")
    return f"The KEY's result is refused by its own schema. {in_few_words(reasons)}" if reasons else ""


def _timed(outcome: Outcome, began: float) -> Outcome:
    return replace(outcome, duration_ms=round((time.monotonic() - began) * 1000))
