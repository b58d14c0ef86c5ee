"""Port numbers that stay ours while nothing listens on them."""

import socket


def reserve() -> socket.socket:
    """A loopback socket that holds a free port without listening.

    A service of ours can still listen there (both sides set SO_REUSEADDR and Linux only refuses a second
    *listener*), connections are refused until it does, and nobody else is given the port. So a stopped
    service really has nothing listening and gets its own port back, however many worlds there are.
    """
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.bind(("127.0.0.1", 0))
    # Only after bind: with it, the kernel could hand out a port that another holder has.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return held


def port_of(held: socket.socket) -> int:
    """The number of the reserved port."""
    number: int = held.getsockname()[1]
    return number
