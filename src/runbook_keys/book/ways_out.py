"""Ways out: bullets with an arrow, as branches."""

from __future__ import annotations

import re

from msgspec import Struct

from runbook_keys.book.inline import code_spans, last_arrow, without_comments
from runbook_keys.book.markdown import MarkdownItem, plain
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.book.targets import NotATarget, shortened, target_of
from runbook_keys.model.runbook import Branch, Target

MAX_LENGTH = 4_000

_TASK_BOX = re.compile(r"\[[ xX]\]\s+")
_COLON_AT_END = re.compile(r"\s*:\s*([*_]*)\s*$")
_BOUND = re.compile(r"(.*?)\s*\(at most ([0-9]{1,3}) times?, then (.+)\)")
_LOOKS_LIKE_CEL = re.compile(r"[=!<>]=|\s[<>]\s|&&|\|\||\sin\s*\[")
_OTHER_ARROW = re.compile(r"=>|⇒|⟶|➜|➔|🡒|»")


class WayOutParts(Struct, frozen=True):
    """The raw pieces of one way out as written: words and target with their markup, the condition's code."""

    words: str
    condition: str | None
    target: str


def has_arrow(item: MarkdownItem) -> bool:
    """True where the item's first paragraph leads somewhere."""
    return len(item.text) <= MAX_LENGTH and last_arrow(without_comments(item.text)) is not None


def parts_of(text: str) -> WayOutParts | None:
    """The pieces of a way out's text, or None where it has no arrow."""
    text = without_comments(text)
    arrow = last_arrow(text)
    if arrow is None:
        return None
    left, target = _TASK_BOX.sub("", text[: arrow[0]].strip(), count=1), text[arrow[1] :].strip()
    spans = code_spans(left)
    if spans and spans[-1].end == len(left):
        words = left[: spans[-1].start]
        if colon := _COLON_AT_END.search(words):
            return WayOutParts(words[: colon.start()] + colon[1], spans[-1].content.strip(), target)
    return WayOutParts(left, None, target)


def branch_of(item: MarkdownItem, problems: Problems) -> Branch | None:
    """The branch that the item is; None, with a problem, where it has an arrow and is none."""
    parts = parts_of(item.text)
    if parts is None:
        problems.append(_leads_nowhere(item))
        return None
    _look_for_slips(item, parts, problems)
    words = plain(parts.words)
    if not words:
        problems.append(_without_words(item))
        return None
    try:
        target, at_most, then = bounded_target_of(plain(parts.target))
    except NotATarget as refusal:
        problems.append(Problem(item.line, "bad-target", refusal.reason, refusal.mend))
        return None
    return Branch(words, target, item.line, parts.condition, at_most, then)


def bounded_target_of(words: str) -> tuple[Target, int | None, Target | None]:
    """A target, how often it may be taken, and what comes then; raises NotATarget."""
    match = _BOUND.fullmatch(words)
    if match is None:
        return target_of(words), None, None
    if int(match[2]) == 0:
        raise NotATarget(
            "A way out that may be taken 0 times leads nowhere.", "Write at least 1, or leave it out."
        )
    return target_of(match[1]), int(match[2]), target_of(match[3])


def _look_for_slips(item: MarkdownItem, parts: WayOutParts, problems: Problems) -> None:
    """A condition that is silently read as words would make its answer unconditional."""
    if parts.condition is None:
        spans = code_spans(parts.words)
        if spans and spans[-1].end == len(parts.words) and _LOOKS_LIKE_CEL.search(spans[-1].content):
            problems.append(
                _slip(item, "It has a condition without a colon before it.", "words: `condition` → target")
            )
        elif _LOOKS_LIKE_CEL.search(_without_code(parts.words)):
            problems.append(
                _slip(item, "It has a condition outside backticks.", "words: `condition` → target")
            )
    elif not parts.condition:
        problems.append(_slip(item, "Its condition is empty.", "words: `condition` → target"))
    problems.extend(nested(inner) for block in item.blocks for inner in block.items if has_arrow(inner))


def _without_code(text: str) -> str:
    for span in reversed(code_spans(text)):
        text = text[: span.start] + text[span.end :]
    return text


def looks_like_other_arrow(item: MarkdownItem) -> bool:
    """True where something like an arrow stands before a sound target, as in `Done => V1`."""
    text = without_comments(item.text[:MAX_LENGTH])
    arrows = list(_OTHER_ARROW.finditer(_without_code(text)))
    if not arrows:
        return False
    try:
        bounded_target_of(plain(_without_code(text)[arrows[-1].end() :].strip()))
    except NotATarget:
        return False
    return True


def other_arrow(item: MarkdownItem) -> Problem:
    """The problem of a way out with a sign that is no arrow."""
    return Problem(
        item.line, "bad-way-out", "This way out has a sign that is not an arrow.", "Write → or ->."
    )


def numbered(item: MarkdownItem) -> Problem:
    """The problem of a way out in a numbered list."""
    return Problem(
        item.line,
        "numbered-way-out",
        "A numbered item leads somewhere; only bullets are ways out.",
        "Write it as a bullet: - words → target",
    )


def _slip(item: MarkdownItem, what: str, form: str) -> Problem:
    return Problem(item.line, "bad-condition", f"This way out can't be read. {what}", f"Write: - {form}")


def _leads_nowhere(item: MarkdownItem) -> Problem:
    reason = f'The answer "{shortened(plain(item.text))}" leads nowhere.'
    return Problem(item.line, "answer-leads-nowhere", reason, "End it with → and a target.")


def _without_words(item: MarkdownItem) -> Problem:
    reason = "A way out has no words before its arrow."
    return Problem(item.line, "way-out-without-words", reason, "Say in words what was observed.")


def nested(item: MarkdownItem) -> Problem:
    """The problem of a way out that stands under another item."""
    reason = "A way out stands inside another one."
    return Problem(item.line, "nested-way-out", reason, "Write all ways out of a step in one flat list.")
