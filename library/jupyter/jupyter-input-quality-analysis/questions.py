"""Reads a log of questions and says of each whether it arrived damaged, and how."""

import json
import re
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

GARBLED, EMPTY, CUT, SHORT = "garbled", "empty", "cut", "short"
SIGNS = (GARBLED, EMPTY, CUT, SHORT)
SHORTEST = 0.01  # a length below this share of the older questions is short
LARGEST_BYTES = 1024 * 1024 * 1024
_STRANGE = re.compile("\ufffd|\u00c3[\u0080-\u00bf]|\u00e2\u0080|&#?\\w+;|[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Question:
    """One question as it arrived; `sign` is empty where it is whole."""

    at: str
    length: int
    sign: str


@dataclass(frozen=True)
class Reading:
    """The questions, oldest first, and what was usual for the `usual` older ones."""

    questions: list[Question]
    usual: int
    usual_length: float | None
    shortest: int
    left_out: int


def read(path: Path, last: int, usual_hours: float) -> Reading:
    """The newest `last` questions. Raises ValueError in an operator's words."""
    if not path.is_file():
        raise ValueError(f"{path} is not there; it should hold customers' questions.")
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"{path} has more than 1 GB. Cut it to the last week.")
    rows, left_out = _rows(path)
    texts = [(str(row.get("at", "")), row["question"]) for row in rows[-last:]]
    older = _older(texts, usual_hours)
    lengths = sorted(len(text.strip()) for text in older)
    shortest = lengths[int(SHORTEST * len(lengths))] if lengths else 0
    known = _known(older)
    prefixes = {word[:size] for word in known for size in range(1, len(word))} - known
    found = [Question(at, len(text.strip()), sign(text, shortest, known, prefixes)) for at, text in texts]
    return Reading(found, len(older), statistics.median(lengths) if lengths else None, shortest, left_out)


def sign(text: str, shortest: int, known: set[str], prefixes: set[str]) -> str:
    """How this question is damaged, the surest sign first; empty where it is whole."""
    whole = text.strip()
    if _STRANGE.search(whole):
        return GARBLED
    if not whole:
        return EMPTY
    last = _WORD.findall(whole.lower())[-1:]
    if last and whole[-1].isalpha() and last[0] in prefixes and last[0] not in known:
        return CUT
    return SHORT if len(whole) < shortest else ""


def _older(texts: list[tuple[str, str]], usual_hours: float) -> list[str]:
    """What was asked until `usual_hours` before the newest; the older half where the times can't be read."""
    try:
        until = datetime.fromisoformat(texts[-1][0]) - timedelta(hours=usual_hours)
        return [text for at, text in texts if datetime.fromisoformat(at) <= until]
    except (ValueError, TypeError):
        return [text for _, text in texts[: len(texts) // 2]]


def _known(texts: list[str]) -> set[str]:
    """Words that at least two of the texts hold: one typing slip makes no word."""
    seen = Counter(word for text in texts for word in set(_WORD.findall(text.lower())))
    return {word for word, times in seen.items() if times > 1}


def _rows(path: Path) -> tuple[list[dict[str, Any]], int]:
    found, left_out = [], 0
    for line in path.read_text("utf-8", "replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and isinstance(row.get("question"), str):
            found.append(row)
        else:
            left_out += bool(line.strip())
    if not found:
        raise ValueError(f"{path} holds no question. Each line should be an object with at and question.")
    return found, left_out
