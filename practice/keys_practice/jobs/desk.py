"""The queue's desk: what `queuectl` and `cronctl` ask. It holds no state of its own.

GET: /healthz /status /workers /flow /dead /suspects /poison /abandoned /held /done /known /slot-jobs /cron /job?id=…
POST (JSON): /pause /resume /limit /lease /quarantine /release /replay /settle /slot
Every answer is JSON. 409: the job or setting is not in the state that this needs. 503: the database does not answer.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg

from keys_practice.database import Pool
from keys_practice.http_server import Reply, Request, serve
from keys_practice.jobs import desk_changes, desk_queries
from keys_practice.jobs.places import Places
from keys_practice.layout import Layout, read_env

Connection = psycopg.Connection[dict[str, Any]]

READS: dict[str, Callable[[Connection], Any]] = {
    "/status": desk_queries.status,
    "/workers": desk_queries.workers,
    "/flow": desk_queries.flow,
    "/dead": desk_queries.dead,
    "/suspects": desk_queries.suspects,
    "/poison": desk_queries.poison,
    "/abandoned": desk_queries.abandoned,
    "/held": desk_queries.held,
    "/done": desk_queries.done,
    "/known": desk_queries.known,
    "/slot-jobs": desk_queries.slot_jobs,
    "/cron": desk_queries.cron,
}
CHANGES: dict[str, Callable[[Connection, dict[str, Any]], dict[str, Any] | None]] = {
    "/pause": desk_changes.pause,
    "/resume": desk_changes.resume,
    "/limit": desk_changes.limit,
    "/lease": desk_changes.lease,
    "/quarantine": desk_changes.quarantine,
    "/release": desk_changes.release,
    "/replay": desk_changes.replay,
    "/settle": desk_changes.settle,
    "/slot": desk_changes.slot,
}


class Desk:
    """Answers the addresses above with a transaction for each request."""

    def __init__(self, database: str) -> None:
        self._database = Pool(database)

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        address = urlsplit(request.path)
        if address.path == "/healthz":
            return Reply(200, {"status": "ok"})
        try:
            with self._database.transaction() as connection:
                if request.method == "GET":
                    return self._read(connection, address.path, parse_qs(address.query))
                return self._change(connection, address.path, json.loads(request.body))
        except psycopg.Error as problem:
            return Reply(503, {"error": f"the database: {str(problem).strip().splitlines()[0]}"})

    def _read(self, connection: Connection, path: str, asked: dict[str, list[str]]) -> Reply:
        connection.execute("SET TRANSACTION READ ONLY")
        if path == "/job":
            return Reply(200, plain(desk_queries.job(connection, asked["id"][0])))
        if path not in READS:
            return Reply(404, {"error": "there is nothing at this address"})
        return Reply(200, plain(READS[path](connection)))

    def _change(self, connection: Connection, path: str, asked: dict[str, Any]) -> Reply:
        if path not in CHANGES:
            return Reply(404, {"error": "there is nothing at this address"})
        done = CHANGES[path](connection, asked)
        if done is None:
            return Reply(409, {"error": "it is not in a state that allows this; nothing was changed"})
        return Reply(200, plain(done))


def plain(found: Any) -> Any:
    """Rows as JSON can hold them: instants as ISO 8601."""
    if isinstance(found, dict):
        return {name: plain(value) for name, value in found.items()}
    if isinstance(found, list):
        return [plain(each) for each in found]
    return found.isoformat(timespec="seconds") if isinstance(found, datetime) else found


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    database = read_env(Places(Layout(folder)).worker_settings)["DATABASE_URL"]
    serve(int(arguments[0]), Desk(database))
    return 0
