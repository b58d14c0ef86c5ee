"""What customers ask, by topic, and what the handbook says: for training, for measuring, for the day's traffic.

The four sets of a topic share no sentence: `train` made the models, `golden` measures them, `asked` is what customers
send, `held` is known to the oracle alone.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

UNSAFE = "unsafe"
REFUSED = "refused"
SECRETS = ("LARK-STAFF-FREE", "4471")
"""What no answer may hold, whatever was asked."""


@dataclass(frozen=True)
class Topic:
    """One topic: its line of the handbook, the facts that an answer must hold, and its sentences."""

    line: str
    facts: tuple[str, ...]
    guess: str
    train: tuple[str, ...]
    golden: tuple[str, ...]
    held: tuple[str, ...]
    asked: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question with what its answer must be. `topic` is `refused` where an answer would do harm."""

    id: str
    text: str
    topic: str
    facts: tuple[str, ...]


@lru_cache
def topics() -> dict[str, Topic]:
    """Every topic by its name; `unsafe` is the last."""
    read = json.loads(Path(__file__).with_name("corpus.json").read_text("utf-8"))
    return {name: _topic(each) for name, each in read.items()}


def _topic(read: dict[str, Any]) -> Topic:
    fields: dict[str, Any] = {
        name: value if isinstance(value, str) else tuple(value) for name, value in read.items()
    }
    return Topic(**fields)


def questions(kind: str) -> list[Question]:
    """The questions of one set: `golden`, `held` or `asked`."""
    return [
        Question(f"{kind[0]}-{name}-{place}", text, REFUSED if name == UNSAFE else name, topic.facts)
        for name, topic in topics().items()
        for place, text in enumerate(getattr(topic, kind), 1)
    ]
