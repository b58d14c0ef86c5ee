"""What tests in several folders share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from postgres_server import running_server

# Started in the background, a shell has us ignore Ctrl-C, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The superuser's address of a PostgreSQL server for all tests, started when the first one asks for it."""
    with running_server() as url:
        yield url
