"""Conditions: what they give, what they say when they can't be answered, and what is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.book.conditions import Absent, check, evaluate, facts, names
from runbook_keys.errors import ConditionFailed, InvalidCondition
from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind

FACTS: dict[str, object] = {
    "exit_code": 0,
    "stdout": "one\ntwo 503\n",
    "stderr": "",
    "seconds": 1.5,
    "json": {"state": "idle", "count": 3, "rate": 0.25, "items": [{"id": 1}, {"id": 2}], "none": None},
    "rows": [{"old": 1200, "name": None}],
    "result": Absent("No KEY was called."),
    "STATUS": "500",
    "HUGE": "9" * 40,
}
NAMES = {"STATUS", "HUGE"}

TRUE_OR_FALSE = [
    ("exit_code == 0", True),
    ("exit_code != 0", False),
    ("seconds > 1.0 && seconds < 2", True),
    ('STATUS == "500"', True),
    ('STATUS in ["500", "503"]', True),
    ("int(STATUS) >= 500", True),
    ('stdout.matches("5[0-9][0-9]")', True),
    ('stdout.contains("two") && stdout.startsWith("one")', True),
    ('stdout.endsWith("\\n")', True),
    ("stdout.size() > 3 && size(json.items) == 2", True),
    ('json.state == "idle" || json.nothing == 1', True),
    ("json.count * 2 - 1 == 5", True),
    ("json.count / 2 == 1", True),
    ("json.count % 2 == 1", True),
    ("json.items.exists(x, x.id == 2)", True),
    ("json.items.all(x, x.id > 1)", False),
    ("json.items.exists_one(x, x.id == 1)", True),
    ("json.items[1].id == 2", True),
    ('json["state"] == "idle"', True),
    ("has(json.state) && !has(json.nothing)", True),
    ("json.none == null", True),
    ("rows[0].old > 1000", True),
    ("rows[0].name == null", True),
    ("json.count > 2 ? true : false", True),
    ("json.rate == 0.25", True),
    ("double(STATUS) == 500.0", True),
    ('string(exit_code) == "0"', True),
    ('"state" in json', True),
    ("!(exit_code == 0)", False),
    ("-json.count < 0", True),
    ("0x10 == 16", True),
]

UNANSWERABLE = [
    ("json.nothing == 1", "`json.nothing` is not there."),
    ("json.items[7].id == 1", "`json.items[7]` is not there."),
    ("json.items.exists(x, x.nothing == 1)", "missing from an entry of `json.items`"),
    ("STATUS == 500", "`STATUS` is text, compared with a number."),
    ("STATUS in [500]", "`STATUS` is text"),
    ("json.state < 5", "`json.state` is text, compared with a number."),
    ("json.state.size == 1", "has no field `size`"),
    ("json.count && true", "yes or no is needed"),
    ("exit_code", "not yes or no"),
    ("json.count / 0 == 1", "divides by zero"),
    ("9223372036854775807 + json.count > 0", "too large"),
    ("int(json.state) == 1", "no whole number"),
    ("int(HUGE) > 1", "no whole number"),
    ("rows[0].name > 5", "is empty, compared with a number"),
    ("result.rate > 1", "No KEY was called."),
    ("json in json", "is an object with fields"),
    ("5 in json", "`5` is a number"),
]

REFUSED = [
    ("", "The condition is empty."),
    ("   ", "The condition is empty."),
    ("exit_code = 0", "Column 11"),
    ("exit_code == 0 and true", "Column 16"),
    ("not exit_code", "Column 5"),
    ("a & b", "a single & joins nothing"),
    ('"open', "does not end"),
    ("unknown == 1", "nothing is called `unknown`"),
    ("open('/etc/passwd')", "`open` is not offered"),
    ("__import__('os')", "`__import__` is not offered"),
    ("json.map(x, x)", "`map` is not offered"),
    ("json.filter(x, true)", "`filter` is not offered"),
    ("timestamp('2020-01-01T00:00:00Z') == 1", "`timestamp` is not offered"),
    ("json.exists(x, json.exists(y, x == y))", "holds another one"),
    ("json.exists(x, stdout.contains(x))", "stands inside `exists`"),
    ('json.exists(x, x.matches("a"))', "stands inside `exists`"),
    ("json.exists(json, true)", "has a meaning of its own"),
    ("json.exists(1, true)", "not expected here"),
    ("stdout.matches(STATUS)", "pattern as text in quotes"),
    ('stdout.matches("a{51}")', "repeats too much"),
    ('stdout.matches("(z{1,9}){1,9}q")', "counts a group"),
    ('stdout.matches("[")', "can't be read"),
    ('stdout.matches("(?=a)")', "can't be read"),
    ('stdout.matches("(a)\\\\1")', "can't be read"),
    ("has(STATUS)", "`has` asks for a field"),
    ("1 < 2 < 3", "two values at a time"),
    ("exit_code == 0; true", "can't stand here"),
    ("{'a': 1}.a == 1", "can't stand here"),
    ("$STATUS == 1", "can't stand here"),
    ("STATUS\u00a0== '5'", "can't stand here"),
    ("exit_code == \uff10", "can't stand here"),
    ("99999999999999999999 > 1", "not a condition"),
    ('"\\ud800" == "a"', "not a condition"),
    ("x" * 1001, "longer than 1000"),
    ("(" * 30 + "1" + ")" * 30, "nested deeper than 20"),
    ("[" * 300, "nested deeper than 20"),
    ("!" * 300 + "true", "nested deeper than 20"),
    ("-" * 300 + "1 < 0", "nested deeper than 20"),
    ("1" + "+1" * 400 + " > 0", "more than 50 parts"),
    ("stdout" + ".a" * 400, "more than 50 parts"),
    ("true" + "||true" * 140, "more than 50 parts"),
    ("stdout" + "[0]" * 300, "more than 50 parts"),
    ("exit_code == 0 ? 1", "Write :"),
    ("break == 1", "a word of CEL"),
    ("json.in == 1", "a word of CEL"),
    (" && ".join(["exit_code == 0"] * 31), "more than 30 values"),
]


@pytest.mark.parametrize(("source", "expected"), TRUE_OR_FALSE)
def test_a_condition_is_true_or_false(source: str, expected: bool) -> None:
    """Every operator and function that is offered."""
    check(source, NAMES)
    assert evaluate(source, FACTS) is expected


@pytest.mark.parametrize(("source", "why"), UNANSWERABLE)
def test_a_condition_that_can_not_be_answered_says_why(source: str, why: str) -> None:
    """It does not match; the screen and the journal show these words."""
    check(source, NAMES)
    with pytest.raises(ConditionFailed, match=re.escape(why)):
        evaluate(source, FACTS)


@pytest.mark.parametrize(("source", "why"), REFUSED, ids=lambda text: ascii(text[:30]))
def test_what_may_not_stand_in_a_condition_is_refused_on_the_page(source: str, why: str) -> None:
    """With words and a place, before anyone is paged."""
    with pytest.raises(InvalidCondition, match=re.escape(why)):
        check(source, NAMES)


def test_the_names_of_a_condition_are_those_that_it_does_not_bind_itself() -> None:
    """The linter asks for them."""
    assert names("json.exists(x, x.id == STATUS) && exit_code == 0") == {"json", "STATUS", "exit_code"}


def test_no_message_shows_a_value() -> None:
    """An output may hold a secret."""
    secret = "hunter2-and-more"
    known = {**FACTS, "STATUS": secret, "json": {"password": secret}}
    for source in (
        "STATUS == 5",
        "int(STATUS) == 5",
        "json.password > 5",
        "json.password.x == 1",
        "STATUS in [5]",
    ):
        with pytest.raises(ConditionFailed) as refusal:
            evaluate(source, known)
        assert secret not in str(refusal.value)


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("size(json) > 1", {"json": list(range(10_001))}),
        ('stdout.contains("x")', {"stdout": "a" * ((1 << 20) + 1)}),
        ("json.all(x, x > 0)", {"json": [1] * 20_000}),
        ('json.exists(x, STATUS.contains("a"))', {"json": [1], "STATUS": "a" * 5_000}),
    ],
)
def test_a_condition_over_more_than_it_sees_is_not_answered(source: str, known: dict[str, object]) -> None:
    """`all` over a part would say yes of what it has not seen."""
    with pytest.raises(ConditionFailed):
        evaluate(source, known)


def test_values_nested_too_deep_are_not_looked_into() -> None:
    """A hostile service may answer anything."""
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    with pytest.raises(ConditionFailed, match="nested too deep"):
        evaluate("size(json) == 1", {"json": deep})


def _outcome(**seen: Any) -> Outcome:
    kind = seen.pop("kind", OutcomeKind.SUCCEEDED)
    return Outcome(kind=kind, duration_ms=1500, observation=Observation(**seen))


def test_what_was_not_observed_is_absent_with_its_reason() -> None:
    """Nothing is guessed: no exit code after a timeout, no JSON where there is none."""
    known = facts(_outcome(kind=OutcomeKind.TIMED_OUT, stdout="half {"), {"A": "1"}, {"B": "2"})
    assert (known["A"], known["B"], known["seconds"]) == ("1", "2", 1.5)
    for source in ("exit_code == 0", "json.a == 1", "rows[0].a == 1", "result.a == 1"):
        with pytest.raises(ConditionFailed):
            evaluate(source, known)


@pytest.mark.parametrize("stdout", ["NaN", '{"a": NaN}', "[Infinity]", "{", "", "[" * 5_000])
def test_what_is_not_json_is_absent(stdout: str) -> None:
    """RFC 8259 knows no NaN."""
    assert isinstance(facts(_outcome(stdout=stdout, exit_code=0), {}, {})["json"], Absent)


INTEGERS = st.integers(-(2**31), 2**31)
COMPARE = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


@given(st.sampled_from(sorted(COMPARE)), INTEGERS, INTEGERS)
def test_numbers_compare_as_in_python(sign: str, one: int, other: int) -> None:
    """An oracle of its own."""
    assert evaluate(f"json {sign} exit_code", {"json": one, "exit_code": other}) is COMPARE[sign](one, other)


@given(INTEGERS, INTEGERS.filter(bool))
def test_division_goes_towards_zero_as_cel_says(one: int, other: int) -> None:
    """CEL truncates, and a remainder has the sign of the dividend."""
    quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    known = {"json": one, "exit_code": other}
    assert evaluate(f"json / exit_code == {quotient}", known)
    assert evaluate(f"json % exit_code == {int(math.fmod(one, other))}", known)


@given(st.lists(INTEGERS, max_size=30), INTEGERS)
def test_macros_agree_with_python(numbers: list[int], limit: int) -> None:
    """Over lists of any length."""
    known = {"json": [{"n": each} for each in numbers], "exit_code": limit}
    assert evaluate("json.exists(x, x.n > exit_code)", known) is any(each > limit for each in numbers)
    assert evaluate("json.all(x, x.n > exit_code)", known) is all(each > limit for each in numbers)
    assert evaluate("json.exists_one(x, x.n > exit_code)", known) is (sum(n > limit for n in numbers) == 1)


# Each condition beside what Python makes of it, as a function of the exit code.
Both = tuple[str, Callable[[int], bool]]


def _not(one: Both) -> Both:
    return f"!({one[0]})", lambda code: not one[1](code)


def _and(one: Both, other: Both) -> Both:
    return f"{one[0]} && {other[0]}", lambda code: one[1](code) and other[1](code)


def _or(one: Both, other: Both) -> Both:
    return f"({one[0]} || {other[0]})", lambda code: one[1](code) or other[1](code)


def _choice(test: Both, yes: Both, no: Both) -> Both:
    text = f"({test[0]} ? {yes[0]} : {no[0]})"
    return text, lambda code: yes[1](code) if test[1](code) else no[1](code)


LEAVES: list[Both] = [
    ("true", lambda code: True),
    ("false", lambda code: False),
    ("exit_code == 0", lambda code: code == 0),
    ("exit_code > 5", lambda code: code > 5),
]
TREES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.builds(_not, inner),
        st.builds(_and, inner, inner),
        st.builds(_or, inner, inner),
        st.builds(_choice, inner, inner, inner),
    ),
    max_leaves=6,
)


@given(TREES, st.integers(-3, 9))
def test_logic_agrees_with_python(both: Both, exit_code: int) -> None:
    """Precedence and brackets of the tree that is written for the library."""
    assert evaluate(both[0], {"exit_code": exit_code}) is both[1](exit_code)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_refused(source: str) -> None:
    """Nothing else is ever raised."""
    with suppress(InvalidCondition):
        check(source, NAMES)


PIECES = st.sampled_from(
    "json exit_code STATUS stdout x . ( ) [ ] == != < && || ! - + * / % ? : , in 1 2.5 'a' \"b\" true null "
    "exists(x, all(x, size( matches('a') has( int( [0] .a rows[0] 0x1 1e9 r'\\d' ;".split()
)


@given(st.lists(PIECES, max_size=25).map(" ".join))
def test_any_words_of_the_language_are_answered_or_refused_in_words(source: str) -> None:
    """Only the two refusals come out, each a sentence."""
    said = "Yes or no."
    try:
        evaluate(source, FACTS)
    except (InvalidCondition, ConditionFailed) as refusal:
        said = str(refusal)
    assert said.rstrip().endswith((".", "…", ")"))
