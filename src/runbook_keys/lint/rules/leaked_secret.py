"""A real secret stands in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, README, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "leaked-secret"
LEVEL = Level.ERROR

_SECRETS = {
    "a Stripe key": r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "a Stripe signing secret": r"\bwhsec_[A-Za-z0-9+/=]{16,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{16,}",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a Google key": r"\bAIza[A-Za-z0-9_-]{30,}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{30,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,}",
    "a password in a URL": r"\b[a-z][a-z0-9+]{1,12}://[^\s/:@\"'$<>{}]{1,80}:[^\s/@\"'$<>{}\[]{3,80}@",
    "a password": r"(?i:\b(?:password|passwd|pgpassword|api_?key|secret|token)\s?=\s?[\"']?(?![\"'$<{*\[(\s])(?=[^\s\"']{0,40}\d)[^\s\"'`,;)]{8,80})",
}
_ANY = re.compile("|".join(f"(?P<k{number}>{pattern})" for number, pattern in enumerate(_SECRETS.values())))
_KINDS = tuple(_SECRETS)


def find(material: Material) -> Iterator[Fault]:
    """Each text that has the form of a secret. The text itself is not repeated."""
    for name in (README, METADATA):
        text = material.files.get(name, b"").decode("utf-8", "replace")
        for number, line in enumerate(text.split("\n"), 1):
            for match in _ANY.finditer(line):
                kind = _KINDS[int((match.lastgroup or "k0")[1:])]
                reason = f"Line {number} holds {kind}, or something that looks like one."
                yield Fault(
                    number, reason, "Replace it with a secret input, and make the old one invalid.", name
                )
