"""`python -m keys_practice up [--fault NAME]`: a world in the foreground, to try things by hand."""

import argparse
import shlex
import signal
import sys

from keys_practice.errors import PracticeError
from keys_practice.worlds import WORLDS, AnyWorld, world_called


def main() -> int:
    """Start a world, say how to reach it, wait for Ctrl-C, end it."""
    asked = _parser().parse_args()
    # Two threads of a shell script may end us politely: then the world ends politely too.
    for number in (signal.SIGTERM, signal.SIGINT):  # also where whoever started us had Ctrl-C ignored
        signal.signal(number, signal.default_int_handler)
    kind = world_called(asked.world)
    if asked.fault and asked.fault not in kind.faults():
        print(f"keys_practice: {asked.world} has no fault {asked.fault}.\n{_listed()}", file=sys.stderr)
        return 2
    world = None
    try:
        world = kind.start()
        world.break_with(asked.fault or "nothing-broken")
        _explain(world, kind.faults()[asked.fault or "nothing-broken"])
        signal.pause()
    except PracticeError as problem:
        print(f"keys_practice: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe world has ended.", file=sys.stderr)
    finally:
        if world is not None:
            world.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m keys_practice", description=__doc__)
    up = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "up", help="start a world until Ctrl-C"
    )
    up.formatter_class = argparse.RawDescriptionHelpFormatter
    up.epilog = _listed()
    up.add_argument("--world", choices=WORLDS, default="webhooks", help="which department (see below)")
    up.add_argument("--fault", metavar="NAME", help="break it so (see below)")
    return parser


def _listed() -> str:
    return "\n".join(
        line
        for name in WORLDS
        for line in (
            f"world {name}, faults:",
            *(f"  {fault:<28} {words}" for fault, words in world_called(name).faults().items()),
        )
    )


def _explain(world: AnyWorld, words: str) -> None:
    values = {"PATH": world.environment()["PATH"], **world.inputs(), **world.secrets()}
    print("# Larkspur Letters is up. Paste this into another shell; Ctrl-C here ends the world.")
    print(f"# {words}")
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
