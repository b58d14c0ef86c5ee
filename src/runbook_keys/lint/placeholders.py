"""Text that waits for somebody to fill it in, as data: what gives it away, in commands and in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ANYWHERE = (
    r"\bexample\.(?:com|org|net|edu)\b",
    r"(?<=\w)\.example\b(?!\.)",
    r"\byour[-_]\w[\w-]*(?:\.\w+)*",
    r"\byour(?:app|domain|company|host|server|org|database|site|team)\b(?:\.\w+)*",
    r"\bmy(?:company|domain|app|host|server|org|site)\b(?:\.\w+)*",
    (
        r"(?<![\w-])my[-_](?:app|service|pod|namespace|cluster|db|database|bucket|project|server|host|instance|deployment"
        r"|table|queue|function|job|user|team|org|domain|topic|stack)\b"
    ),
    r"(?-i:\b(?:TODO|FIXME|TBD|TBA|TBC|XXX+|PLACEHOLDER)\b)",
    r"\b(?:change|replace|fill|edit)[-_]?me\b|\bfill[-_ ]this[-_ ]in\b|\blorem ipsum\b",
    r"(?-i:\b(?:REPLACE|INSERT|ENTER|CHANGE|FILL)[-_ ][A-Z]{2,}[A-Z_ -]*)",
    r"\bx{3,}\b(?:[-.]x+\b)*|\b\d{0,3}\.?x\.x\.x\b|\b\d{1,3}\.\d{1,3}\.x\.x\b",
    r"\b1\.2\.3\.4\b|\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b|\b123\.123\.123\.123\b",
    (
        r"\b(?:sub|cus|evt|pi|ch|inv?|price|prod|we|acct|pm|req|cs|seti|txn|re|po|whsec|sk|pk|rk)_(?:live_|test_)?"
        r"(?:123\w*|abc\w*|x{2,}\w*|0{3,}\w*|\.\.\.|…|\*{2,})(?!\w)"
    ),
    r"\b[a-z]{2,16}[-_](?:123|1234|12345|123456|abc123|abc|xyz|xxx+)\b",
    r"\b123456789(?:0|012)?\b|\b\+?1?[-. (]*555[-. )]+\d{3,4}(?:[-. ]\d{4})?\b",
    r"\b(?:john|jane)[._ -]?doe\b",
    (
        r"\b(?:name|e?mail|phone|number|url|link|address|value|password|token|secret|key|id|contact|channel)"
        r"[-_ ](?:goes[-_ ])?here\b|\binsert[-_ ]\w+[-_ ]here\b"
    ),
    r"\bcontact info(?:rmation)? (?:here|tbd)\b",
    r"<(?-i:[A-Z]{2,}|[a-z])[\w]*(?:[-_][\w]+)*>",
    r"<(?:your|the|insert|enter|name of|some|a|an|my) [\w ]{1,40}>",
    (
        r"\[(?:your|insert|enter|fill|replace|name|team|contact|phone|e-?mail|url|link|date|time|slack|channel|tbd|todo)"
        r"\b[\w ,/'-]{0,40}\](?![(\[])"
    ),
    r"(?-i:\[[A-Z][a-z]+(?: [A-Z]?[a-z]+)+\])(?![(\[:])",
    r"(?-i:\[[A-Z]{2,}(?:[_ -][A-Z]{2,})+\])(?![(\[:])",
)
_IN_CODE = (
    r"\{\{\s*(?!(?:end|else|range|if|with|json|len)\b)[A-Za-z_]\w*\s*\}\}",
    r"/\{[a-z_]+\}",
    r"(?-i:%[A-Z_]{3,}%)",
    r"(?:^|(?<=\s))(?:\.\.\.|…)(?=\s|$)",
    (
        r"(?<![-$\w.{/\"'])(?:pod|service|deployment|namespace|cluster|table|bucket|queue|db|database|instance|container"
        r"|job|app|team|server|node|host|region|file|topic)-(?:name|id)\b(?!=)"
    ),
    r"\b(?:foo|foobar|barbaz)\b",
    r"/path/to/|/some/path\b",
)


def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_PROSE = _compiled(_ANYWHERE)
_CODE = _compiled(_ANYWHERE + _IN_CODE)
_FROM_AUTOLINK = re.compile(r"<https?://[^\s<>]*>|<!--[^\n]{0,1000}?-->")


def placeholders_in(line: str, *, is_code: bool) -> Iterator[str]:
    """Each placeholder of one line, once, as it is written."""
    pattern = _CODE if is_code else _PROSE
    text = line if is_code else _FROM_AUTOLINK.sub("", line)
    yield from dict.fromkeys(match[0] for match in pattern.finditer(text))
