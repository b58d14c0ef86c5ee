"""Starts one part of a world: `python launch.py FOLDER PART [ARGUMENT…]`. PART is a name below, or a module's name."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

LAUNCH = Path(__file__).resolve()
PARTS = {
    "keeper": "keys_practice.keeper",
    "app": "keys_practice.app",
    "letters": "keys_practice.letters",
    "stripe": "keys_practice.stripe.server",
    "stray": "keys_practice.stray",
}


def command_line(words: Sequence[str]) -> list[str]:
    """The command line that starts the part meant by `FOLDER PART [ARGUMENT…]`."""
    return [sys.executable, "-P", str(LAUNCH), *words]


def hand_over(words: Sequence[str]) -> int:
    """Be the part of the world that is meant by `FOLDER PART [ARGUMENT…]`. Returns its exit code."""
    folder, part, *arguments = words
    module = PARTS.get(part, f"keys_practice.{part}")
    status: int = import_module(module).main(Path(folder), arguments)
    return status


if __name__ == "__main__":
    sys.path.insert(0, str(LAUNCH.parent.parent))
    sys.exit(hand_over(sys.argv[1:]))
