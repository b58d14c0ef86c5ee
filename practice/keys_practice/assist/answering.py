"""How a customer's question becomes an answer, and how the golden set is asked: the same way for both."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from keys_practice.assist import settings
from keys_practice.assist.files import Row, read_object, rows
from keys_practice.assist.places import AssistLayout
from keys_practice.errors import PracticeError, Unreachable

FIELDS = ("topic", "answer", "confidence")
SORRY = "We could not answer this at once. A person will write to you."

Complete = Callable[[dict[str, Any]], dict[str, Any]]
"""Asks the model: the request as OpenAI has it, and its completion. Raises Unreachable."""


def answer(layout: AssistLayout, complete: Complete, question: str, at: datetime) -> Row:
    """The row of one question, without an id. `outcome` is answered, refused, fallback, people or error."""
    in_force = settings.values(layout)
    kept = question[: settings.INTAKES[in_force["intake"]]]
    row: Row = {"at": _spelled(at), "question": kept, **_recorded(in_force)}
    if in_force["answering"] == "people":
        return {**row, "outcome": "people", "raw": "", "told": SORRY}
    try:
        done = complete(request(layout, in_force, kept))
    except Unreachable as problem:
        return {**row, "outcome": "error", "raw": "", "told": SORRY, "error": str(problem)}
    choice = done["choices"][0]
    raw = choice["message"]["content"]
    found = parsed(raw)
    outcome = "fallback" if found is None else "refused" if found["topic"] == "refused" else "answered"
    return {
        **row,
        "model": done["model"],
        "outcome": outcome,
        "raw": raw,
        "told": found["answer"] if found else SORRY,
    }


def ask_golden(
    layout: AssistLayout, complete: Complete, run: str, kind: str, rounds: int, put_back: str, at: datetime
) -> list[Row]:
    """Ask every golden question `rounds` times. `put_back` names a setting that is used as in the last good night.

    No customer sees any of this. Raises Unreachable where the model does not answer.
    """
    in_force = settings.values(layout)
    if put_back:
        in_force[put_back] = good(layout)[put_back]
    asked = rows(layout.golden)
    found = []
    for number in range(1, rounds + 1):
        for question in asked:
            done = complete(request(layout, in_force, question["question"]))
            found.append(
                {
                    "run": run,
                    "kind": kind,
                    "put_back": put_back,
                    "at": _spelled(at),
                    "question": question["id"],
                    "round": number,
                    "golden": _digest(question),
                    "content": done["choices"][0]["message"]["content"],
                    **_recorded(in_force),
                    "model": done["model"],
                }
            )
    return found


def _digest(question: Row) -> str:
    """Which question it was, with what its answer must hold: the golden set may be changed later."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]


def request(layout: AssistLayout, in_force: dict[str, str], question: str) -> dict[str, Any]:
    """What the model is sent, as OpenAI's API has it."""
    try:
        prompt = (layout.prompts / f"{in_force['prompt']}.txt").read_text("utf-8")
    except OSError as problem:
        raise Unreachable(f"The prompt {in_force['prompt']} can't be read: {problem}.") from problem
    kind = "json_object" if in_force["response_format"] == "json" else "text"
    return {
        "model": in_force["model"],
        "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": question}],
        "temperature": float(in_force["temperature"]),
        "response_format": {"type": kind},
        "safety": in_force["safety"],
    }


def parsed(raw: str) -> dict[str, Any] | None:
    """The model's answer; None where it has not the shape that we asked for."""
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    is_whole = isinstance(found, dict) and all(field in found for field in FIELDS)
    return found if is_whole else None


def good(layout: AssistLayout) -> dict[str, str]:
    """What was in force in the last night whose golden run was accepted, and `at`. Raises Unreachable without one."""
    nights = [row for row in rows(layout.golden_log) if row["kind"] == "nightly"]
    if not nights:
        raise Unreachable("There is no accepted night on record.")
    return {name: nights[-1][name] for name in (*settings.RECORDED, "at")}


def in_force(layout: AssistLayout, alias: str) -> dict[str, str]:
    """What answers are recorded with now; `alias` is where the provider's alias leads."""
    now = _recorded(settings.values(layout))
    return {**now, "model": alias if now["model"] == "letter" else now["model"]}


def affected(layout: AssistLayout, alias: str) -> list[str]:
    """Ids of the answers that were given, since the last good night, as neither then nor now.

    An answer that gave nobody anything of the model's (people, error) is none of them. Raises Unreachable.
    """
    before, now = good(layout), in_force(layout, alias)
    return [
        row["id"]
        for row in rows(layout.answers)
        if row["at"] > before["at"]
        and row["outcome"] not in ("people", "error")
        and any(row[name] not in (before[name], now[name]) for name in settings.RECORDED)
    ]


def reviews(layout: AssistLayout) -> dict[str, Any]:
    """The answers that are held for a person, by id. Raises Unreachable."""
    return read_object(layout.reviews)


def check_rounds(rounds: object) -> int:
    """Rounds that can be asked for. Raises PracticeError."""
    if not isinstance(rounds, int) or not 1 <= rounds <= 20:
        raise PracticeError("Ask for 1 to 20 rounds.")
    return rounds


def _recorded(in_force: dict[str, str]) -> dict[str, str]:
    return {name: in_force[name] for name in settings.RECORDED}


def _spelled(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
