"""What tests in several folders share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from postgres_server import running_server

# A time is no promise that a test holds: a loaded machine would break it.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# Started in the background, a shell has us ignore Ctrl-C, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The superuser's address of a PostgreSQL server for all tests, started when the first one asks for it."""
    with running_server() as url:
        yield url
