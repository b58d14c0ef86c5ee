"""The auth service of the letters rooms, as Supabase's: takes a password, gives an access token.

    POST /token    {"email": …, "password": …} → {"access_token": …, "expires_in": 3600} | 400 wrong | 500 hook | 503 database
    GET  /health   200 or 503

With the access token hook on, a token says in app_metadata to which tenant its owner belongs. It reads its settings
once, when it starts.
"""

import contextlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from keys_practice.database import Pool
from keys_practice.http_server import Reply, Request, serve
from keys_practice.service_log import ServiceLog
from keys_practice.tenants.database import password_hash
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.tokens import Claims, sign

EXPIRES_SECONDS = 3600

_USER = "SELECT id::text AS id, password FROM auth.users WHERE email = %s"
_TENANT = "SELECT tenant_id::text AS tenant_id FROM members WHERE user_id = %s"


class AuthService:
    """Answers the addresses above with one set of settings."""

    def __init__(self, settings: dict[str, Any], log: ServiceLog) -> None:
        self._database = Pool(settings["database"])
        self._secret = settings["jwt_secret"]
        self._has_hook = bool(settings["access_token_hook"])
        self._role = settings.get("role", "authenticated")
        self._log = log
        log.info(f"started access-token-hook={'on' if self._has_hook else 'off'}")

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        try:
            if (request.method, request.path) == ("POST", "/token"):
                return self._token(json.loads(request.body))
            if (request.method, request.path) == ("GET", "/health"):
                with self._database.transaction():
                    return Reply(200, {"status": "ok"})
        except psycopg.OperationalError:
            return Reply(503, {"error": "the database does not answer"})
        except (ValueError, TypeError, KeyError):
            return Reply(400, {"error": "email and password are expected"})
        return Reply(404, {"error": "there is nothing at this address"})

    def test_hook(self) -> None:
        """Refuse to start with a hook that the database refuses; a database that is not there yet is none."""
        if self._has_hook:
            with contextlib.suppress(psycopg.OperationalError), self._database.transaction() as connection:
                connection.execute(_TENANT, (str(UUID(int=0)),))

    def _token(self, given: dict[str, str]) -> Reply:
        with self._database.transaction() as connection:
            row = connection.execute(_USER, (given["email"],)).fetchone()
            user, kept = (row["id"], row["password"]) if row else ("", "")
            if not row or not hmac.compare_digest(kept, password_hash(user, given["password"])):
                return Reply(400, {"error": "invalid_grant"})
            try:
                claims = self._claims(connection, user)
            except psycopg.Error as problem:
                self._log.error(f"the access token hook failed: {str(problem).splitlines()[0]} 500")
                return Reply(500, {"error": "the access token hook failed"})
        return Reply(
            200, {"access_token": sign(claims, self._secret), "expires_in": EXPIRES_SECONDS, "user": user}
        )

    def _claims(self, connection: psycopg.Connection[dict[str, Any]], user: str) -> Claims:
        now = int(time.time())
        claims = {"sub": user, "role": self._role, "aud": "authenticated", "app_metadata": {}}
        if self._has_hook:
            row = connection.execute(_TENANT, (user,)).fetchone()
            claims["app_metadata"] = {"tenant_id": row["tenant_id"]} if row else {}
        return {**claims, "user_metadata": {}, "iat": now, "exp": now + EXPIRES_SECONDS}


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    layout = RoomsLayout(folder)
    service = AuthService(
        json.loads(layout.auth_settings.read_text("utf-8")), ServiceLog(folder / "auth.log")
    )
    service.test_hook()
    serve(int(arguments[0]), service)
    return 0
