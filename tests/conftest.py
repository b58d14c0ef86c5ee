"""What tests in several folders share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postgres_server import running_server


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The superuser's address of a PostgreSQL server for all tests, started when the first one asks for it."""
    with running_server() as url:
        yield url
