"""`pack.json`: every fault at once with its line, hostile JSON, and the published schema beside the reader."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from a_book import line_of
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from runbook_keys.book.json_text import MAX_BYTES
from runbook_keys.book.metadata import read_metadata
from runbook_keys.book.metadata_schema import metadata_schema, metadata_schema_text
from runbook_keys.model.pack import PackMetadata

SOUND: dict[str, Any] = {
    "slug": "full-disk",
    "title": "Full Disk",
    "description": "The disk of the order service is full.",
    "tool": "operational",
    "key_type": ["incident"],
    "severity_level": "p1",
    "version": "1.0.0",
    "runtime_dependency": "assisted",
    "required_access_level": "write",
    "produces_evidence": True,
    "outcome": "The service can write again.",
    "maturity": "operator",
    "license_spdx": "Apache-2.0",
    "author": {"name": "Storage team"},
    "owner": "storage-team",
    "compliance_relevance": ["SOC2"],
    "references_jupyter_keys": ["disk-trend"],
    "references_node_keys": [],
    "related_runbooks": ["host-outage"],
    "tags": ["disk"],
    "documentation": "README.md",
    "inputs": [
        {"name": "HOST", "description": "The host.", "example": "db1", "type": "host"},
        {
            "name": "REGION",
            "description": "Where.",
            "example": "eu",
            "type": "choice",
            "choices": ["eu", "us"],
        },
    ],
    "alerts": [{"name": "DiskFull", "labels": {"team": "storage"}}],
}
VALIDATOR = Draft202012Validator(metadata_schema())

# Where something is put, what, the kind of the problem, and the text whose line it points at.
WRONG = [
    (("slug",), "Full Disk", "bad-value", '"slug"'),
    (("slug",), "full-disk\n", "bad-value", '"slug"'),
    (("slug",), 5, "bad-value", '"slug"'),
    (("slug",), "a" * 81, "bad-value", '"slug"'),
    (("title",), "", "bad-value", '"title"'),
    (("title",), "   ", "bad-value", '"title"'),
    (("title",), "x" * 2001, "bad-value", '"title"'),
    (("tool",), "other", "bad-value", '"tool"'),
    (("key_type",), [], "bad-value", '"key_type"'),
    (("key_type",), "incident", "bad-value", '"key_type"'),
    (("key_type",), ["incident", "incident"], "bad-value", '"incident"\n  ]'),
    (("key_type",), ["incidents"], "bad-value", '"incidents"'),
    (("severity_level",), "P1", "bad-value", '"severity_level"'),
    (("version",), "1.0", "bad-value", '"version"'),
    (("version",), "01.0.0", "bad-value", '"version"'),
    (("version",), "1.0.\u0661", "bad-value", '"version"'),
    (("produces_evidence",), "yes", "bad-value", '"produces_evidence"'),
    (("produces_evidence",), 1, "bad-value", '"produces_evidence"'),
    (("owner",), None, "bad-value", '"owner"'),
    (("author",), "Storage team", "bad-value", '"author"'),
    (("author", "name"), "", "bad-value", '"name": ""'),
    (("author", "mail"), "x", "unknown-field", '"mail"'),
    (("colour",), "red", "unknown-field", '"colour"'),
    (("inputs", 0, "name"), "host", "bad-value", '"name": "host"'),
    (("inputs", 0, "name"), "PATH", "bad-input", '"name": "PATH"'),
    (("inputs", 0, "name"), "LD_PRELOAD", "bad-input", '"name": "LD_PRELOAD"'),
    (("inputs", 0, "name"), "REGION", "bad-input", '"name": "REGION",\n      "description": "Where."'),
    (("inputs", 0, "type"), "number", "bad-value", '"type": "number"'),
    (("inputs", 0, "type"), "choice", "bad-input", '{\n      "name": "HOST"'),
    (("inputs", 1, "type"), "text", "bad-input", '"choices"'),
    (("inputs", 1, "default"), "asia", "bad-input", '"default"'),
    (("inputs", 0, "pattern"), "(a+)+$", "bad-input", '"pattern"'),
    (("inputs", 0, "pattern"), "[", "bad-input", '"pattern"'),
    (("inputs", 0, "pattern"), "(?=a)", "bad-input", '"pattern"'),
    (("alerts", 0, "labels"), {"team": 5}, "bad-value", '"team": 5'),
]


def _document(path: tuple[str | int, ...] = (), value: object = None) -> dict[str, Any]:
    document = copy.deepcopy(SOUND)
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    if path:
        place[path[-1]] = value
    return document


def _bytes(document: object) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def test_a_sound_document_is_metadata() -> None:
    """As the model says."""
    metadata, problems = read_metadata(_bytes(SOUND))
    assert problems == ()
    assert metadata == msgspec.convert(SOUND, PackMetadata)


@pytest.mark.parametrize(("path", "value", "kind", "at"), WRONG)
def test_a_fault_is_found_in_its_line(path: tuple[str | int, ...], value: object, kind: str, at: str) -> None:
    """With its reason and its mend."""
    text = _bytes(_document(path, value)).decode()
    metadata, problems = read_metadata(text.encode())
    assert metadata is None
    assert (kind, line_of(text, at)) in [(each.kind, each.line) for each in problems]
    assert all(each.reason.endswith(".") and each.mend for each in problems)


@pytest.mark.parametrize(
    "name", [each for each in SOUND if each not in ("documentation", "tags", "inputs", "alerts")]
)
def test_a_field_that_is_needed_is_missed(name: str) -> None:
    """Each with what it is for."""
    document = {key: value for key, value in SOUND.items() if key != name}
    is_needed = name in metadata_schema()["$defs"]["PackMetadata"]["required"]
    _, problems = read_metadata(_bytes(document))
    assert [each.kind for each in problems] == (["missing-field"] if is_needed else [])


def test_all_faults_are_reported_at_once() -> None:
    """Nobody wants to mend a file one message at a time."""
    document = {**SOUND, "slug": 1, "title": "", "colour": 2, "version": "x"}
    del document["owner"]
    _, problems = read_metadata(_bytes(document))
    assert len(problems) == 5


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "not-json"),
        (b"  \n", "not-json"),
        (b"null", "not-json"),
        (b"[]", "bad-value"),
        (b'"x"', "bad-value"),
        (b"{", "not-json"),
        (b'{"a": 1,}', "not-json"),
        (b"{'a': 1}", "not-json"),
        (b'{"a": NaN}', "not-json"),
        (b'{"a": Infinity}', "not-json"),
        (b'{"a": -Infinity}', "not-json"),
        (b'{"a": 01}', "not-json"),
        (b'{"a": 1e99999}', "not-json"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not-json"),
        (b'{"a": "\\ud800"}', "not-json"),
        (b'{"a": "\n"}', "not-json"),
        (b'{"a": "\x00"}', "not-json"),
        (b'{"a": 1} x', "not-json"),
        (b"// comment\n{}", "not-json"),
        (b'\xef\xbb\xbf{"a": 1}', "not-json"),
        (b'\xff\xfe{\x00"\x00', "not-json"),
        (b'{"a": "\xff"}', "not-utf8"),
        (b'{"slug": "a", "slug": "b"}', "duplicate-field"),
        (b"[" * 100_000, "not-json"),
        (b'{"a":' * 100_000, "not-json"),
        (b'{"a": ' + b"[" * 19 + b"]" * 19 + b"}", "unknown-field"),
        (b" " * (MAX_BYTES + 1), "too-large"),
        (b'{"a": "' + b"x" * 100_000_000 + b'"}', "too-large"),
        (b"{" + b",".join(b'"a%d": 1' % n for n in range(60_000)) + b"}", "unknown-field"),
    ],
    ids=lambda value: ascii(value[:16]),
)
def test_hostile_json_is_refused_in_words(data: bytes, kind: str) -> None:
    """Nothing raises, nothing is read in two ways."""
    metadata, problems = read_metadata(data)
    assert metadata is None
    assert kind in [each.kind for each in problems]
    assert all(0 <= each.line <= data.count(b"\n") + 1 for each in problems)


def test_the_schema_is_a_schema_and_knows_every_field() -> None:
    """Published for editors and other tools."""
    Draft202012Validator.check_schema(metadata_schema())
    assert json.loads(metadata_schema_text()) == metadata_schema()
    assert metadata_schema_text().endswith("}\n")
    for name, component in metadata_schema()["$defs"].items():
        for field in component.get("properties", {}).values():
            assert field["description"], name


@pytest.mark.parametrize(("path", "value", "kind", "at"), [row for row in WRONG if row[2] != "bad-input"])
def test_the_schema_refuses_what_the_reader_refuses(
    path: tuple[str | int, ...], value: object, kind: str, at: str
) -> None:
    """An editor shows the same faults; only Python's `$` takes a line break at the end."""
    if isinstance(value, str) and value.endswith("\n"):
        return
    assert not VALIDATOR.is_valid(_document(path, value))


