"""HTML that a notebook made, as tables and plain formatting: an allow-list, everything else becomes text or goes."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

_KEPT = frozenset(
    "table thead tbody tfoot tr th td caption p br b strong i em u s sub sup small ul ol li dl dt dd h2 h3 h4 h5 h6 "
    "pre code div span blockquote hr".split()
)
_EMPTY = frozenset({"br", "hr"})
_DROPPED = frozenset({"script", "style", "iframe", "object", "template", "noscript", "svg", "math", "title"})
_SPANS = frozenset({"colspan", "rowspan"})


def plain_html(text: str) -> str:
    """The same content without attributes (but spans of table cells), scripts, styles, links and pictures."""
    made = _Plain()
    made.feed(text)
    made.close()
    return made.result()


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        elif tag in _KEPT and not self._dropped:
            spans = (
                f' {name}="{value}"' for name, value in attrs if name in _SPANS and (value or "").isdigit()
            )
            self._out.append(f"<{tag}{''.join(spans)}>")
            if tag not in _EMPTY:
                self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag in self._open and not self._dropped:
            while (last := self._open.pop()) != tag:
                self._out.append(f"</{last}>")
            self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self._out.append(escape(data))

    def result(self) -> str:
        """What was kept, with everything closed."""
        return "".join((*self._out, *(f"</{tag}>" for tag in reversed(self._open))))
