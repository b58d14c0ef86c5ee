"""Secret values from the environment, and digests of values that only this machine can make."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path

from runbook_keys.drafts import make_once
from runbook_keys.errors import JournalUnavailable

_KEY_BYTES = 32


class EnvironmentSecrets:
    """Reads values from `environment`; keeps the key of its digests in `key_file`, made on first use with mode 0600."""

    def __init__(self, environment: Mapping[str, str], key_file: Path) -> None:
        self._environment = environment
        self._key_file = key_file
        self._key: bytes | None = None

    def value(self, name: str) -> str | None:
        """The value, or None if the environment has none of that name."""
        return self._environment.get(name)

    def digest(self, name: str, value: str) -> str:
        """Hex HMAC-SHA256 over name, NUL and value: equal values show as equal, and nobody without the key can guess.

        Raises JournalUnavailable when the key can't be read or made.
        """
        if self._key is None:
            self._key = _load_key(self._key_file)
        message = f"{name}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256").hex()


def _load_key(key_file: Path) -> bytes:
    try:
        _make_key(key_file)
        return _read_key(key_file)
    except OSError as error:
        raise _unusable(key_file, f"{error.strerror}. Mend that, then try again.") from error


def _read_key(key_file: Path) -> bytes:
    if key_file.stat().st_mode & 0o077:
        raise _unusable(key_file, f"Others may read it. Run `chmod 600 {key_file}`, then try again.")
    key = key_file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise _unusable(
            key_file, f"It has {len(key)} bytes instead of {_KEY_BYTES}. Restore it from a backup."
        )
    return key


def _make_key(key_file: Path) -> None:
    """With `rename` a second process would replace a key that has been used already."""
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_once(key_file, lambda: secrets.token_bytes(_KEY_BYTES))


def _unusable(key_file: Path, why: str) -> JournalUnavailable:
    return JournalUnavailable(f"The key that hides values in the journal can't be used: {key_file}. {why}")
