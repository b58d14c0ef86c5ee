"""The letters team's service: publishes past letters, and listens to Stripe for its own welcome mails.

    GET  /healthz          200 or 503
    GET  /letters          the letters, newest first
    POST /webhooks/stripe  200 | 400 not signed | 503 no database; reads only

It shares PostgreSQL and Stripe with the webhook service, and has its own endpoint there. What fails for both is
not a failure of the webhook service.
"""

import time
from datetime import date
from pathlib import Path

import psycopg

from keys_practice.http_server import Reply, Request, serve
from keys_practice.layout import Layout, read_env
from keys_practice.service_log import ServiceLog
from keys_practice.signature import SignatureError, verify

CONNECT_SECONDS = 3


class LettersService:
    """Answers the three addresses above."""

    def __init__(self, settings: dict[str, str], log: ServiceLog) -> None:
        self._secret = settings["STRIPE_WEBHOOK_SECRET"]
        self._database = settings["DATABASE_URL"]
        self._log = log
        log.info("started")

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        if request.method == "POST" and not self._is_signed(request):
            self._log.error("signature verification failed 400")
            return Reply(400, {"error": "signature verification failed"})
        try:
            letters = self._letters()
        except psycopg.Error as problem:
            self._log.error(f"database: {str(problem).strip().splitlines()[0]} 503")
            return Reply(503, {"status": "failing", "database": "refused"})
        if request.path == "/letters":
            return Reply(200, [{"title": title, "sent_on": str(sent_on)} for title, sent_on in letters])
        return Reply(200, {"status": "ok", "database": "ok"})

    def _is_signed(self, request: Request) -> bool:
        try:
            verify(self._secret, request.body, request.headers.get("stripe-signature", ""), time.time())
        except SignatureError:
            return False
        return True

    def _letters(self) -> list[tuple[str, date]]:
        with psycopg.connect(self._database, connect_timeout=CONNECT_SECONDS) as connection:
            return connection.execute("SELECT title, sent_on FROM letters ORDER BY id DESC").fetchall()


def main(folder: Path, arguments: list[str]) -> int:  # noqa: ARG001 - every part is started alike
    """Serve until ended."""
    layout = Layout(folder)
    settings = read_env(layout.letters_env)
    serve(int(settings["PORT"]), LettersService(settings, ServiceLog(layout.letters_log)))
    return 0
