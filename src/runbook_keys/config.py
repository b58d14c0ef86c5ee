"""Where things live on this machine, and what the organisation's `keys.toml` says. Pure: it is given the text."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import PurePath

from msgspec import Struct

from runbook_keys.errors import RefusedInput

APP = "runbook-keys"
MAX_BYTES = 1 << 20
"""How large `keys.toml` may be."""


class Config(Struct, frozen=True):
    """`[inputs]` of `keys.toml`: values by name, as text."""

    inputs: Mapping[str, str] = {}


def data_folder(environment: Mapping[str, str], home: PurePath) -> PurePath:
    """The folder of the journal: `KEYS_HOME`, else the XDG data folder."""
    if environment.get("KEYS_HOME"):
        return PurePath(environment["KEYS_HOME"])
    base = environment.get("XDG_DATA_HOME")
    return (PurePath(base) if base else home / ".local" / "share") / APP


def config_file(environment: Mapping[str, str], home: PurePath) -> PurePath:
    """The organisation's facts: `KEYS_CONFIG`, else `keys.toml` in the XDG configuration folder."""
    if environment.get("KEYS_CONFIG"):
        return PurePath(environment["KEYS_CONFIG"])
    base = environment.get("XDG_CONFIG_HOME")
    return (PurePath(base) if base else home / ".config") / APP / "keys.toml"


def read_config(content: bytes, origin: str) -> Config:
    """Read `keys.toml`. Raises RefusedInput naming the line that can't be used."""
    if len(content) > MAX_BYTES:
        raise RefusedInput(f"{origin} is larger than 1 MiB; that is no file of settings.")
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RefusedInput(f"{origin} is not TOML: {error}. Mend that line, then try again.") from error
    except UnicodeDecodeError as error:
        raise RefusedInput(f"{origin} is not UTF-8 text. Save it as UTF-8, then try again.") from error
    except RecursionError as error:
        raise RefusedInput(f"{origin} is nested too deeply. Write it more simply, then try again.") from error
    inputs = document.get("inputs", {})
    if not isinstance(inputs, dict):
        raise RefusedInput(f"{origin}: `inputs` must be a table of names and texts.")
    for name, value in inputs.items():
        if not isinstance(value, str):
            raise RefusedInput(f'{origin}: {name} must be a text in quotes, such as {name} = "…".')
    return Config(inputs)
