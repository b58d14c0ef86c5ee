"""Founds the department: folder, processes, five accepted nights and two days of answered questions."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from keys_practice import folders, keeper_client
from keys_practice.assist import answering, build, customers
from keys_practice.assist.department import Department
from keys_practice.assist.files import add_rows
from keys_practice.assist.model import Provider
from keys_practice.assist.places import AssistLayout
from keys_practice.errors import Unreachable
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.starting import await_clerk, await_services

NIGHTS = 5
NIGHTLY_ROUNDS = 2
PAST_QUESTIONS = 600
FIRST_ANSWERS = 20
LAST_NIGHT = timedelta(hours=6)


def found(parent: Path | None = None) -> tuple[Department, Lifeline]:
    """Start everything below `parent` (default: the system's temp folder) and let the first customers ask.

    Raises PracticeError; then nothing is left behind.
    """
    folder, lock = folders.make(parent)
    layout = AssistLayout(folder)
    held = [reserve() for _ in range(2)]
    ports = build.Ports(*map(port_of, held))
    lifeline = Lifeline(layout, lock, held)
    try:
        build.write_folders(layout, ports)
        _live_through_the_past(layout)
        lifeline.wait_until_kept()
        for unit, port in (("model", ports.model), ("assist", ports.assist)):
            keeper_client.ask(layout, "start", unit)
            await_services(layout, {unit: port})
        department = Department(layout)
        for unit in ("clerk", "customers"):
            department.keeper("start", unit)
        await_clerk(layout)
        department.await_answers(FIRST_ANSWERS)
    except BaseException:
        lifeline.end()
        raise
    return department, lifeline


def _live_through_the_past(layout: AssistLayout) -> None:
    """What happened before the world began, by the same code that answers now."""
    provider = Provider(layout, seed=11)

    def complete(asked: dict[str, Any]) -> dict[str, Any]:
        done = provider.complete(asked)
        if done is None:
            raise Unreachable("There is no such model.")
        return done

    now = datetime.now(UTC)
    for nights_ago in reversed(range(NIGHTS)):
        at = now - LAST_NIGHT - timedelta(days=nights_ago)
        run = f"g-{at:%Y%m%dT%H%M%S}"
        add_rows(
            layout.golden_log,
            answering.ask_golden(layout, complete, run, "nightly", NIGHTLY_ROUNDS, "", at),
        )
    chance = random.Random(5)
    past = []
    for number in range(PAST_QUESTIONS):
        at = now - timedelta(minutes=5 * (PAST_QUESTIONS - number))
        row = answering.answer(layout, complete, customers.asked(chance), at)
        past.append({**row, "id": f"a-{number + 1:06d}"})
    add_rows(layout.answers, past)
