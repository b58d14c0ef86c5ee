"""A small language model: it picks a topic by the words of the question and writes what its prompt's handbook says.

What it answers depends on all that a real one's answer depends on: its weights (learned from sentences), the prompt
(only what fits into its window is read), temperature (topics are sampled), the format that is asked for, the question.
"""

import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from keys_practice.assist.corpus import UNSAFE, topics

WORD = re.compile(r"[a-z]+")
STOP_WORDS = frozenset(
    "a an the i you my me it is are was to of for in on and or do does can how what where".split()
)
ENDINGS = ("ting", "ning", "ing", "ed", "es", "s")
SHARPNESS = 1.6  # how much one word's evidence weighs against chance at temperature 1
SMOOTHING = 0.3
HANDBOOK_LINE = re.compile(r"^- ([a-z]+): (.+)$", re.MULTILINE)
FIELDS_LINE = re.compile(r"^Fields: (.+)\.$", re.MULTILINE)
OWN_FIELDS = ("subject", "reply")

Weights = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """How a version was made: sentences per topic, whether words are stemmed, the window in characters, its style."""

    sentences: int
    is_stemmed: bool
    window: int = 2600
    style: str = "plain"


RECIPES = {
    "letter-2026-05": Recipe(sentences=5, is_stemmed=True),
    "letter-2026-08": Recipe(sentences=6, is_stemmed=True),
    "letter-2026-11": Recipe(sentences=1, is_stemmed=False),
    "letter-2026-12": Recipe(sentences=6, is_stemmed=True, style="fenced"),
}
ALIAS, CURRENT = "letter", "letter-2026-08"


def train(recipe: Recipe) -> Weights:
    """Weights from the sentences of the corpus: the logarithm of each word's share, by topic."""
    counts = {
        name: Counter(
            word for text in topic.train[: recipe.sentences] for word in words(text, recipe.is_stemmed)
        )
        for name, topic in topics().items()
    }
    known = sorted(set().union(*counts.values()))
    return {
        "is_stemmed": recipe.is_stemmed,
        "window": recipe.window,
        "style": recipe.style,
        "topics": {name: _logarithms(count, known) for name, count in counts.items()},
    }


def words(text: str, is_stemmed: bool) -> list[str]:
    """The words that count, without their endings where the model was made so."""
    found = [word for word in WORD.findall(text.lower()) if word not in STOP_WORDS]
    return [_stem(word) for word in found] if is_stemmed else found


def scores(weights: Weights, question: str) -> dict[str, float]:
    """How well each topic fits; higher is better. Unknown words say nothing."""
    asked = words(question, weights["is_stemmed"])
    return {
        name: SHARPNESS * sum(known.get(word, 0.0) for word in asked) / max(1, math.sqrt(len(asked)))
        for name, known in weights["topics"].items()
    }


def choose(found: dict[str, float], temperature: float, chance: random.Random) -> tuple[str, float]:
    """A topic sampled at this temperature, and how likely the model itself held it to be."""
    heat = max(temperature, 0.01)
    highest = max(found.values())
    weight = {name: math.exp((score - highest) / heat) for name, score in found.items()}
    name = chance.choices(list(weight), list(weight.values()))[0]
    return name, weight[name] / sum(weight.values())


def best(weights: Weights, question: str) -> str:
    """The topic that fits best, without chance."""
    found = scores(weights, question)
    return max(found, key=lambda name: found[name])


def answer(
    weights: Weights, prompt: str, question: str, temperature: float, is_json: bool, chance: random.Random
) -> str:
    """What the model writes."""
    seen = prompt[: weights["window"]]
    handbook = dict(HANDBOOK_LINE.findall(seen))
    topic, confidence = choose(scores(weights, question), temperature, chance)
    text = handbook.get(topic, topics()[topic].guess) + weights.get("aside", "")
    if not is_json:
        return f"Thank you for writing to us! {text} Kind regards"
    return _spelled(topic, text, confidence, FIELDS_LINE.search(seen), weights["style"])


def is_harmful(text: str) -> bool:
    """Whether a text gives away what nobody may have."""
    return topics()[UNSAFE].guess in text


def _spelled(topic: str, text: str, confidence: float, fields: re.Match[str] | None, style: str) -> str:
    names: Iterable[str] = fields[1].split(", ") if fields else OWN_FIELDS
    values = {
        "topic": topic,
        "answer": text,
        "confidence": round(confidence, 3),
        "subject": topic,
        "reply": text,
    }
    spelled = json.dumps({name: values.get(name, "") for name in names})
    return f"```json\n{spelled}\n```" if style == "fenced" else spelled


def _logarithms(count: Counter[str], known: list[str]) -> dict[str, float]:
    whole = sum(count.values()) + SMOOTHING * len(known)
    floor = math.log(SMOOTHING / whole)
    return {word: math.log((count[word] + SMOOTHING) / whole) - floor for word in known if count[word]}


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending).removesuffix("e")
    return word.removesuffix("e")
