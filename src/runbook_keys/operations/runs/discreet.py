"""A person may type or attach a secret by mistake; it is masked before it reaches a view, an event or the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.executors.masking import Masker, mask_text
from runbook_keys.model.actor import Actor
from runbook_keys.model.reply import Reply
from runbook_keys.model.view import View
from runbook_keys.ports import Operator


class DiscreetOperator:
    """An operator whose replies hold none of `secrets` (values by name) in any of their usual forms."""

    def __init__(self, operator: Operator, secrets: Mapping[str, str]) -> None:
        self._operator = operator
        self._secrets = secrets

    @property
    def actor(self) -> Actor:
        """Whoever answers."""
        return self._operator.actor

    async def reply(self, view: View) -> Reply:
        """The reply, masked."""
        return discreet(await self._operator.reply(view), self._secrets)

    def progress(self, view: View, text: str) -> None:
        """Pass on output, which was masked where it was read."""
        self._operator.progress(view, text)

    async def wait(self, view: View, until: datetime) -> Reply:
        """The reply, masked."""
        return discreet(await self._operator.wait(view, until), self._secrets)


def discreet(reply: Reply, secrets: Mapping[str, str]) -> Reply:
    """`reply` with every secret in its texts and in an attached file replaced by its name."""
    if not secrets:
        return reply
    return replace(reply, **{name: masked for name, masked in _masked(reply, secrets) if masked is not None})


def _masked(reply: Struct, secrets: Mapping[str, str]) -> list[tuple[str, object]]:
    return [(name, _of(getattr(reply, name), secrets)) for name in reply.__struct_fields__]


def _of(value: object, secrets: Mapping[str, str]) -> object:
    mask = _MASKS.get(type(value))
    return mask(value, secrets) if mask else None


def _mask_bytes(content: bytes, secrets: Mapping[str, str]) -> bytes:
    masker = Masker(secrets)
    return masker.feed(content) + masker.flush()


_MASKS: dict[type, Callable[..., object]] = {str: mask_text, bytes: _mask_bytes}
