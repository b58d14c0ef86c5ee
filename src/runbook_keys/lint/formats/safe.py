"""Untrusted text for a line of output: a pack may hold terminal escapes, direction marks and line breaks."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def one_line(text: str) -> str:
    """The text on one line; what can't be seen or moves the cursor is spelled `\\u{202e}`."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spelled = (f"\\u{{{ord(char):x}}}" if _is_unseen(char) else char for char in " ".join(text.split()))
    return "".join(spelled)


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN
