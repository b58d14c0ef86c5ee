"""What must not leave a log, and what differs from line to line: both are replaced by what they are.

Secrets and personal data go from everything that is shown. For a pattern, numbers and ids go too, so that lines which say
the same become equal. Names of people have no shape and can't be found; the README says so.
"""

import re

_HIDDEN = r"""
    (?P<secret>
        \b(?:whsec|sk_live|sk_test|rk_live|rk_test|gh[pousr]|xox[abprs]|glpat)[_-][\w-]{6,}
      | \bAKIA[0-9A-Z]{16}\b
      | \beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?
      | (?<=://)[^\s/:@]{1,200}:[^\s/@]{1,200}(?=@)
      | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*
    )
  | (?P<named>
        (?i:\b[\w-]{0,40}(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|cookie|signature=)["']?\s*[=:]\s*["']?)
        (?i:(?:bearer|basic)\s+)?[^\s"',;&]{3,}
    )
  | (?P<bearer> (?i:\b(?:bearer|basic)\s+)[\w.+/=~-]{8,} )
"""
_PERSONAL = r"""
  | (?P<email> [\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4} )
  | (?P<card> \b\d(?:[ -]?\d){12,18}\b )
  | (?P<ip> \b(?:\d{1,3}\.){3}\d{1,3}\b | \b(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}\b )
  | (?P<phone> \+\d[\d ()-]{7,18}\d )
  | (?P<iban> \b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b )
"""
_VARYING = r"""
  | (?P<uuid> \b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b )
  | (?P<time> \b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)? )
  | (?P<id> \b[A-Za-z]{2,8}_(?=[A-Za-z]*\d)[A-Za-z0-9_]{6,} )
  | (?P<hex> \b(?:0x)?(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b )
  | (?P<number> (?<![A-Za-z_])[+-]?\d+(?:[.,]\d+)*(?=\b|[a-zA-Z%]) )
"""
_SHOWN = re.compile(_HIDDEN + _PERSONAL, re.VERBOSE)
_ALIKE = re.compile(_HIDDEN + _PERSONAL + _VARYING, re.VERBOSE)


def shown(text: str, longest: int = 300) -> str:
    """Text that may be shown: without secrets and personal data, on one line, printable, at most `longest` characters."""
    return _printable(_SHOWN.sub(_named, text[: longest * 8]))[:longest]


def alike(text: str) -> str:
    """Text in which all that differs from line to line is replaced by what it is."""
    return _printable(_ALIKE.sub(_named, text))


def _named(found: re.Match[str]) -> str:
    kind = str(found.lastgroup)
    return "<secret>" if kind in ("named", "bearer") else f"<{kind}>"


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else "·" for each in text)
