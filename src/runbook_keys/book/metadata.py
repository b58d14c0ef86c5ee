"""`pack.json`: read whole, with every fault named at once, and its published JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec.structs import fields

from runbook_keys.book.problem import Problem
from runbook_keys.model.names import refused_name
from runbook_keys.model.pack import DeclaredInput, PackMetadata

MAX_BYTES = 1 << 20
MAX_DEPTH = 20

Problems = tuple[Problem, ...]


def read_metadata(data: bytes) -> tuple[PackMetadata | None, Problems]:
    """The metadata, or None with everything that is wrong with it."""
    if len(data) > MAX_BYTES:
        return None, (_problem(0, "it is larger than 1 MiB.", "Keep only what describes the pack."),)
    try:
        text = data.decode("utf-8")
        document = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except UnicodeDecodeError:
        return None, (_problem(0, "it is not UTF-8.", "Save it as UTF-8."),)
    except json.JSONDecodeError as error:
        return None, (_problem(error.lineno, f"it is not JSON: {error.msg}.", "Mend this line."),)
    except (ValueError, RecursionError) as error:
        return None, (
            _problem(
                _line_of(data, _quoted(str(error))), str(error)[:200], "Write each thing once, as JSON."
            ),
        )
    if not isinstance(document, dict):
        return None, (_problem(1, "it is not an object.", "Write { … } with the fields of a pack."),)
    return _of_document(document, text)


def _of_document(document: dict[str, Any], text: str) -> tuple[PackMetadata | None, Problems]:
    found = [*_unknown(document, text), *_missing(document), *_unfit(document, text)]
    if found:
        return None, tuple(found)
    metadata = msgspec.convert(document, PackMetadata, strict=True)
    found = _input_faults(metadata, text)
    return (None, tuple(found)) if found else (metadata, ())


def metadata_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `pack.json`."""
    schema = msgspec.json.schema(PackMetadata)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pack.json of a Runbook KEY",
        **schema,
    }


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f'"{name}" stands twice in one object.')
        found[name] = value
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON.")


def _unknown(document: Mapping[str, Any], text: str) -> list[Problem]:
    known = [each.encode_name for each in fields(PackMetadata)]
    return [
        _problem(_line(text, name), f'nothing is called "{name[:60]}".', _did_you_mean(name, known))
        for name in document
        if name not in known
    ]


def _did_you_mean(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f'Did you mean "{near[0]}"?' if near else "Leave it out."


def _missing(document: Mapping[str, Any]) -> list[Problem]:
    return [
        _problem(0, f'"{each.encode_name}" is missing.', "Add it; docs/reference/pack.md says what it means.")
        for each in fields(PackMetadata)
        if each.required and each.encode_name not in document
    ]


def _unfit(document: Mapping[str, Any], text: str) -> list[Problem]:
    """Each field by itself, so that one fault does not hide the next."""
    found = []
    for each in fields(PackMetadata):
        if each.encode_name not in document:
            continue
        try:
            msgspec.convert(document[each.encode_name], each.type, strict=True)
        except msgspec.ValidationError as error:
            where = str(error).replace("`$", f"`{each.encode_name}")
            reason = f'"{each.encode_name}" does not fit: {where}.'
            found.append(_problem(_line(text, each.encode_name), reason, "See docs/reference/pack.md."))
    return found


def _input_faults(metadata: PackMetadata, text: str) -> list[Problem]:
    found = []
    seen: set[str] = set()
    for wanted in metadata.inputs:
        line = _line_of_value(text, wanted.name)
        found += [
            _problem(line, f"input {wanted.name}: {reason}", "Change it.")
            for reason in _faults_of(wanted, seen)
        ]
        seen.add(wanted.name)
    return found


def _faults_of(wanted: DeclaredInput, seen: set[str]) -> list[str]:
    refused = refused_name(wanted.name)
    faults = [refused] if refused else []
    if wanted.name in seen:
        faults.append("it is declared twice.")
    if wanted.secret and wanted.default is not None:
        faults.append("a secret must not have a default in a file that everyone reads.")
    if wanted.pattern is not None and not _is_regex(wanted.pattern):
        faults.append("its pattern is not a regular expression.")
    return faults


def _is_regex(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _line(text: str, name: str) -> int:
    return _line_of(text.encode(), f'"{name}"')


def _line_of_value(text: str, value: str) -> int:
    return _line_of(text.encode(), f'"{value}"')


def _line_of(data: bytes, needle: str) -> int:
    at = data.find(needle.encode()) if needle else -1
    return data.count(b"\n", 0, at) + 1 if at >= 0 else 0


def _quoted(message: str) -> str:
    match = re.match(r'"[^"]*"', message)
    return match.group() if match else ""


def _problem(line: int, reason: str, mend: str) -> Problem:
    return Problem(line, "metadata", reason, mend)
