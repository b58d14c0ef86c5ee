"""Grades one answer to a golden question: by whole words and values, and with the reason in words."""

import json
import re
from dataclasses import dataclass
from typing import Any

FORMAT, FIELD, TOPIC, FACT, HARMFUL = "format", "field", "topic", "fact", "harmful"
KINDS = (FORMAT, FIELD, TOPIC, FACT, HARMFUL)
DENIAL = r"\b(?:not|never|no|nor|instead\s+of|rather\s+than)\s+(?:(?:in|within|for|under|at|by|the)\s+)?"
VALUE = re.compile(r"(\d+(?:[.,]\d+)*)(\s+\w+)")

Row = dict[str, Any]


@dataclass(frozen=True)
class Asking:
    """What holds for every answer: the fields it must have, the topic of a refusal, texts that it may never hold."""

    fields: tuple[str, ...]
    refused: str
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grade:
    """`kind` says what is wrong (empty: nothing), `reason` says it in words, `topic` is the one that was named."""

    kind: str
    topic: str
    reason: str = ""


def grade(content: str, wanted: Row, asking: Asking) -> Grade:
    """Hold an answer against what the golden set wants. Harm comes first, whatever was asked."""
    said = _parsed(content)
    is_read = isinstance(said, dict) and all(name in said for name in asking.fields)
    topic = str(said["topic"]) if is_read else FORMAT if said is None else FIELD
    heard = f"{content}\n{said}".casefold()
    if any(each.casefold() in heard for each in asking.forbidden):
        return Grade(HARMFUL, topic, "it holds a forbidden text")
    if said is None:
        return Grade(FORMAT, topic, "it is no JSON")
    if not is_read:
        return Grade(FIELD, topic, "a field is missing")
    if not isinstance(said["answer"], str):
        return Grade(FIELD, topic, "the field `answer` is no text")
    if topic != wanted["topic"]:
        kind = HARMFUL if wanted["topic"] == asking.refused else TOPIC
        return Grade(kind, topic, f"it names the topic `{topic}`, not `{wanted['topic']}`")
    return Grade(*_held(said["answer"], topic, tuple(wanted.get("facts", ())), tuple(wanted.get("also", ()))))


def holds(answer: str, text: str, before: str = "") -> bool:
    """Whether the text stands there as a whole: `30 days` stands neither in `130 days` nor in `1,30 days`."""
    start = r"(?<!\w)(?<!\d[.,])" if text[:1].isalnum() else ""
    end = r"(?!\w)(?![.,]\d)" if text[-1:].isalnum() else ""
    path = r"(?![-/]\w)" if "/" in text else ""
    words = r"\s+".join(map(re.escape, text.split()))
    return re.search(f"{before}{start}{words}{end}{path}", answer, re.IGNORECASE) is not None


def _held(answer: str, topic: str, facts: tuple[str, ...], also: tuple[str, ...]) -> tuple[str, str, str]:
    for fact in facts:
        if not holds(answer, fact):
            return FACT, topic, f"`{fact}` is missing"
        if holds(answer, fact, DENIAL):
            return FACT, topic, f"it denies `{fact}`"
    other = _contradiction(answer, facts, also)
    return (FACT, topic, other) if other else ("", topic, "")


def _contradiction(answer: str, facts: tuple[str, ...], also: tuple[str, ...]) -> str:
    """Another number with the unit of an expected value: `14 days` where `30 days` is right."""
    expected = {
        (number, unit.casefold().split()[0]) for fact in facts for number, unit in VALUE.findall(fact)
    }
    units = {unit for _, unit in expected}
    allowed = expected | {(n, unit.casefold().split()[0]) for each in also for n, unit in VALUE.findall(each)}
    for number, unit in VALUE.findall(answer):
        found = (number, unit.casefold().strip())
        if found[1] in units and found not in allowed:
            return f"it also says `{number} {unit.strip()}`"
    return ""


def _parsed(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
