"""A PostgreSQL server of the tests' own: real, empty, on loopback, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from keys_practice.postgres import (
    SUPERUSER,
    give_to,
    initdb_argv,
    programs_for,
    server_argv,
    unprivileged_user,
)

PATIENCE_SECONDS = 30.0


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server; its superuser's URL."""
    user = unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="keys-test-pg-"))
    password = secrets.token_hex(12)
    (folder / "password").write_text(password)
    if user:
        give_to(user, folder)
        give_to(user, folder / "password")
    programs = programs_for(user, folder / "programs")
    try:
        _run_as(user, initdb_argv(programs, folder / "data", folder / "password"), folder).wait()
        with _served(user, programs, folder, password) as url:
            yield url
    finally:
        shutil.rmtree(folder)


@contextmanager
def _served(user: str | None, programs: Path, folder: Path, password: str) -> Iterator[str]:
    port = _free_port()
    url = f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
    server = _run_as(user, server_argv(programs, folder / "data", port), folder)
    try:
        _wait_for(url, server)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _run_as(user: str | None, arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    try:
        extra_groups: list[str] | None = [] if user else None
        return subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=user,
            extra_groups=extra_groups,
        )
    finally:
        os.close(log)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not come up in time"
            time.sleep(0.02)
        else:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
