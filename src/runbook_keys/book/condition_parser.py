"""A condition's text as a tree, or a refusal that says the column and the mend."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from runbook_keys.book import condition_tree as t
from runbook_keys.errors import InvalidCondition

MAX_LENGTH = 1000
MAX_DEPTH = 20
MACROS = frozenset({"exists", "all", "exists_one"})
METHODS = {"matches": 1, "startsWith": 1, "endsWith": 1, "contains": 1, "size": 0}
FUNCTIONS = {"size": 1, "int": 1, "double": 1, "string": 1, "has": 1}

_OFFERED = f"Use {', '.join(sorted({*METHODS, *FUNCTIONS, *MACROS}))}."
_TOKEN = re.compile(
    r"""(?P<space>[ \t\n]+)
    |(?P<text>r?(?:"(?!"")(?:[^"\\\n]|\\.)*"|'(?!'')(?:[^'\\\n]|\\.)*'))
    |(?P<number>0x[0-9a-fA-F]{1,16}|[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE,
)
_CONSTANTS = frozenset({"true", "false", "null"})
# What CEL keeps for itself (its specification, "Syntax"): the library would read these otherwise than as a name.
_RESERVED = frozenset(
    "as break const continue else for function if import in let loop package namespace return var void while".split()
)


class Token(Struct, frozen=True):
    """One word of a condition: its kind, its text, its 1-based column."""

    kind: str
    text: str
    column: int


def tree_of(source: str) -> t.Tree:
    """The condition as a tree; raises InvalidCondition."""
    if len(source) > MAX_LENGTH:
        raise InvalidCondition(
            f"The condition is longer than {MAX_LENGTH} characters. Let the command decide more."
        )
    parser = _Parser(_tokens(source))
    tree = parser.choice()
    parser.expect_end()
    return tree


def refused(column: int, reason: str, mend: str) -> InvalidCondition:
    """The refusal in one form: where, what, what to do."""
    return InvalidCondition(f"Column {column}: {reason} {mend}")


def _tokens(source: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise _stray(source, at)
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup or "", match[0], at + 1))
        at = match.end()
    if not tokens:
        raise InvalidCondition("The condition is empty. Write one, such as `exit_code == 0`.")
    return [*tokens, Token("end", "the end", len(source) + 1)]


def _stray(source: str, at: int) -> InvalidCondition:
    sign = source[at]
    if sign in "\"'":
        return refused(at + 1, "a text starts here and does not end.", "Close it with the same quote.")
    if sign == "=":
        return refused(at + 1, "a single = compares nothing.", "Write ==.")
    if sign in "&|":
        return refused(at + 1, f"a single {sign} joins nothing.", f"Write {sign}{sign}.")
    return refused(at + 1, f"{sign!r} can't stand here.", "Remove it.")


