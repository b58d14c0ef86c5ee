"""Runbooks held against KEYS: the matrix, and the pages that are made from it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lint_examples import HERE, INSTALLED, KEYS, example

from runbook_keys.bootstrap import services
from runbook_keys.lint.audit import ALIGNMENT, audit
from runbook_keys.lint.material import Material, gather
from runbook_keys.lint.registry import NAMES
from runbook_keys.operations.library.audit import audit_library, pages

PAGES = Path(__file__).parents[2] / "docs" / "alignment"


def _material(rule: str, kind: str) -> Material:
    return gather(example(HERE / rule / kind), INSTALLED, KEYS)


def test_alignment_names_rules_that_exist() -> None:
    """A renamed rule must not fall out of the audit."""
    assert ALIGNMENT <= NAMES


def test_the_matrix_shows_each_call_with_what_it_reads() -> None:
    """Runbook, place, both classes, mode, arguments, fields read."""
    (call,) = audit([_material("unknown-result", "pass")], KEYS).calls

    assert ("queue-stuck", "D1", "SAFE", "SAFE", "run") == (
        call.runbook,
        call.place,
        call.step_class,
        call.key_class,
        call.mode,
    )
    assert ("log", "hours") == call.arguments
    assert ("failures", "timeout_share") == call.reads


@pytest.mark.parametrize("rule", ["contradicted-key", "unfit-key-call", "unknown-result", "unread-result"])
def test_what_contradicts_stands_beside_its_call(rule: str) -> None:
    """The passing example is consistent, the failing one is not, and says so at the call."""
    good, bad = (audit([_material(rule, kind)], KEYS) for kind in ("pass", "fail"))

    assert good.is_consistent
    assert not bad.is_consistent
    assert [rule] == [finding.rule for call in bad.calls for finding in call.findings]


def test_a_call_of_a_missing_key_is_in_the_matrix() -> None:
    """It has no version and no class, and the finding stands beside it."""
    material = gather(example(HERE / "unknown-result" / "pass"), INSTALLED, {})

    (call,) = audit([material], []).calls

    assert ("", "") == (call.version, call.key_class)
    assert ["unresolved-reference"] == [finding.rule for finding in call.findings]


def test_keys_that_nobody_calls_are_named() -> None:
    """A KEY without a caller is tested by nobody's incident."""
    assert ("node-queue-replay",) == audit([_material("unknown-result", "pass")], KEYS).uncalled


def test_the_shipped_library_is_consistent_and_its_pages_are_fresh(tmp_path: Path) -> None:
    """To make the pages again: .venv/bin/python scripts/alignment-pages"""

    async def body() -> None:
        async with services({}, home=tmp_path) as opened:
            made = pages(opened)
            assert audit_library(opened).is_consistent
            assert {name: (PAGES / name).read_text("utf-8") for name in made} == made

    asyncio.run(body())
