"""Starts one command of a world, which lives for milliseconds: `python -I command.py FOLDER PART [ARGUMENT…]`.

A file and not `-m`, so that it can run with `-I -S`: isolated, without site-packages, in a few milliseconds, whatever
the operator's environment says. Nothing is tidied up in memory that goes with the process anyway.
"""

import gc
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 - pathlib takes longer

gc.disable()
if not sys.argv[2].startswith("wire."):
    # Only that world speaks TLS. http.client does without where it is missing, and loading it takes longest.
    sys.modules["ssl"] = None  # type: ignore[assignment]

from keys_practice.launch import hand_over  # noqa: E402 - the path and what is not wanted come first


def main() -> int:
    """The command's exit code, also where argparse ends it."""
    try:
        return hand_over(sys.argv[1:])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
