"""Call one KEY by itself, outside a run. Nothing is journaled: the result is for whoever calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct, field

from runbook_keys.book.key_arguments import typed, unfit_arguments, unfit_mode
from runbook_keys.errors import MissingInput, RefusedCall, RefusedInput
from runbook_keys.model.key import KeyMetadata, KeyMode
from runbook_keys.model.outcome import Outcome
from runbook_keys.operations.library.keys import OpenKey, open_key
from runbook_keys.operations.services import Services
from runbook_keys.ports import KeyRequest, Output

BY_HAND = "call"
"""Whom a kernel belongs to that no run has."""


class CallRequest(Struct, frozen=True):
    """What is to be called and how. `texts` are the arguments as they were typed; `base` is what paths are relative to.

    `before` is what an earlier call returned that is to be undone.
    """

    name: str
    base: Path
    texts: dict[str, str] = field(default_factory=dict)
    mode: KeyMode = KeyMode.RUN
    before: dict[str, Any] | None = None


async def call_key(services: Services, request: CallRequest, output: Output) -> Outcome:
    """Call a KEY. A call that fails is an outcome.

    Raises, before anything is started: UnknownKey, InvalidPack, RefusedInput (a secret on the command line),
    MissingInput (a secret that is not in the environment), RefusedCall; and ExecutorUnavailable.
    """
    opened = open_key(services.keys.load_key(request.name))
    arguments = typed(opened.metadata, _with_secrets(services, opened.metadata, request.texts))
    _refuse_unfit(opened, arguments, request.mode)
    return await services.key_calls.call(
        KeyRequest(
            run=BY_HAND,
            key=opened.pack,
            arguments=arguments,
            base=request.base,
            mode=request.mode,
            result_before=request.before,
        ),
        output,
    )


def variable(argument: str) -> str:
    """The environment variable that a secret argument is taken from."""
    return argument.upper()


def _with_secrets(services: Services, metadata: KeyMetadata, texts: dict[str, str]) -> dict[str, str]:
    """The texts and the secrets, each of which comes from the environment and from nowhere else."""
    found = dict(texts)
    for name in metadata.secrets:
        if name in texts:
            raise RefusedInput(
                f"{name} is a secret and can't be given on the command line, where others can read it. "
                f"Set it in the environment instead: export {variable(name)}=…"
            )
        value = services.secrets.value(variable(name))
        if value:
            found[name] = value
        elif name in metadata.inputs.get("required", ()):
            words = metadata.inputs["properties"][name]["description"]
            raise MissingInput(
                f"The secret {name} is missing; nothing was started. It is: {words}\n"
                f"  Give it: export {variable(name)}=…"
            )
    return found


def _refuse_unfit(opened: OpenKey, arguments: dict[str, Any], mode: KeyMode) -> None:
    metadata = opened.metadata
    wrong_mode = unfit_mode(metadata, mode, is_looking=False)
    reasons = (*((wrong_mode,) if wrong_mode else ()), *unfit_arguments(metadata, arguments))
    if reasons:
        lines = "\n".join(f"  {reason}" for reason in reasons)
        raise RefusedCall(
            f"{metadata.slug} can't be called so; nothing was started.\n{lines}\n"
            f"`keys show {metadata.slug}` says what it needs."
        )
