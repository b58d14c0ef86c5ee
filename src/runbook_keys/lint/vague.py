"""Words that make a tired person guess, as data: what is written, and what to write instead.

A pattern is looked for in masked sentences (code spans blanked), in any case, at word boundaries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_LOOK = r"(?:check|look (?:at|into|through|in)|review|inspect|examine|view|see|read|search|go through|verify|consult)"
_THING = r"(?:(?:the|your|our|all|any|its|their|relevant|application|app|server|service|system|error|recent) ){0,4}"

SAY_WHICH = "Name the command or page to open, and what must stand there."
SAY_WHEN = "Write the condition itself: what must be seen for this to be done."
SAY_WHAT = "Write the one thing to do, as a command or a sentence that starts with a verb."
SAY_ALL = "Name all of them, or remove the words."
SAY_HOW_LONG = "Write how long or how often, as a number."
SAY_WHO = "Name the contact in backticks, as section 8 does."
SAY_SIGN = "Write the sign that tells it: a value, a word on the screen, an exit code."

_PATTERNS: tuple[tuple[str, str], ...] = (
    (rf"{_LOOK} {_THING}(?:logs?|log files?|logging)", SAY_WHICH),
    (
        rf"{_LOOK} {_THING}(?:metrics?|dashboards?|graphs?|monitoring|alerts|config(?:uration)?s?|settings|docs?)",
        SAY_WHICH,
    ),
    (rf"{_LOOK} {_THING}(?:documentation|wiki|health|everything|things)", SAY_WHICH),
    (r"(?:refer to|consult) (?:the |your |our )?\w+", SAY_WHICH),
    (r"(?<!not )investigat(?:e|es|ing)", SAY_WHAT),
    (
        r"troubleshoot(?:ing)?|dig (?:in|into|deeper)|figure out|look into (?:it|this|that|why|the \w+)|find out (?:why|what)|sort (?:it|this|things) out",
        SAY_WHAT,
    ),
    (r"debug (?:the|it|this|why|further|any|your)", SAY_WHAT),
    (
        r"(?:if|when|where|as|whenever|wherever) (?:needed|necessary|required|appropriate|applicable|possible|desired)",
        SAY_WHEN,
    ),
    (
        r"(?:if|when|where|as) (?:you )?(?:see|think|feel|deem(?:ed)?|consider(?:ed)?|judge) (?:it )?(?:fit|appropriate|necessary|needed)",
        SAY_WHEN,
    ),
    (r"(?:if|when) in doubt|if (?:it )?(?:makes sense|unsure)", SAY_WHEN),
    (
        r"appropriate(?:ly)?|accordingly|suitabl[ey]|relevant (?:team|people|person|service|logs?|parties|steps?)",
        SAY_WHEN,
    ),
    (
        r"(?:use|with) (?:your )?(?:best |own |common |good )?(?:judge?ment|sense|discretion)|at your discretion",
        SAY_WHEN,
    ),
    (
        r"etc\b\.?|and so (?:on|forth)|and similar|or similar|or something|and/or|and the like|among others",
        SAY_ALL,
    ),
    (
        r"should (?:be (?:fine|ok(?:ay)?|good|enough|sufficient|safe|back|working)|work|help|suffice|recover|do)",
        SAY_SIGN,
    ),
    (
        r"hopefully|probably|presumably|perhaps|maybe|possibly|somehow|something like|more or less|or so",
        SAY_SIGN,
    ),
    (
        r"make sure|be sure to|sanity[- ]check|double[- ]check",
        "Write it as a check: what to look at, and what must stand there.",
    ),
    (
        r"(?:look|looks|looking|seem|seems|appear|appears) (?:to be )?(?:all )?(?:good|ok(?:ay)?|fine|normal|right|wrong|healthy|bad|weird|strange|odd|off|stable|unhealthy|suspicious)",
        SAY_SIGN,
    ),
    (
        r"(?:as|than) (?:expected|usual|normal)|back to normal|works? (?:again|fine|properly|correctly)",
        SAY_SIGN,
    ),
    (
        r"(?:something|anything|everything|nothing) (?:unusual|strange|odd|wrong|suspicious|weird|abnormal|looks|seems|off)",
        SAY_SIGN,
    ),
    (
        r"unusual(?:ly)?|abnormal(?:ly)?|reasonable|reasonably|acceptable|properly|significant(?:ly)?",
        SAY_SIGN,
    ),
    (
        r"(?:monitor|watch|observe) (?:it |them |the \w+ |things |everything )?(?:closely|carefully|for a while|for issues|the situation)",
        SAY_HOW_LONG,
    ),
    (
        r"keep (?:an eye|monitoring|watching|checking|trying)|monitor (?:the )?(?:situation|system|service|application|logs?|metrics)",
        SAY_HOW_LONG,
    ),
    (
        r"(?:for )?(?:a|some) (?:while|bit|moment)|(?:after )?some time(?! zone)|a (?:few|couple of) (?:seconds?|minutes?|hours?|days?|times|moments?|tries|attempts)",
        SAY_HOW_LONG,
    ),
    (
        r"several (?:seconds|minutes|hours|days|times|attempts)|(?<!as )soon(?! as)|shortly|from time to time|now and then|periodically|occasionally",
        SAY_HOW_LONG,
    ),
    (r"as soon as possible|asap|at (?:the|your) earliest|when you (?:can|have time)", SAY_HOW_LONG),
    (r"try again later|(?:re)?try (?:a few|several) times|keep retrying", SAY_HOW_LONG),
    (
        r"(?:contact|call|notify|inform|tell|page|ask|alert|ping|message|escalate to|reach out to|talk to|speak to|get in touch with|loop in|involve) (?:the |your |our |a |an )?(?:\w+ ){0,2}(?:teams?|support|people|stakeholders?|someone|somebody|anyone|owners?|experts?|colleagues?|management|manager|engineers?|developers?|dbas?|admins?|administrators?|on-?call)(?! \u2022)",
        SAY_WHO,
    ),
    (
        r"reach out|someone who|somebody who|whoever|the right (?:person|people|team)|the usual (?:people|channels?|place|way)",
        SAY_WHO,
    ),
    (
        r"take (?:(?:the|any|all) )?(?:necessary |appropriate |corrective |required )?(?:actions?|measures?|steps)(?! \d)",
        SAY_WHAT,
    ),
    (
        r"(?:fix|resolve|solve|address|handle|deal with|correct|mitigate|remediate) (?:(?:the|any|this|these|all) )?(?:\w+ )?(?:issues?|problems?|errors?|situation|incident|root cause)",
        SAY_WHAT,
    ),
    (
        r"(?:do|does) (?:what(?:ever)?|the) (?:is |it )?(?:needed|needful|necessary|takes)|whatever (?:is|it)",
        SAY_WHAT,
    ),
    (
        r"(?:you )?(?:may|might) want to|you (?:may|might) (?:need|have) to|you (?:might|could)|consider|feel free|optionally|ideally|preferably",
        SAY_WHEN,
    ),
    (
        r"be careful|(?:use|with|exercise) (?:caution|care)|take care|carefully",
        "Name the harm, and how to see it coming.",
    ),
    (
        r"in some cases|in certain cases|under certain (?:conditions|circumstances)|depending on|it depends|various|miscellaneous",
        SAY_WHEN,
    ),
)
_STARTS: tuple[tuple[str, str], ...] = (
    (r"(?:please )?ensure", "Write it as a check: what to look at, and what must stand there."),
    (r"(?:please )?try", SAY_WHAT),
    (r"(?:please )?monitor(?: it| them| things)?(?=[.!]?$)", SAY_HOW_LONG),
)


class Vagueness(Struct, frozen=True):
    """Vague words as they stand in a sentence, and the mend."""

    words: str
    mend: str


def _compiled(patterns: tuple[tuple[str, str], ...], before: str) -> re.Pattern[str]:
    groups = "|".join(f"(?P<g{number}>{pattern})" for number, (pattern, _) in enumerate(patterns))
    return re.compile(rf"{before}(?:{groups})(?!\w)", re.IGNORECASE)


_ANYWHERE = _compiled(_PATTERNS, r"(?<![\w-])")
_AT_START = _compiled(_STARTS, r"^")


def vagueness_in(sentence: str) -> Iterator[Vagueness]:
    """Each vague phrase of a masked sentence, once."""
    seen: set[str] = set()
    for pattern, entries in ((_AT_START, _STARTS), (_ANYWHERE, _PATTERNS)):
        for match in pattern.finditer(sentence):
            words = " ".join(match[0].split())
            if words.casefold() not in seen:
                seen.add(words.casefold())
                yield Vagueness(words, entries[int((match.lastgroup or "g0")[1:])][1])