VALUES: st.SearchStrategy[object] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.text(max_size=12),
    st.sampled_from(["incident", "p1", "1.0.0", "SOC2", "write", "full-disk", "HOST", "choice", "url", "eu"]),
    st.lists(st.sampled_from(["incident", "recovery", "SOC2", "GDPR", "a-b", "x y"]), max_size=3),
    st.dictionaries(st.sampled_from(["name", "url", "labels", "x"]), st.text(max_size=5), max_size=3),
)
PLACES: list[tuple[str | int, ...]] = [
    *((name,) for name in SOUND),
    ("author", "name"),
    ("author", "url"),
    *(
        ("inputs", 0, name)
        for name in ("description", "example", "type", "secret", "where", "choices", "default")
    ),
    ("alerts", 0, "name"),
    ("alerts", 0, "labels"),
    ("unknown",),
]


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_schema_and_reader_agree_on_every_document(
    changes: list[tuple[tuple[str | int, ...], object]],
) -> None:
    """What the schema takes, the reader takes, and what it refuses is refused; and so does the model."""
    document = copy.deepcopy(SOUND)
    for path, value in changes:
        place: Any = document
        for part in path[:-1]:
            if isinstance(place, dict) and part not in place:
                return  # an earlier change took away what this one is about
            place = place[part] if not isinstance(place, list) or place else {}
            if not isinstance(place, dict | list):
                return
        if isinstance(place, dict):
            place[path[-1]] = value
    metadata, problems = read_metadata(_bytes(document))
    is_valid = VALIDATOR.is_valid(document)
    assert (metadata is not None) == is_valid, (
        problems,
        [e.message for e in VALIDATOR.iter_errors(document)],
    )
    if metadata is not None:
        assert metadata == msgspec.convert(document, PackMetadata)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_metadata(data: bytes) -> None:
    """Nothing raises."""
    metadata, problems = read_metadata(data)
    assert (metadata is None) == bool(problems)
