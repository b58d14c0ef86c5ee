"""Drills of several packs: in which order, how many at once, and whose result is whose."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from runbook_keys.bootstrap import PracticeWorld, services
from runbook_keys.config import Config
from runbook_keys.drills.result import DrillResult, Judgement
from runbook_keys.model.runbook import Ending
from runbook_keys.operations.practice import drill as module
from runbook_keys.operations.practice.drill import DrillReport, DrillRequest, drill_all

SLUGS = ("stripe-webhook-failure", "roll-back-or-fix-forward", "ai-output-regression")


def _drilled(
    monkeypatch: pytest.MonkeyPatch, home: Path, at_once: int
) -> tuple[list[DrillReport], list[tuple[str, str]], int, list[str]]:
    """Everything but the drill itself. Returns the reports, what was begun in its order, the most at once, what was told."""
    begun: list[tuple[str, str]] = []
    told: list[str] = []
    busy = most = 0

    async def followed(_world: Any, plan: Any, request: DrillRequest, _tell: Any) -> DrillResult:
        nonlocal busy, most
        begun.append((request.slug, plan.name))
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        busy -= 1
        return DrillResult(
            request.slug, plan.name, "", "", "r", Ending.RESOLVED, Judgement(True, ()), (), (), 0, 1, (), ()
        )

    async def body() -> list[DrillReport]:
        async with services(home=home, config=Config()) as opened:
            requests = [DrillRequest(slug) for slug in SLUGS]
            return await drill_all(opened, PracticeWorld, requests, told.append, at_once)

    monkeypatch.setattr(module, "_one", followed)
    return asyncio.run(body()), begun, most, told


def test_the_drills_of_all_packs_are_mixed_evenly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At any time the same part of each pack is done: none's waiting is left to the end."""
    reports, begun, most, _ = _drilled(monkeypatch, tmp_path, 4)
    assert most == 4
    for report in reports:
        places = [number for number, (slug, _) in enumerate(begun) if slug == report.slug]
        apart = len(begun) / len(report.results)
        assert all(abs(place - apart * (nth + 0.5)) <= len(SLUGS) for nth, place in enumerate(places))


def test_each_pack_has_its_own_results_in_the_order_of_its_drills(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two packs have drills of the same name; what is told names the pack."""
    reports, begun, _, told = _drilled(monkeypatch, tmp_path, 1)
    assert [report.slug for report in reports] == list(SLUGS)
    for report in reports:
        assert [each.drill for each in report.results] == [
            name for slug, name in begun if slug == report.slug
        ]
        assert {each.slug for each in report.results} == {report.slug}
    names = [each.drill for report in reports for each in report.results]
    assert len(names) > len(set(names))
    assert len(told) == len(set(told)) == 2 * len(begun)
