"""The assist service: answers customers by asking the model, and asks the golden set when told to.

POST /questions         {"question": "…"}: 200 with id, answer, outcome
POST /internal/golden   {"rounds": 3, "put_back": ["prompt"]}: 200 with run and counts | 503 the model does not answer
GET  /healthz           200
"""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keys_practice import http_client
from keys_practice.assist import answering
from keys_practice.assist.files import Row, add_rows
from keys_practice.assist.places import AssistLayout, layout_of
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.http_server import Reply, Request, serve

PATIENCE_SECONDS = 5


class Assist:
    """The service. Safe to use from several threads; an answer is on record when it is given."""

    def __init__(self, layout: AssistLayout) -> None:
        self._layout = layout
        self._url = f"{layout.facts()['model_url']}/v1/chat/completions"
        self._lock = threading.Lock()
        self._given = _lines(layout.answers)

    def take(self, question: str) -> Row:
        """Answer a customer."""
        row = answering.answer(self._layout, self.complete, question, datetime.now(UTC))
        with self._lock:
            self._given += 1
            row["id"] = f"a-{self._given:06d}"
            add_rows(self._layout.answers, [row])
        return row

    def golden(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask the golden set as things are, and once for each setting in `put_back`. Raises Unreachable."""
        rounds = answering.check_rounds(asked.get("rounds", 3))
        at = datetime.now(UTC)
        run = f"g-{at:%Y%m%dT%H%M%S%f}"
        found: list[Row] = []
        for name in ["", *asked.get("put_back", [])]:
            kind = "put-back" if name else "now"
            found += answering.ask_golden(self._layout, self.complete, run, kind, rounds, name, at)
        with self._lock:
            add_rows(self._layout.golden_log, found)
        return {"run": run, "answers": len(found), "rounds": rounds, "put_back": asked.get("put_back", [])}

    def complete(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask the model. Raises Unreachable."""
        done = http_client.call("POST", self._url, json.dumps(asked).encode(), seconds=PATIENCE_SECONDS)
        if done.status != 200:
            raise Unreachable(f"The model answered {done.status}: {done.text[:200]}")
        found: dict[str, Any] = done.json()
        return found


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _service(assist: Assist, request: Request) -> Reply:
    if request.path == "/healthz":
        return Reply(200, {"status": "up"})
    try:
        asked = json.loads(request.body or b"{}")
        if request.path == "/questions":
            row = assist.take(str(asked["question"]))
            return Reply(200, {"id": row["id"], "answer": row["told"], "outcome": row["outcome"]})
        if request.path == "/internal/golden":
            return Reply(200, assist.golden(asked))
    except (ValueError, KeyError, TypeError) as problem:
        return Reply(400, {"error": f"The request was not understood: {problem!r}."})
    except PracticeError as problem:
        return Reply(503 if isinstance(problem, Unreachable) else 400, {"error": str(problem)})
    return Reply(404, {"error": "There is nothing at this address."})


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    assist = Assist(layout_of(folder))
    serve(int(arguments[0]), lambda request: _service(assist, request))
    return 0
