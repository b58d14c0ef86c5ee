"""What an approval is bound to: one digest over all that was shown and all that will be used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from runbook_keys.model.outcome import Role


class Bound(msgspec.Struct, frozen=True):
    """PROOF: run, step, attempt, command text, value names and digests, pack digest, journal head shown."""

    run: str
    step: str
    role: Role
    attempt: int
    command: str
    value_digests: Mapping[str, str]
    pack_digest: str
    head: str


def binding(bound: Bound) -> str:
    """Hex SHA-256 over the canonical JSON of `bound`; any change of any part gives another one."""
    return hashlib.sha256(_CANONICAL.encode(bound)).hexdigest()


def command_digest(command: str) -> str:
    """Hex SHA-256 of a command's exact text."""
    return hashlib.sha256(command.encode("utf-8", "surrogatepass")).hexdigest()


_CANONICAL = msgspec.json.Encoder(order="sorted")