class _Parser:
    """Recursive descent over CEL's grammar, one method for each level of precedence."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> Token | None:
        token = self._next
        if token.kind not in ("sign", "name") or token.text not in texts:
            return None
        self._at += 1
        return token

    def _need(self, text: str) -> None:
        if self._take(text) is None:
            raise self._unexpected(f"Write {text} here.")

    def _unexpected(self, mend: str = "See docs/reference/conditions.md.") -> InvalidCondition:
        return refused(self._next.column, f"{self._next.text} is not expected here.", mend)

    def expect_end(self) -> None:
        """Refuse whatever is left over."""
        if self._next.kind == "end":
            return
        raise self._unexpected("Join two conditions with && or ||.")

    def choice(self) -> t.Tree:
        """A whole condition."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refused(
                self._next.column, f"it is nested deeper than {MAX_DEPTH}.", "Write it more simply."
            )
        test = self._either()
        if self._take("?"):
            yes = self._either()
            self._need(":")
            test = t.Choice(test, yes, self.choice())
        self._depth -= 1
        return test

    def _either(self) -> t.Tree:
        return self._joined(self._both, "||")

    def _both(self) -> t.Tree:
        return self._joined(self._relation, "&&")

    def _relation(self) -> t.Tree:
        left = self._sum()
        sign = self._take("==", "!=", "<", "<=", ">", ">=", "in")
        if sign is None:
            return left
        tree = t.Binary(sign.text, left, self._sum())
        if self._next.text in ("==", "!=", "<", "<=", ">", ">=", "in"):
            raise self._unexpected("Compare two values at a time; join comparisons with &&.")
        return tree

    def _sum(self) -> t.Tree:
        return self._joined(self._product, "+", "-")

    def _product(self) -> t.Tree:
        return self._joined(self._unary, "*", "/", "%")

    def _joined(self, operand: Callable[[], t.Tree], *signs: str) -> t.Tree:
        tree = operand()
        while sign := self._take(*signs):
            tree = t.Binary(sign.text, tree, operand())
        return tree

    def _unary(self) -> t.Tree:
        sign = self._take("!", "-")
        if sign is None:
            return self._member()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refused(sign.column, f"it is nested deeper than {MAX_DEPTH}.", "Write it more simply.")
        tree = t.Unary(sign.text, self._unary())
        self._depth -= 1
        return tree

    def _member(self) -> t.Tree:
        tree = self._primary()
        while True:
            if self._take("."):
                tree = self._after_dot(tree)
            elif self._take("["):
                tree = t.Index(tree, self.choice())
                self._need("]")
            else:
                return tree

    def _after_dot(self, of: t.Tree) -> t.Tree:
        token = self._next
        if token.kind != "name":
            raise self._unexpected("Write a field's name after the dot.")
        self._at += 1
        if self._next.text != "(":
            if token.text in _RESERVED | _CONSTANTS:
                raise refused(token.column, f"{token.text} is a word of CEL.", f'Write ["{token.text}"].')
            return t.Field(of, token.text)
        return self._macro(of, token) if token.text in MACROS else self._method(of, token)

    def _method(self, of: t.Tree, token: Token) -> t.Tree:
        if token.text not in METHODS:
            raise refused(token.column, f"`{token.text}` is not offered.", _OFFERED)
        return t.Call(token.text, of, self._arguments(token, METHODS[token.text]), token.column)

    def _macro(self, over: t.Tree, token: Token) -> t.Tree:
        self._need("(")
        variable = self._next
        if variable.kind != "name" or variable.text in _RESERVED | _CONSTANTS:
            raise self._unexpected(f"Write: {token.text}(x, x.field == 1)")
        self._at += 1
        self._need(",")
        body = self.choice()
        self._need(")")
        return t.Macro(token.text, over, variable.text, body, token.column)

    def _primary(self) -> t.Tree:
        token = self._next
        self._at += 1
        if token.kind in ("number", "text"):
            return t.Literal(token.text, token.kind)
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            tree = self.choice()
            self._need(")")
            return tree
        if token.text == "[":
            return t.Items(self._listed("]"))
        self._at -= 1
        raise self._unexpected("Write a name, a number or a text in quotes.")

    def _named(self, token: Token) -> t.Tree:
        if token.text in _CONSTANTS:
            return t.Literal(token.text, "constant")
        if token.text in _RESERVED:
            raise refused(token.column, f"{token.text} is a word of CEL.", "Use another name.")
        if self._next.text != "(":
            return t.Name(token.text, token.column)
        if token.text in MACROS or (token.text in METHODS and token.text not in FUNCTIONS):
            raise refused(
                token.column, f"`{token.text}` stands before its value.", f"Write value.{token.text}(…)."
            )
        if token.text not in FUNCTIONS:
            raise refused(token.column, f"`{token.text}` is not offered.", _OFFERED)
        return t.Call(token.text, None, self._arguments(token, FUNCTIONS[token.text]), token.column)

    def _arguments(self, token: Token, count: int) -> tuple[t.Tree, ...]:
        self._need("(")
        arguments = self._listed(")")
        if len(arguments) != count:
            takes = "nothing" if count == 0 else "one value"
            raise refused(token.column, f"`{token.text}` takes {takes} in its brackets.", "Correct them.")
        return arguments

    def _listed(self, closing: str) -> tuple[t.Tree, ...]:
        found: list[t.Tree] = []
        while not self._take(closing):
            if found:
                self._need(",")
            found.append(self.choice())
        return tuple(found)
