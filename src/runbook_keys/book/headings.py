"""Step headings: `### A1. Put the right secret in place (REVERSIBLE)` as label, title and class."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from msgspec import Struct

from runbook_keys.book.markdown import MarkdownBlock, plain
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.book.targets import LABEL, shortened
from runbook_keys.model.runbook import SafetyClass, StepKind

SECTION_OF_KIND = {
    StepKind.SAFETY_CHECK: 4,
    StepKind.DIAGNOSIS: 5,
    StepKind.ACTION: 6,
    StepKind.VERIFICATION: 7,
    StepKind.ROLLBACK: 8,
    StepKind.EVIDENCE: 9,
}
STEP_SECTIONS = frozenset(SECTION_OF_KIND.values())

_EXACT = re.compile(rf"({LABEL})\. (.*\S)")
_NEAR = re.compile(r"([A-Za-z])0*([0-9]{1,4})(?:[ ]?[.:)–—-]+|(?=[ ]|$))[ ]*(.*)")
_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_CLASS_AT_END = re.compile(r"\s*\((SAFE|REVERSIBLE|IRREVERSIBLE)\)$")
_BARE_AT_END = re.compile(r"(?<=[\s:,–—-])(SAFE|REVERSIBLE|IRREVERSIBLE)$")
_BEFORE_A_BARE_ONE = " :,–—-"
_ALIKE = 0.8
MAX_TITLE = 200
_OTHER_WORDS_FOR_CLASSES = frozenset(
    {"unsafe", "nonreversible", "notreversible", "readonly", "undoable", "destructive"}
)


class StepHeading(Struct, frozen=True):
    """A step heading as read: its label, kind, title without class, and class (None where it says nothing)."""

    label: str
    kind: StepKind
    title: str
    line: int
    declared: SafetyClass | None

    @property
    def safety(self) -> SafetyClass:
        """What is declared; else SAFE for the kinds that only look, and IRREVERSIBLE for those that change."""
        if self.declared is not None:
            return self.declared
        return SafetyClass.IRREVERSIBLE if self.kind.is_changing else SafetyClass.SAFE


def looks_like_step(heading: MarkdownBlock, section: int) -> bool:
    """True where the heading opens a step, well written or not."""
    words = plain(heading.text)
    if heading.level == 3 and section in STEP_SECTIONS:
        return _near(words) is not None
    return _EXACT.match(words) is not None


def step_heading(heading: MarkdownBlock, section: int, problems: Problems) -> StepHeading | None:
    """The step that the heading opens; None, with a problem, where its label can't be one."""
    words = plain(heading.text)
    match = _EXACT.fullmatch(words) or _near(words)
    if match is None:
        problems.append(without_label(heading))
        return None
    if match.re is _NEAR:
        label, title = match[1].upper() + match[2], match[3].strip()
        problems.append(_bad(heading, words, label))
    else:
        label, title = match[1], match[2]
    if not re.fullmatch(LABEL, label):
        return None
    kind = StepKind(label[0])
    _look_at_place(heading, label, kind, section, problems)
    if len(title) > MAX_TITLE:
        problems.append(_too_long(heading.line, label, title))
        return StepHeading(label, kind, title, heading.line, None)
    title, declared = _class_of(heading.line, title, problems)
    _look_at_class(heading.line, label, kind, declared, problems)
    return StepHeading(label, kind, title, heading.line, declared)


def without_label(heading: MarkdownBlock) -> Problem:
    """The problem of a level-3 heading that is no step, in a section of steps."""
    reason = f'"{shortened(plain(heading.text))}" is a heading of level 3 without a step label.'
    mend = "Write a label first, as in: ### D1. Its question. For other headings use level 4."
    return Problem(heading.line, "heading-without-label", reason, mend)


def _near(words: str) -> re.Match[str] | None:
    return _NEAR.fullmatch(words)


def _bad(heading: MarkdownBlock, words: str, label: str) -> Problem:
    reason = f'"{shortened(words)}" is not a step heading as it is written.'
    example = label if re.fullmatch(LABEL, label) else "D1"
    mend = f"Write: ### {example}. Its question. Labels are S, D, A, V, R or E and 1 to 99."
    return Problem(heading.line, "bad-step-heading", reason, mend)


def _too_long(line: int, label: str, title: str) -> Problem:
    reason = f"The heading of step {label} has {len(title):,} characters; {MAX_TITLE} are read."
    return Problem(line, "long-heading", reason, "Ask in one short question; put the rest under the heading.")


def _look_at_place(
    heading: MarkdownBlock, label: str, kind: StepKind, section: int, problems: Problems
) -> None:
    home = SECTION_OF_KIND[kind]
    if section != home:
        reason = f"Step {label} is {_a(kind.words)}, and those belong to section {home}."
        problems.append(
            Problem(heading.line, "step-in-wrong-section", reason, "Move it there, or change its letter.")
        )
    if heading.level != 3:
        reason = f"Step {label} is a heading of level {heading.level}."
        problems.append(Problem(heading.line, "step-heading-level", reason, f"Write: ### {label}. Its title"))


def _a(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _class_of(line: int, title: str, problems: Problems) -> tuple[str, SafetyClass | None]:
    """The title without its class. What is almost a class is taken out too, and is a problem."""
    declared: SafetyClass | None = None
    if match := _CLASS_AT_END.search(title):
        declared, title = SafetyClass(match[1]), title[: match.start()]
    elif match := _BARE_AT_END.search(title):
        problems.append(_bad_class(line, match[1]))
        title = title[: match.start()].rstrip(_BEFORE_A_BARE_ONE)
    for match in reversed(list(_BRACKETED.finditer(title))):
        if _is_almost_a_class(match[1]):
            problems.append(_bad_class(line, match[0]))
            title = (title[: match.start()].rstrip() + title[match.end() :]).strip()
    return title, declared


def _is_almost_a_class(words: str) -> bool:
    if len(words) > 60:
        return False
    return any(_is_almost_one(word) for word in re.split(r"[\s,;/|:=]+", words)) or _is_almost_one(words)


def _is_almost_one(word: str) -> bool:
    letters = "".join(re.findall(r"[a-z]", word.casefold()))
    if letters in _OTHER_WORDS_FOR_CLASSES:
        return True
    return any(_likeness(letters, known.value.casefold()) >= _ALIKE for known in SafetyClass)


@lru_cache(maxsize=256)
def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE else 0.0


def _bad_class(line: int, written: str) -> Problem:
    reason = f'"{written}" is not a class as it is written here.'
    mend = "End the heading with (SAFE), (REVERSIBLE) or (IRREVERSIBLE)."
    return Problem(line, "bad-class", reason, mend)


def _look_at_class(
    line: int, label: str, kind: StepKind, declared: SafetyClass | None, problems: Problems
) -> None:
    if declared in (None, SafetyClass.SAFE) or kind.is_changing:
        return
    reason = f"Step {label} is {_a(kind.words)} and changes nothing, but its class is {declared}."
    mend = "Make it an action in section 6, or remove the class."
    problems.append(Problem(line, "class-on-looking-step", reason, mend))
