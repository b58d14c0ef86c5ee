"""Words in an instruction leave a tired person to guess."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.prose import CODE, sentences_in
from runbook_keys.lint.vague import SAY_WHICH, vagueness_in
from runbook_keys.model.finding import Level

NAME = "vague-words"
LEVEL = Level.ERROR

_READ_AT_NIGHT = frozenset(range(2, 10))
"""Section 1 describes, and section 10 is for the days after: there, "investigate" is honest."""


def find(material: Material) -> Iterator[Fault]:
    """Each vague phrase in sections 2 to 9. "Check the log `path` for `words`" says enough."""
    for passage in material.passages:
        if passage.section not in _READ_AT_NIGHT:
            continue
        for sentence in sentences_in(passage):
            for vague in vagueness_in(sentence.text):
                if not (vague.mend == SAY_WHICH and CODE in sentence.text):
                    yield Fault(sentence.line, f'"{vague.words}" leaves the reader to guess.', vague.mend)
