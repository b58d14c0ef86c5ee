"""What all commands share: --json, exit codes, moments, and errors in words.

Exit codes: 0 yes, done · 1 no, not done (the output says what) · 2 wrong usage · 3 could not find out.
"""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout

YES, NO, USAGE, UNKNOWN = 0, 1, 2, 3
EXIT_CODES = "exit codes: 0 yes/done, 1 no/not done, 2 wrong usage, 3 could not find out"
HELP_WIDTH = 100
UNITS_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Result(NamedTuple):
    """What a command found or did: `content` for --json, `words` for people, and the exit code."""

    content: Any
    words: str
    exit_code: int = YES


Verb = Callable[[Layout, argparse.Namespace], Result]


class _Help(argparse.RawDescriptionHelpFormatter):
    """As wide everywhere. Asking the terminal would be done for every argument, also where nobody wants help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=HELP_WIDTH)


class Command:
    """A command with verbs. Every verb understands --json and --help."""

    def __init__(self, name: str, about: str) -> None:
        self._name = name
        self._parser = argparse.ArgumentParser(
            prog=name,
            description=about,
            epilog=EXIT_CODES,
            formatter_class=_Help,
            allow_abbrev=False,
        )
        self._verbs = self._parser.add_subparsers(required=True, metavar="COMMAND")

    def group(self, name: str, about: str) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
        """A word that has verbs of its own (`appctl env show`)."""
        parser = self._verbs.add_parser(
            name, help=about, description=about, epilog=EXIT_CODES, formatter_class=_Help
        )
        return parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(
        self,
        name: str,
        about: str,
        do: Verb,
        under: "argparse._SubParsersAction[argparse.ArgumentParser] | None" = None,
    ) -> argparse.ArgumentParser:
        """Add one verb; the caller adds its arguments to what is returned."""
        parser = (under or self._verbs).add_parser(
            name,
            help=about,
            description=about,
            epilog=EXIT_CODES,
            allow_abbrev=False,
            formatter_class=_Help,
        )
        parser.add_argument("--json", action="store_true", help="one line of JSON")
        parser.set_defaults(do=do)
        return parser

    def run(self, folder: Path, arguments: list[str]) -> int:
        """Parse, do, print. Returns the exit code."""
        asked = self._parser.parse_args(arguments)
        try:
            result: Result = asked.do(Layout(folder), asked)
        except (Unreachable, OSError) as problem:
            return self._complain(str(problem), UNKNOWN)
        except PracticeError as problem:
            return self._complain(str(problem), NO)
        except Exception as problem:  # noqa: BLE001 - a mistake of the command's own is no "no"
            traceback.print_exc()
            return self._complain(f"this is a mistake of the command itself: {problem!r}", UNKNOWN)
        text = json.dumps(result.content, sort_keys=True) if asked.json else result.words
        sys.stdout.write(text + "\n" if text else "")
        return result.exit_code

    def _complain(self, words: str, exit_code: int) -> int:
        sys.stderr.write(f"{self._name}: {words}\n")
        return exit_code


def moment(text: str) -> float:
    """`15m`, `2h`, `1d`, `30s` ago, or an ISO 8601 instant, as Unix seconds. For argparse."""
    if text[:-1].isdigit() and text[-1] in UNITS_SECONDS:
        return time.time() - int(text[:-1]) * UNITS_SECONDS[text[-1]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither like 15m nor like 2026-01-31T03:00:00Z"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def instant(seconds: float | None) -> str | None:
    """Unix seconds as ISO 8601 in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def table(rows: list[list[object]]) -> str:
    """Rows as aligned columns."""
    texts = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in texts)


def facts(content: dict[str, Any]) -> str:
    """An object as `name: value` lines."""
    return "\n".join(f"{name}: {'-' if value is None else value}" for name, value in content.items())
