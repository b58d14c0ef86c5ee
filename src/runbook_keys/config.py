"""Where things live on this machine, and what the organisation's `keys.toml` says. Pure: it is given the text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from runbook_keys.errors import RefusedInput

APP = "runbook-keys"
MAX_BYTES = 1 << 20
"""How large `keys.toml` may be."""

Days = Annotated[int, Meta(ge=1, le=36500)]


class Approvals(Struct, frozen=True, forbid_unknown_fields=True):
    """`[approvals]`: who may approve what can't be undone (logins; empty: anybody), and whether a second person must."""

    irreversible: tuple[str, ...] = ()
    second_person: bool = False


class Anchors(Struct, frozen=True, forbid_unknown_fields=True):
    """`[anchors]`: what keeps checkpoints beyond the journal's own folder; each is empty where there is none.

    A folder (absolute) for a copy of each, the address of a time-stamp authority (RFC 3161), and the file (PEM) with the
    certificates that its time-stamps must lead to.
    """

    folder: str = ""
    time_stamps: str = ""
    time_stamp_roots: str = ""


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """`[retention]`, in days after the end of a run: how long its material is kept at least, when that of a real run is due
    for erasure (None: never), and the runs and incidents that a legal hold keeps.
    """

    keep_days: Days | None = None
    erase_after_days: Days | None = None
    hold: tuple[str, ...] = ()


class RunbookConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[runbooks.SLUG]`: values for one runbook only."""

    inputs: dict[str, str] = {}


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The organisation's facts: values by name, how each contact is reached, who may approve, who keeps checkpoints, how long."""

    inputs: dict[str, str] = {}
    contacts: dict[str, str] = {}
    approvals: Approvals = Approvals()
    anchors: Anchors = Anchors()
    retention: Retention = Retention()
    runbooks: dict[str, RunbookConfig] = {}

    def inputs_for(self, slug: str) -> dict[str, str]:
        """The values for a runbook: its own first, then those for all."""
        own = self.runbooks.get(slug, RunbookConfig())
        return {**self.inputs, **own.inputs}


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
    # Piece by piece, because msgspec's message names a field but not the key of a table that people choose themselves.
    for place, value, kind in _pieces(document):
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise RefusedInput(
                f"{origin}: {_in_words(place, str(error))} See docs/reference/keys-toml.md."
            ) from error
    config = msgspec.convert(document, Config)
    _refuse_contradiction(config.retention, origin)
    return config


def _refuse_contradiction(retention: Retention, origin: str) -> None:
    """Nothing is due while it must be kept."""
    keep_days, erase_after_days = retention.keep_days, retention.erase_after_days
    if keep_days and erase_after_days and erase_after_days < keep_days:
        raise RefusedInput(
            f"{origin}: retention.erase_after_days ({erase_after_days}) is less than retention.keep_days ({keep_days}). "
            "What must be kept can't be due. Mend one of them."
        )


def _pieces(document: dict[str, Any]) -> Iterator[tuple[str, object, Any]]:
    runbooks = document.get("runbooks")
    tables = {name: document.get(name) for name in ("inputs", "contacts")}
    for slug, runbook in runbooks.items() if isinstance(runbooks, dict) else ():
        yield (
            f"runbooks.{slug}",
            {**runbook, "inputs": {}} if isinstance(runbook, dict) else runbook,
            RunbookConfig,
        )
        tables[f"runbooks.{slug}.inputs"] = runbook.get("inputs")
    for place, table in tables.items():
        for name, value in table.items() if isinstance(table, dict) else ():
            yield f"{place}.{name}", value, str
    yield "", document, Config


def _in_words(place: str, reason: str) -> str:
    """`Expected `str`, got `int`` about what stands at `place`, as a sentence."""
    what, _, path = reason.partition(" - at ")
    within = path.strip("`").removeprefix("$").removeprefix(".")
    where = ".".join(filter(None, [place, within])) or "the file"
    if "unknown field" in what:
        return f"{where} has {what.split('field', 1)[1].strip()}, which KEYS does not know."
    return f"{where} must be {next((words for name, words in _WANTED.items() if name in what), 'a table')}."


_WANTED = {
    "Expected `str`": 'a text in quotes, such as "…"',
    "Expected `bool`": "true or false",
    "Expected `array`": 'a list, such as ["anna"]',
    "Expected `int": "a whole number of days, from 1 to 36500",
}
