"""Fenced code as blocks: the language, and the attributes after it such as `{timeout=5s capture=HTTP_STATUS}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches

from runbook_keys.book.durations import seconds_of
from runbook_keys.book.keycalls import arguments_of
from runbook_keys.book.markdown import MarkdownBlock
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.book.targets import SLUG, shortened
from runbook_keys.model.key import KeyMode
from runbook_keys.model.names import refused_name
from runbook_keys.model.runbook import OWN_TIMEOUT, Block

MAX_ATTRIBUTES = 10
EXECUTABLE = frozenset({"bash", "sql", "key"})

_INFO = re.compile(r"([^\s{]*)[ \t]*([^{]*)(\{.*\})?(.*)", re.DOTALL)
_ATTRIBUTE = re.compile(r"([^\s=]+)=(\S+)")
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_SLUG = re.compile(SLUG)

Value = str | float | bool


class NotAnAttribute(Exception):
    """The attribute's value can't be used; the message ends the sentence `… is`."""


def is_executable(fence: MarkdownBlock) -> bool:
    """True where the fence is in a language that a run executes."""
    return _language(fence) in EXECUTABLE


def block_of(fence: MarkdownBlock, problems: Problems) -> Block:
    """The executable block that the fence is, as much of it as can be read."""
    match = _INFO.fullmatch(fence.info)
    language, words, attributes, rest = match.groups("") if match else ("", "", "", "")
    if rest.strip() or (language != "key" and words.strip()):
        problems.append(_stray_words(fence, (words.strip() + " " + rest.strip()).strip()))
    if not fence.text.strip() and language != "key":
        problems.append(_empty(fence, language))
    values = _attributes(fence.line, language, attributes[1:-1], problems)
    slug = _slug(fence.line, words.strip(), problems) if language == "key" else None
    if language == "key":
        arguments_of(fence.text, fence.line + 1, problems)
    return _block(language, fence, slug, values)


def _block(language: str, fence: MarkdownBlock, slug: str | None, values: dict[str, Value]) -> Block:
    capture, artifact, on = (values.get(name) for name in ("capture", "artifact", "on"))
    mode = str(values.get("mode", KeyMode.RUN))
    return Block(
        language=language,
        text=fence.text,
        line=fence.line,
        timeout_seconds=float(values.get("timeout", OWN_TIMEOUT if language == "key" else 60.0)),
        capture=str(capture) if capture else None,
        artifact=str(artifact) if artifact else None,
        on=str(on) if on else None,
        is_output_kept="output" not in values,
        key=slug,
        mode=mode,
    )


def slips(fence: MarkdownBlock) -> Problem | None:
    """The problem of a fence that is for reading only but looks as if it was meant to run; None for all others."""
    language = _language(fence)
    if language in EXECUTABLE:
        return None
    meant = language.lower()
    if meant in EXECUTABLE:
        reason = f'The language "{language}" is not run; languages are written in lower case.'
        return Problem(fence.line, "unknown-language", reason, f"Write ```{meant}")
    match = _INFO.fullmatch(fence.info)
    if match and match[3] and _ATTRIBUTE.search(match[3]):
        reason = f'The language "{shortened(language)}" is not run, so its attributes mean nothing.'
        return Problem(
            fence.line, "unknown-language", reason, "Write bash, sql or key, or remove the attributes."
        )
    return None


def unclosed(fence: MarkdownBlock) -> Problem:
    """The problem of a fence that swallows the rest of the file."""
    reason = f"The block that opens in line {fence.line} is never closed."
    return Problem(fence.line, "unclosed-block", reason, "End it with a line of the same backticks.")


def _language(fence: MarkdownBlock) -> str:
    return re.split(r"[\s{]", fence.info, maxsplit=1)[0]


def _attributes(line: int, language: str, text: str, problems: Problems) -> dict[str, Value]:
    values: dict[str, Value] = {}
    words = text.split(maxsplit=MAX_ATTRIBUTES)
    for word in words[:MAX_ATTRIBUTES]:
        match = _ATTRIBUTE.fullmatch(word)
        if match is None:
            problems.append(_bad(line, f'"{shortened(word)}" is not an attribute.', "Write name=value."))
        elif match[1] not in _READERS:
            problems.append(_unknown(line, match[1]))
        elif match[1] in values:
            problems.append(_bad(line, f"The attribute {match[1]} stands twice.", "Remove one of them."))
        elif match[1] == "on" and language != "sql":
            problems.append(_bad(line, "The attribute on names a database, for sql only.", "Remove it."))
        elif match[1] == "mode" and language != "key":
            problems.append(_bad(line, "The attribute mode says how a KEY is called.", "Remove it."))
        else:
            _read(line, match[1], match[2], values, problems)
    if len(words) > MAX_ATTRIBUTES:
        reason = f"The block has more than {MAX_ATTRIBUTES} attributes."
        problems.append(_bad(line, reason, f"Known are: {', '.join(_READERS)}."))
    return values


def _read(line: int, name: str, text: str, values: dict[str, Value], problems: Problems) -> None:
    try:
        values[name] = _READERS[name](text)
    except NotAnAttribute as refusal:
        problems.append(
            _bad(line, f"{name}={shortened(text)} is not usable: {refusal.args[0]}.", refusal.args[1])
        )


def _timeout(text: str) -> float:
    seconds = seconds_of(text)
    if seconds is None:
        raise NotAnAttribute("a timeout is a time of at most 24 hours", "Write 500ms, 5s, 2m or 1h.")
    return seconds


def _capture(text: str) -> str:
    name = _upper_name(text)
    refused = refused_name(name)
    if refused:
        raise NotAnAttribute(refused.rstrip("."), "Choose another name.")
    return name


def _upper_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise NotAnAttribute(
            "a name has capitals, digits and underscores", "Write a name such as HTTP_STATUS."
        )
    return text


def _artifact(text: str) -> str:
    if not _FILE_NAME.fullmatch(text):
        raise NotAnAttribute(
            "a file name has lower case, digits, dots and hyphens", "Write a name such as app-log."
        )
    return text


def _output(text: str) -> bool:
    if text != "none":
        raise NotAnAttribute("the output is kept, or it is none", "Write output=none or remove it.")
    return False


def _mode(text: str) -> str:
    if text not in (KeyMode.DRY_RUN, KeyMode.UNDO):
        raise NotAnAttribute("a KEY is called to do its work, or in a mode", "Write dry-run or undo.")
    return text


_READERS: dict[str, Callable[[str], Value]] = {
    "timeout": _timeout,
    "capture": _capture,
    "artifact": _artifact,
    "on": _upper_name,
    "output": _output,
    "mode": _mode,
}


def _slug(line: int, words: str, problems: Problems) -> str | None:
    if _SLUG.fullmatch(words):
        return words
    reason = f'"{shortened(words)}" is not the name of a KEY.' if words else "The block names no KEY."
    problems.append(Problem(line, "bad-key-call", reason, "Write ```key its-slug"))
    return None


def _stray_words(fence: MarkdownBlock, words: str) -> Problem:
    reason = f'"{shortened(words)}" after the language is not read.'
    return _bad(fence.line, reason, "Write attributes in braces: ```bash {timeout=5s}")


def _empty(fence: MarkdownBlock, language: str) -> Problem:
    return Problem(
        fence.line, "empty-block", f"This {language} block is empty.", "Write the command, or remove it."
    )


def _unknown(line: int, name: str) -> Problem:
    close = get_close_matches(name.lower()[:40], _READERS, n=1)
    mend = f"Write {close[0]} if that is what you mean." if close else f"Known are: {', '.join(_READERS)}."
    return _bad(line, f'"{shortened(name)}" is not an attribute of a block.', mend)


def _bad(line: int, reason: str, mend: str) -> Problem:
    return Problem(line, "bad-attribute", reason, mend)
