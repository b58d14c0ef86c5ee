"""The model provider's service, with the shape of OpenAI's API.

POST /v1/chat/completions   200 a completion | 400 not understood | 404 no such model | 503 overloaded
GET  /v1/models             every version, and where the alias leads
GET  /healthz               200 | 503

Beyond OpenAI's: `safety` (`on` or `off`) says whether the provider's filter looks at question and answer.
"""

import json
import random
import threading
import time
from pathlib import Path
from typing import Any

from keys_practice.assist import language_model
from keys_practice.assist.corpus import UNSAFE
from keys_practice.assist.files import read_object
from keys_practice.assist.language_model import CURRENT, Weights
from keys_practice.assist.places import AssistLayout, layout_of
from keys_practice.http_server import Reply, Request, serve

MODELS = "letter-"
REFUSAL = {
    "topic": "refused",
    "answer": "I can't help with that. A person can: write to us.",
    "confidence": 1.0,
}


class Provider:
    """The models. Safe to use from several threads. State and weights are read anew when their files change."""

    def __init__(self, layout: AssistLayout, seed: int = 1) -> None:
        self._weights, self._state = layout.weights, layout.provider_state
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[int, dict[str, Any]]] = {}
        self._chance = random.Random(seed)
        self._asked = 0

    def state(self) -> dict[str, Any]:
        """alias, moves, filter, mode."""
        return self._fresh(self._state)

    def versions(self) -> list[str]:
        """Every version there is."""
        return sorted(path.stem for path in self._weights.glob(f"{MODELS}*.json"))

    def complete(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """A completion; None where there is no such model. Raises KeyError and TypeError for what is no request."""
        version = self._version(str(asked["model"]))
        if version is None:
            return None
        prompt, question = (_content(asked["messages"], role) for role in ("system", "user"))
        content, why = self._written(self._fresh(self._weights / f"{version}.json"), prompt, question, asked)
        with self._lock:
            self._asked += 1
            number = self._asked
        words = [len(text.split()) for text in (prompt + question, content)]
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": version,
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": why}
            ],
            "usage": {"prompt_tokens": words[0], "completion_tokens": words[1], "total_tokens": sum(words)},
        }

    def _written(
        self, weights: Weights, prompt: str, question: str, asked: dict[str, Any]
    ) -> tuple[str, str]:
        is_filtered = asked.get("safety", "on") == "on" and self.state()["filter"] == "working"
        judge = self._fresh(self._weights / f"{CURRENT}.json")
        if is_filtered and language_model.best(judge, question) == UNSAFE:
            return json.dumps(REFUSAL), "content_filter"
        is_json = asked.get("response_format", {}).get("type") == "json_object"
        with self._lock:
            chance = random.Random(self._chance.random())
        text = language_model.answer(
            weights, prompt, question, float(asked.get("temperature", 1)), is_json, chance
        )
        if is_filtered and language_model.is_harmful(text):
            return json.dumps(REFUSAL), "content_filter"
        return text, "stop"

    def _version(self, name: str) -> str | None:
        version = str(self.state()["alias"]) if name == language_model.ALIAS else name
        is_name = version.startswith(MODELS) and "/" not in version
        return version if is_name and (self._weights / f"{version}.json").is_file() else None

    def _fresh(self, path: Path) -> dict[str, Any]:
        changed = path.stat().st_mtime_ns
        with self._lock:
            known = self._read.get(path)
            if known is None or known[0] != changed:
                known = self._read[path] = (changed, read_object(path))
            return known[1]


def _content(messages: list[dict[str, str]], role: str) -> str:
    return "\n".join(str(each["content"]) for each in messages if each["role"] == role)


def _service(provider: Provider, request: Request) -> Reply:
    state = provider.state()
    is_well = state["mode"] == "up"
    if request.path == "/healthz":
        return Reply(200 if is_well else 503, {"status": state["mode"]})
    if request.path == "/v1/models":
        data = [
            {"id": version, "object": "model", "owned_by": "letterworks"} for version in provider.versions()
        ]
        return Reply(200, {"object": "list", "data": data, "alias": state["alias"], "moves": state["moves"]})
    if request.path != "/v1/chat/completions":
        return Reply(404, {"error": {"message": "There is nothing at this address."}})
    if not is_well:
        return Reply(503, {"error": {"message": "The model is overloaded.", "type": "server_error"}})
    try:
        found = provider.complete(json.loads(request.body))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        return Reply(400, {"error": {"message": f"The request was not understood: {problem!r}."}})
    return Reply(200, found) if found else Reply(404, {"error": {"message": "There is no such model."}})


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    provider = Provider(layout_of(folder))
    serve(int(arguments[0]), lambda request: _service(provider, request))
    return 0
