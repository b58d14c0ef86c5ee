"""`key.json` is read with every fault at once, and says the same as its published schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from throwaway import an_object, key_json

from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.book.key_schema import key_schema
from runbook_keys.model.key import KeyMetadata


def _read(document: Any) -> tuple[KeyMetadata | None, list[str]]:
    metadata, problems = read_key_metadata(json.dumps(document, indent=1).encode())
    return metadata, [f"{problem.line}: {problem.reason}" for problem in problems]


@pytest.mark.parametrize("tool", ["jupyter", "node", "python"])
def test_a_sound_key_json_is_read_and_satisfies_the_published_schema(tool: str) -> None:
    """The two ways of looking at the same file agree on what is right."""
    document = key_json(tool)
    metadata, problems = _read(document)
    assert (problems, metadata is not None and metadata.slug) == ([], document["slug"])
    jsonschema.Draft202012Validator(key_schema()).validate(document)


def test_the_published_schema_is_itself_a_schema() -> None:
    """An editor that loads it finds nothing wrong with it."""
    jsonschema.Draft202012Validator.check_schema(key_schema())


def test_all_faults_are_told_at_once_each_with_its_line() -> None:
    """An author mends a file once, not once for every fault in it."""
    document = {**key_json("node"), "timeout_seconds": 0, "entri": 1, "safety": "SAVE"}
    del document["owner"]
    _, problems = _read(document)
    assert len(problems) == 4
    assert any("`entri` is not a field" in each for each in problems)
    lines = json.dumps(document, indent=1).split("\n")
    told = next(each for each in problems if "timeout_seconds" in each)
    assert '"timeout_seconds": 0' in lines[int(told.split(":")[0]) - 1]


@pytest.mark.parametrize(
    ("tool", "changed", "words"),
    [
        ("node", {"slug": "python-cache-purge"}, "is not called"),
        ("node", {"entry": "main.py"}, "does not run main.py"),
        ("jupyter", {"questions": []}, "answers no question"),
        ("node", {"questions": ["Why?"]}, "are for notebooks"),
        ("node", {"side_effects": ["a restart"]}, "has side effects"),
        ("node", {"safety": "IRREVERSIBLE", "side_effects": []}, "names no side effect"),
        ("node", {"safety": "REVERSIBLE", "undo": " "}, "does not say how"),
        ("node", {"safety": "IRREVERSIBLE", "manual_alternative": ""}, "by hand"),
    ],
)
def test_what_the_reader_refuses_the_published_schema_refuses_too(
    tool: str, changed: dict[str, Any], words: str
) -> None:
    """An editor with the schema warns of the same faults as `keys`."""
    document = key_json(tool, **changed)
    metadata, problems = _read(document)
    assert metadata is None
    assert any(words in each for each in problems), problems
    assert not jsonschema.Draft202012Validator(key_schema()).is_valid(document)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"inputs": {"type": "object", "properties": {}}}, "lets anything else pass"),
        ({"inputs": {"type": "list"}}, "not a JSON Schema"),
        ({"inputs": {"$ref": "https://example.com/schema.json"}}, "leads outside"),
        ({"inputs": {**an_object(), "properties": {"n": {}}}}, "no description"),
        ({"inputs": {**an_object(), "properties": {"n": True}}}, "no description"),
        ({"inputs": an_object(("n",))}, "requires `n`"),
        ({"inputs": an_object(Big={"type": "string"})}, "name of an argument"),
        ({"inputs": an_object(dry_run={"type": "boolean"})}, "option of `keys call`"),
        ({"secrets": ["token"]}, "is no argument"),
        ({"secrets": ["n"], "inputs": an_object(n={"type": "integer"})}, "is not text"),
        ({"secrets": ["n"], "inputs": an_object(n={"type": "string", "default": "x"})}, "has a default"),
        ({"environment": ["LD_PRELOAD"]}, "LD_PRELOAD"),
    ],
)
def test_what_a_schema_cannot_say_is_checked_too(changed: dict[str, Any], words: str) -> None:
    """Arguments that nobody could give, secrets that everybody could read: refused on the page."""
    metadata, problems = _read(key_json("python", **changed))
    assert metadata is None
    assert any(words in each for each in problems), problems


@pytest.mark.parametrize(
    "text", [b"", b"null", b"[]", b'{"slug": ', b"\xff", b'{"inputs": {"properties": []}}']
)
def test_rubbish_is_a_problem_and_no_crash(text: bytes) -> None:
    """Whatever stands in the file, the reader says what is wrong with it."""
    metadata, problems = read_key_metadata(text)
    assert metadata is None
    assert problems
