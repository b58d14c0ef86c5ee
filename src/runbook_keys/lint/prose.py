"""What a person reads in `README.md`: passages outside code, as sentences, each with its line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from msgspec import Struct

from runbook_keys.book.inline import code_spans, without_comments
from runbook_keys.model.runbook import Section

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r"[ \t]{0,3}(#{1,6})[ \t]+")
_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?|[ \t>]+")
_FIELD = re.compile(r"[ \t]*(?:\*\*|__)[^*_\n]{1,80}(?:\*\*|__)")
_LABEL = re.compile(r"(?:\*\*|__)[^*_\n]{1,80}?:?(?:\*\*|__)[ \t]*:?[ \t]*")
_STEP_LABEL = re.compile(r"(?:[SDAVRE]\d{1,2}|\d{1,2})\.[ \t]+")
_SENTENCE_END = re.compile(r"[.!?](?=[\s)\"'”’*_]|$)|→|(?<!-)-+>|\n(?=\|)|(?<=[^ \n]):(?=\s)|;(?=\s)")
_WORD = re.compile(r"[^\s*_|]*\w[^\s|]*")
CODE = "\u2022"
"""What stands for a character of a code span in masked text: no letter, so no word is found in code."""


class Passage(Struct, frozen=True):
    """A heading, paragraph or list item outside code: its raw text from `line` on, and its section (0 before the first)."""

    text: str
    line: int
    section: int
    is_heading: bool = False

    def line_at(self, offset: int) -> int:
        """The line of `README.md` at an offset in the text."""
        return self.line + self.text.count("\n", 0, offset)

    @property
    def masked(self) -> str:
        """The text with each code span blanked to as many `CODE` characters, and comments to spaces."""
        text = without_comments(self.text)
        pieces: list[str] = []
        at = 0
        for span in code_spans(text):
            pieces += [text[at : span.start], CODE * (span.end - span.start)]
            at = span.end
        return "".join([*pieces, text[at:]])


class Sentence(Struct, frozen=True):
    """One sentence, masked and without its label, and the line it starts in."""

    text: str
    line: int

    @property
    def words(self) -> int:
        """How many words it has; a code span is one."""
        return len(_WORD.findall(re.sub(f"{CODE}+", "x", self.text)))


class CodeLine(Struct, frozen=True):
    """One line inside a fence, of whatever language."""

    text: str
    line: int
    language: str


def passages_of(text: str, sections: Iterable[Section]) -> tuple[Passage, ...]:
    """All passages of a text, whose lines end with `\\n`."""
    section_lines = sorted((section.line, section.number) for section in sections)
    starts = [line for line, _ in section_lines]
    found: list[Passage] = []
    for line, raw, is_heading in _grouped(text):
        before = bisect_right(starts, line) - 1
        section = section_lines[before][1] if before >= 0 else 0
        found.append(Passage(raw, line, section, is_heading))
    return tuple(found)


def _grouped(text: str) -> Iterator[tuple[int, str, bool]]:
    """Runs of lines that belong together: line, text without markers, whether it is a heading."""
    first, lines = 0, list[str]()
    for number, raw, language in _lines(text):
        line = raw if language is None else ""
        if lines and (_opens(line) or not line.strip()):
            yield first, "\n".join(lines), False
            lines = []
        if not line.strip():
            continue
        if heading := _HEADING.match(line):
            yield number, line[heading.end() :], True
            continue
        marker = _MARKER.match(line)
        first = first if lines else number
        lines.append(line[marker.end() :] if marker else line)
    if lines:
        yield first, "\n".join(lines), False


def _opens(line: str) -> bool:
    """True where a line starts a passage of its own."""
    item = _MARKER.match(line)
    is_item = item is not None and bool(item[0].strip(" \t>"))
    return is_item or _HEADING.match(line) is not None or _FIELD.match(line) is not None


def _lines(text: str) -> Iterator[tuple[int, str, str | None]]:
    """Each line with its number, and the language of its fence where it is code; lines of comments are blank.

    A fence's own lines carry None: they are neither words nor code.
    """
    closing: str | None = None
    language = ""
    in_comment = False
    for number, line in enumerate(text.split("\n"), 1):
        fence = _FENCE.match(line)
        if closing is not None:
            is_end = fence is not None and fence[1].startswith(closing) and not fence[2].strip()
            closing = None if is_end else closing
            yield number, "" if is_end else line, None if is_end else language
        elif in_comment or line.lstrip().startswith("<!--"):
            yield number, "", None
            in_comment = "-->" not in line
        elif fence and "`" not in fence[2]:
            closing, language = fence[1], re.split(r"[\s{]", fence[2].strip(), maxsplit=1)[0]
            yield number, "", None
        else:
            yield number, line, None


def code_lines(text: str) -> Iterator[CodeLine]:
    """The lines inside fences, with the language of their fence."""
    for number, line, language in _lines(text):
        if language is not None:
            yield CodeLine(line, number, language)


def sentences_in(passage: Passage) -> Iterator[Sentence]:
    """The sentences of a passage; a label such as `**Precondition**:` or `D1.` is none of their words."""
    text = passage.masked
    at = 0
    label = (_STEP_LABEL if passage.is_heading else _LABEL).match(text)
    at = label.end() if label else 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text, at)), len(text)]:
        piece = text[at:end]
        if re.search(r"\w", piece) or CODE in piece:
            lead = len(piece) - len(piece.lstrip())
            yield Sentence(" ".join(piece.split()), passage.line_at(at + lead))
        at = end
