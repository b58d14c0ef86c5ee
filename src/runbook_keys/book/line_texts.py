"""The three kinds of line that are written: a way out, a step heading, a fence's opening.

Whatever did not change keeps the author's words with their markup; what did is written in one canonical form.
"""

from __future__ import annotations

import re

from runbook_keys.book.inline import comments
from runbook_keys.book.markdown import plain
from runbook_keys.book.ways_out import WayOutParts, parts_of
from runbook_keys.model.runbook import OWN_TIMEOUT, Block, Branch, SafetyClass, Step

_BULLET = re.compile(r"([ \t>]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?)(.*)", re.DOTALL)
_HEADING = re.compile(r"([ \t]*#{1,6}[ \t]+)(.*?)((?:[ \t]+#+)?[ \t]*)", re.DOTALL)
_CLASS = re.compile(rf"\s*\((?:{'|'.join(SafetyClass)})\)$")
_FENCE = re.compile(r"([ \t]*(?:`{3,}|~{3,}))(.*)", re.DOTALL)
_SPECIAL = re.compile(r"([\\`*_\[\]<>&!#])")
_DEFAULT_TIMEOUTS = (Block("", "", 0).timeout_seconds, OWN_TIMEOUT)


def way_out_text(line: str, old: Branch | None, new: Branch) -> str:
    """The way out `new` behind the bullet of `line`, which holds `old`; None where it is a line to follow only."""
    match = _BULLET.fullmatch(line)
    bullet, rest = match.groups() if match else ("- ", line)
    parts = parts_of(rest) if old else None
    words = _flat(parts.words) if old and parts and old.words == new.words else escaped(new.words)
    condition = f": {_code(new.condition)}" if new.condition is not None else ""
    return f"{bullet}{words}{condition} → {_target(parts, old, new)}"


def _target(parts: WayOutParts | None, old: Branch | None, new: Branch) -> str:
    if old and parts and (old.target, old.at_most, old.then) == (new.target, new.at_most, new.then):
        return _flat(parts.target)
    if new.at_most is None:
        return str(new.target)
    times = "time" if new.at_most == 1 else "times"
    return f"{new.target} (at most {new.at_most} {times}, then {new.then})"


def heading_text(line: str, old: Step, new: Step) -> str:
    """The heading of `new` in place of `line`, which is that of `old`; a comment behind it stays."""
    start = next((start for start, _ in comments(line)), len(line))
    match = _HEADING.fullmatch(line[:start])
    marks, words, closing = match.groups() if match else ("### ", line[:start], "")
    title = _raw_title(words) if old.title == new.title and _raw_title(words) else escaped(new.title)
    declared = f" ({new.safety})" if new.is_class_declared else ""
    return f"{marks}{new.label}. {title}{declared}{closing}{line[start:]}"


def _raw_title(words: str) -> str:
    _, _, title = _CLASS.sub("", words).partition(" ")
    return title.strip()


def fence_text(line: str, block: Block) -> str:
    """The opening of the fence in `line` with the language and the attributes of `block`."""
    match = _FENCE.fullmatch(line)
    fence = match[1] if match else "```"
    words = [block.language, *([block.key] if block.key else [])]
    attributes = " ".join(_attributes(block))
    return f"{fence}{' '.join(words)}{' {' + attributes + '}' if attributes else ''}"


def _attributes(block: Block) -> list[str]:
    values = {
        "timeout": _duration(block.timeout_seconds)
        if block.timeout_seconds not in _DEFAULT_TIMEOUTS
        else None,
        "capture": block.capture,
        "artifact": block.artifact,
        "on": block.on,
        "output": None if block.is_output_kept else "none",
        "mode": None if block.mode == "run" else block.mode,
    }
    return [f"{name}={value}" for name, value in values.items() if value is not None]


def _duration(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def escaped(words: str) -> str:
    """Plain words as Markdown that reads as these words."""
    text = _SPECIAL.sub(r"\\\1", _flat(words))
    return text if plain(text) == _flat(words) else _flat(words)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    """A code span that holds `text`, with more backticks around it than it has in a row (CommonMark 6.1)."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{_flat(text)}{space}{fence}"
