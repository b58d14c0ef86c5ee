"""Starts one part of a world: `python launch.py FOLDER PART [ARGUMENT…]`. PART is a name below, or a module's name.

A file and not `-m`, so that the commands can run with `-I -S`: isolated, without site-packages, in a few
milliseconds, whatever the operator's environment says.
"""

import sys
from importlib import import_module
from pathlib import Path

PARTS = {
    "keeper": "keys_practice.keeper",
    "app": "keys_practice.app",
    "letters": "keys_practice.letters",
    "stripe": "keys_practice.stripe.server",
    "stray": "keys_practice.stray",
    "appctl": "keys_practice.commands.appctl",
    "dbctl": "keys_practice.commands.dbctl",
    "deployctl": "keys_practice.commands.deployctl",
    "stripectl": "keys_practice.commands.stripectl",
}


def main() -> int:
    """Hand over to the part's own `main(folder, arguments)`."""
    folder, part, *arguments = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    module = PARTS.get(part, f"keys_practice.{part}")
    status: int = import_module(module).main(Path(folder), arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
