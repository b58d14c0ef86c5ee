"""What a block needs: which of the run's values its constant text speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runbook_keys.model.runbook import Block

_NAME = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]*(?![A-Za-z0-9_])")


def names_in(block: Block, known: Iterable[str]) -> tuple[str, ...]:
    """The names out of `known` that the block's text or its `on=` mentions, sorted.

    A command gets these values and no others: what a step does not name, it can't leak.
    """
    mentioned = set(_NAME.findall(block.text))
    if block.on:
        mentioned.add(block.on)
    return tuple(sorted(mentioned & set(known)))
