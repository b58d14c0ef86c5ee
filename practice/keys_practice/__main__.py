"""`python -m keys_practice up [--fault NAME]`: a world in the foreground, to try things by hand."""

import argparse
import shlex
import signal
import sys

from keys_practice.errors import PracticeError
from keys_practice.faults import FAULTS
from keys_practice.world import World


def main() -> int:
    """Start a world, say how to reach it, wait for Ctrl-C, end it."""
    asked = _parser().parse_args()
    # Two threads of a shell script may end us politely: then the world ends politely too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with World.start() as world:
            if asked.fault:
                world.break_with(asked.fault)
            else:
                world.keep_busy(3)
            _explain(world, asked.fault)
            signal.pause()
    except PracticeError as problem:
        print(f"keys_practice: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe world has ended.", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m keys_practice", description=__doc__)
    up = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "up", help="start a world until Ctrl-C"
    )
    listed = "\n".join(f"  {name:<24} {fault.description}" for name, fault in FAULTS.items())
    up.formatter_class = argparse.RawDescriptionHelpFormatter
    up.epilog = f"faults:\n{listed}"
    up.add_argument("--fault", choices=FAULTS, metavar="NAME", help="break it so (see below)")
    return parser


def _explain(world: World, fault: str | None) -> None:
    values = {"PATH": world.environment()["PATH"], **world.inputs(), **world.secrets()}
    print(
        f"# Larkspur Letters runs in {world.folder}. Paste this into another shell; Ctrl-C here ends the world."
    )
    if fault:
        print(f"# {FAULTS[fault].description}")
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
