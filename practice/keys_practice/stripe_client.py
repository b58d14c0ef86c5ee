"""Asking the local Stripe's API."""

import json
from typing import Any

from keys_practice import http_client
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout

RESEND_SECONDS = 120


class Stripe:
    """The API of one world's local Stripe."""

    def __init__(self, layout: Layout) -> None:
        self._url = layout.facts()["stripe_url"]
        self._headers = {"Authorization": f"Bearer {layout.stripe_key.read_text('utf-8').strip()}"}

    def get(self, path: str, **query: object) -> Any:
        """GET below /v1/webhook_endpoints. Raises Unreachable, or PracticeError when Stripe refuses."""
        asked = "&".join(f"{name}={value}" for name, value in query.items() if value is not None)
        return self._ask("GET", f"/v1/webhook_endpoints{path}" + (f"?{asked}" if asked else ""))

    def post(self, path: str, **fields: object) -> Any:
        """POST below /v1/webhook_endpoints."""
        return self._ask("POST", f"/v1/webhook_endpoints{path}", fields)

    def practise(self, what: str, **fields: object) -> Any:
        """POST /practice/…: what the practice world itself asks for, and no operator."""
        return self._ask("POST", f"/practice/{what}", fields)

    def _ask(self, method: str, path: str, fields: dict[str, object] | None = None) -> Any:
        body = b"" if fields is None else json.dumps(fields).encode()
        answer = http_client.call(method, self._url + path, body, self._headers, RESEND_SECONDS)
        content = answer.json()
        if answer.status == 200:
            return content
        if isinstance(content, dict):
            raise PracticeError(f"Stripe refused: {content.get('error')}.")
        raise Unreachable(f"Stripe answered {answer.status} without words.")
