"""Has the clerk do one command, and ends as that does: `python -I -S ask_clerk.py SOCKET PART [ARGUMENT…]`.

It lives for milliseconds and so imports next to nothing. Where the clerk is gone the command ends with 3: could not find out.
"""

import os
import socket
import sys

NOT_FOUND_OUT = 3
STREAMS = (0, 1, 2)


def main(desk: str, words: list[str]) -> int:
    """The command's exit code."""
    call = "\0".join([_folder(), *words]).encode("utf-8", "surrogateescape")
    with socket.socket(socket.AF_UNIX) as clerk:
        try:
            clerk.connect(desk)
            socket.send_fds(clerk, [call], STREAMS)
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
    sys.exit(main(sys.argv[1], sys.argv[2:]))
