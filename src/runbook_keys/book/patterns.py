"""Which regular expressions an input may declare: none that a hostile value could keep busy for ever.

A value may come from an alert that a stranger wrote. Python's engine tries every way to divide a text among the
repetitions of a pattern, so the number of those ways is bounded before a pattern is used.
"""

from __future__ import annotations

import re

MAX_LENGTH = 200
MAX_WAYS = 20_000_000
LONGEST_VALUE = 4_096

_PIECE = re.compile(
    r"\\(?P<escaped>.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?[:P<!=#][^)]{0,40}?)?)"
    r"|(?P<close>\))|(?P<repeat>[*+?]|\{\d*(?:,\d*)?\})|(?P<bar>\|)|(?P<other>.)",
    re.DOTALL,
)
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")


def refused_pattern(pattern: str) -> str | None:
    """Why an input may not declare this pattern, as a sentence; None where it may."""
    if len(pattern) > MAX_LENGTH:
        return f"It is longer than {MAX_LENGTH} characters."
    if re.search(r"\(\?(?!:)|\\[1-9]", pattern):
        return "It uses look-around, flags, named groups or back-references."
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return "It is not a regular expression."
    return _explosion(pattern)


class _Group:
    """What is known of an open group: in how many ways its repetitions and choices can divide a text."""

    def __init__(self) -> None:
        self._before = 1
        self._last = 1

    @property
    def ways(self) -> int:
        """The ways of all pieces so far, multiplied; counted up to just over what is allowed."""
        return min(self._before * self._last, MAX_WAYS + 1)

    def add(self, ways: int) -> None:
        """A piece that can match in so many ways; a repetition after it is applied to it."""
        self._before, self._last = self.ways, ways

    def repeat(self, most: int) -> None:
        """Repeat the last piece up to `most` times: a piece of one way can be repeated in `most` ways."""
        # More than 64 doublings are over the limit whatever is doubled.
        self._last = max(most, 2) if self._last == 1 else min(self._last ** min(most, 64), MAX_WAYS + 1)


def _explosion(pattern: str) -> str | None:
    groups = [_Group()]
    for piece in _PIECE.finditer(pattern):
        if piece["repeat"]:
            groups[-1].repeat(_most(piece["repeat"]))
        elif piece["open"]:
            groups.append(_Group())
        elif piece["close"] and len(groups) > 1:
            ways = groups.pop().ways
            groups[-1].add(ways)
        else:
            groups[-1].add(2 if piece["bar"] else 1)
        if groups[0].ways > MAX_WAYS:
            return "It can repeat in too many ways: write counts such as {1,40} in place of + and *."
    return None


def _most(repeat: str) -> int:
    if _UNBOUNDED.fullmatch(repeat):
        return LONGEST_VALUE
    return max((int(number) for number in re.findall(r"\d+", repeat)), default=1)
