"""Asking a service, when what comes back is not what a service says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from keys_practice import http_client
from keys_practice.errors import Unreachable


@contextmanager
def speaking(said: bytes) -> Iterator[str]:
    """Something that listens, says these bytes to the first who asks, and hangs up. Its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            asking, _ = listener.accept()
            with asking:
                asking.recv(4096)
                asking.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_whole_answer_is_read_by_its_length() -> None:
    """The status, and the body without anything that follows."""
    said = b'HTTP/1.0 503 Service Unavailable\r\ncontent-length: 11\r\n\r\n{"a": null}junk'
    with speaking(said) as address:
        answer = http_client.call("GET", address)
    assert (answer.status, answer.json()) == (503, {"a": None})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "closed the connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "enough values|not HTTP"),
        (b"220 mail ready\r\n", "not HTTP"),
        (b"HTTP/1.0 many OK\r\n\r\n", "invalid literal"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nfour", "5 bytes of its answer are missing"),
    ],
)
def test_half_an_answer_is_none(said: bytes, words: str) -> None:
    """It is said in words what came instead."""
    with speaking(said) as address, pytest.raises(Unreachable, match=words):
        http_client.call("GET", address)


def test_an_address_that_would_become_another_request_is_refused() -> None:
    """A line break or a blank in an address is sent to nobody."""
    for address in ("http://127.0.0.1:9/a b", "http://127.0.0.1:9/ä", "http://127.0.0.1:9/a\u2028b"):
        with pytest.raises(Unreachable, match="no address"):
            http_client.call("GET", address)
