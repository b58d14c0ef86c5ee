"""A bash block holds a mistake that shellcheck knows."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "shell-fault"
LEVEL = Level.ERROR

_OWN_RULES = frozenset({"SC2046", "SC2048", "SC2068", "SC2086", "SC2154", "SC2029", "SC2059", "SC2064"})
"""What rules of ours say with more knowledge of the runbook: unquoted, undeclared and reparsed values."""


def find(material: Material) -> Iterator[Fault]:
    """Each error or warning of shellcheck that no rule of ours speaks for."""
    for placed, remarks in zip(material.bash_blocks, material.remarks or (), strict=False):
        for line, code, message in remarks:
            if code not in _OWN_RULES:
                reason = f"shellcheck {code}: {message}"
                yield Fault(placed.line(line), reason, f"See https://www.shellcheck.net/wiki/{code}.")
