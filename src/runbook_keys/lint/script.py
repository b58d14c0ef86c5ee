"""The facts of a bash text as nouns. `shell.py` reads them; the rules look at them.

A line is 1-based within the text. A `shape` is a word as the command would get it, but for what is not constant:
quotes are gone, an expansion is written `$NAME`, a substitution `$(…)`, arithmetic `$((…))`.
"""

from __future__ import annotations

from msgspec import Struct, field


class Use(Struct, frozen=True):
    """One expansion of a variable.

    `is_quoted` where nothing can split or glob it; `is_arithmetic` where bash computes with it, and so runs what a
    hostile value holds; `is_indirect` for `${!NAME}`; `has_default` for `${NAME:-other}`.
    """

    name: str
    line: int
    is_quoted: bool = False
    is_arithmetic: bool = False
    is_indirect: bool = False
    has_default: bool = False


class Word(Struct, frozen=True):
    """One word: its shape, the variables directly in it, whether it is constant."""

    shape: str
    line: int
    names: tuple[str, ...] = ()
    is_constant: bool = True


class Redirect(Struct, frozen=True):
    """One redirection: its sign such as `>`, and where to (None for a here-document)."""

    sign: str
    to: Word | None

    @property
    def is_writing(self) -> bool:
        """True where it writes to a file: `>`, `>>`, `&>` and their kind, not `2>&1`."""
        if self.to is None or ">" not in self.sign:
            return False
        return not (self.sign.endswith("&") and self.to.shape.rstrip("-").isdigit())

    @property
    def is_reading(self) -> bool:
        """True where it gives the command its input."""
        return self.sign.startswith("<")


class Place(Struct, frozen=True):
    """What surrounds a command.

    `feeds` is the name of the command that reads its output in a pipe; `is_captured` where `$(…)` takes it;
    `is_piped_into` where it reads another one's; `is_tolerated` where `|| …` follows, so its failure does not count.
    """

    redirects: tuple[Redirect, ...] = ()
    feeds: str | None = None
    is_captured: bool = False
    is_piped_into: bool = False
    is_tolerated: bool = False


class Assignment(Struct, frozen=True):
    """One variable that the text sets, and to what (None where that is not one word, as with `read`)."""

    name: str
    line: int
    value: Word | None = None


class Command(Struct, frozen=True):
    """One simple command: its words, the name first; `before` are the variables set for it alone."""

    words: tuple[Word, ...]
    line: int
    place: Place = Place()
    before: tuple[Assignment, ...] = ()

    @property
    def name(self) -> str:
        """The name without its folder; empty where it is not constant."""
        return self.words[0].shape.rsplit("/", 1)[-1] if self.words and self.words[0].is_constant else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        """All words but the name."""
        return self.words[1:]

    @property
    def has_input(self) -> bool:
        """True where something other than the (empty) input of the block reaches it."""
        return self.place.is_piped_into or any(redirect.is_reading for redirect in self.place.redirects)


class Comment(Struct, frozen=True):
    """One comment, with its sign."""

    text: str
    line: int


class Script(Struct):
    """All facts of one text, in its order. `redirects` are also with the commands; here each stands once."""

    commands: list[Command] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)

    @property
    def own_names(self) -> frozenset[str]:
        """The variables that the text itself sets somewhere."""
        return frozenset(assignment.name for assignment in self.assignments)
