"""Arguments are text until the KEY's schema says what they are; what does not fit never reaches a run."""

from __future__ import annotations

import json

import pytest
from throwaway import an_object, key_json

from runbook_keys.book.json_schema import refusals
from runbook_keys.book.key_arguments import typed, unfit_arguments, unfit_call
from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.book.keycalls import arguments_of
from runbook_keys.model.key import KeyMetadata

INPUTS = an_object(
    ("hours",),
    hours={"type": "integer", "minimum": 1},
    share={"type": "number"},
    all={"type": "boolean"},
    word={"type": "string"},
    codes={"type": "array", "items": {"type": "integer"}},
)


@pytest.fixture(scope="module")
def metadata() -> KeyMetadata:
    """A KEY with an argument of each type."""
    found, problems = read_key_metadata(json.dumps(key_json("python", inputs=INPUTS)).encode())
    assert found is not None, problems
    return found


def _unfit(metadata: KeyMetadata, text: str, **known: str) -> tuple[str, ...]:
    return unfit_call(metadata, arguments_of(text, 1, []), known)


def test_text_becomes_the_declared_type(metadata: KeyMetadata) -> None:
    """A whole number stays text where text is wanted."""
    texts = {"hours": "24", "share": "0.5", "all": "true", "word": "24", "codes": "[1, 2]"}
    assert typed(metadata, texts) == {"hours": 24, "share": 0.5, "all": True, "word": "24", "codes": [1, 2]}


@pytest.mark.parametrize("text", ["", "abc", "1e3x", "NaN", "Infinity", '"24"', "null", "[" * 5000])
def test_text_that_is_not_of_the_type_is_refused_by_the_schema(metadata: KeyMetadata, text: str) -> None:
    """It is not turned into something near."""
    assert any("`hours`" in reason for reason in unfit_arguments(metadata, typed(metadata, {"hours": text})))


def test_a_block_is_tried_before_the_run_with_the_values_that_are_known(metadata: KeyMetadata) -> None:
    """An input's value is looked at now; a capture counts as given and is looked at when it is there."""
    assert _unfit(metadata, "hours: $HOURS", HOURS="24") == ()
    assert _unfit(metadata, "hours: $CAPTURED") == ()
    assert any("minimum of 1" in reason for reason in _unfit(metadata, "hours: $HOURS", HOURS="0"))


def test_a_missing_and_an_unknown_argument_are_both_named(metadata: KeyMetadata) -> None:
    """Both faults of one call come at once."""
    reasons = " ".join(_unfit(metadata, "hour: 24\nother: $CAPTURED"))
    assert "`hours`" in reasons
    assert "`hour`" in reasons
    assert "`other`" in reasons


def test_no_refusal_tells_the_value(metadata: KeyMetadata) -> None:
    """What was refused may have been a secret in the wrong place."""
    reasons = unfit_arguments(metadata, {"hours": "sesame-open-1234", "share": "sesame-open-1234"})
    assert len(reasons) == 2
    assert not any("sesame" in reason for reason in reasons)


def test_a_pattern_that_explodes_is_no_match_at_once() -> None:
    """A hostile value can't keep a schema's pattern busy for ever."""
    schema = an_object(word={"type": "string", "pattern": "^(a|aa)+$"})
    assert refusals(schema, {"word": "a" * 5000 + "!"}, "the call")
