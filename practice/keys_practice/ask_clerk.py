"""Has the clerk do one command, and ends as that does: `python -I -S ask_clerk.py SOCKET PART [ARGUMENT…]`.

It lives for milliseconds and so imports next to nothing: `socket` would take as long as the interpreter itself. Where the
clerk is gone the command ends with 3: could not find out.
"""

import _socket
import os
import sys

NOT_FOUND_OUT = 3
STREAMS = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
"""The descriptors as sendmsg(2) takes them: an array of C ints."""


def main(desk: str, words: list[str]) -> int:
    """The command's exit code."""
    call = "\0".join([_folder(), *words]).encode("utf-8", "surrogateescape")
    clerk = _socket.socket(_socket.AF_UNIX)
    try:
        clerk.connect(desk)
        clerk.sendmsg([call], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, STREAMS)])
        answer = clerk.recv(16)
    except OSError:
        answer = b""
    if answer:
        return int(answer)
    sys.stderr.write(f"{words[0].rpartition('.')[2]}: the clerk that does this does not answer.\n")
    return NOT_FOUND_OUT


def _folder() -> str:
    """The working folder; where that was removed, a shell's command runs all the same."""
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib takes longer
    except FileNotFoundError:
        return "/"


if __name__ == "__main__":
    status = main(sys.argv[1], sys.argv[2:])
    sys.stderr.flush()
    os._exit(status)  # nothing is tidied up in memory that goes with the process anyway
