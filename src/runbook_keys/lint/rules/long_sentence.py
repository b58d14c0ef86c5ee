"""A sentence is too long to be understood at 3 AM."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.prose import sentences_in
from runbook_keys.model.finding import Level

NAME = "long-sentence"
LEVEL = Level.WARNING

MOST_WORDS = 20
_READ_AT_NIGHT = frozenset(range(2, 9))


def find(material: Material) -> Iterator[Fault]:
    """Each sentence of more than 20 words in sections 2 to 8."""
    for passage in material.passages:
        if passage.section not in _READ_AT_NIGHT:
            continue
        for sentence in sentences_in(passage):
            if sentence.words > MOST_WORDS:
                reason = f"This sentence has {sentence.words} words; more than {MOST_WORDS} are hard to follow at night."
                yield Fault(
                    sentence.line, reason, "Split it: the condition first, one instruction in each sentence."
                )
