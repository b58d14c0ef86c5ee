"""Words for a Markdown page: untrusted text that stays text, observations, lengths of time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from runbook_keys.model.outcome import Observation

_MARKS = re.compile(r"([\\`*_\[\]<>|~#]|&(?=#?\w+;))")
_LIST = re.compile(r"^(\s*)([-+]|\d+[.)])(\s)")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def md(text: str, most: int = 300) -> str:
    """The text on one line, cut to `most` characters, with nothing in it that Markdown or a reader's eye obeys."""
    flat = " ".join(text.split())
    cut = flat if len(flat) <= most else flat[: most - 1] + "…"
    plain = "".join(_visible(char) for char in cut)
    return _LIST.sub(r"\1\\\2\3", _MARKS.sub(r"\\\1", plain))


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _HIDDEN:
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def code(text: str, most: int = 120) -> str:
    """The text as a code span that it can't leave."""
    flat = "".join(_visible(char) for char in " ".join(text.split()))[:most]
    fence = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}".replace("|", "\\|") if flat else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; the cells are Markdown already."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def length(lasted: timedelta) -> str:
    """`0.4 s`, `45 s`, `12 min`, `2 h 05 min`, `3 d 4 h`."""
    seconds = lasted.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def moment(at: datetime) -> str:
    """`2026-11-23 03:12:45 UTC`."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def seen(observation: Observation | None, why: str = "") -> str:
    """What an attempt showed, on one line of Markdown; the value, not "OK"."""
    if observation is None:
        return md(why) or "its output was not kept, or was erased"
    return " · ".join(filter(None, (*_shown(observation), md(why)))) or "nothing"


def _shown(seen_: Observation) -> list[str]:
    if seen_.result is not None:
        return [_returned(seen_.result)]
    parts = [f"exit code {seen_.exit_code}"] if seen_.exit_code is not None else []
    if seen_.rows is not None:
        parts.append(_rows(seen_.rows))
    elif seen_.stdout.strip():
        parts.append(code(seen_.stdout.strip(), 160))
    if seen_.stderr.strip():
        parts.append(f"error output {code(seen_.stderr.strip())}")
    return parts


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    count = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    first = ", ".join(f"{name} = {value}" for name, value in rows[0].items()) if rows else ""
    return f"{count}: {code(first)}" if first else count


def _returned(result: Mapping[str, Any]) -> str:
    answer = result.get("answer")
    if isinstance(answer, str) and answer:
        return md(answer)
    return code(", ".join(f"{name} = {value}" for name, value in result.items()), 200) or "an empty result"
