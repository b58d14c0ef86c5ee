"""Bash blocks were not looked at, because a tool is not installed."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unchecked-shell"
LEVEL = Level.WARNING


def find(material: Material) -> Iterator[Fault]:
    """One fault for each tool that is missing where there are bash blocks."""
    blocks = material.bash_blocks
    if not blocks:
        return
    if material.remarks is None:
        reason = "shellcheck is not installed, so mistakes in the bash blocks were not looked for."
        yield Fault(blocks[0].block.line, reason, "Install it: pip install 'runbook-keys[check]'.")
    if not material.is_shell_readable:
        reason = "tree-sitter is not installed, so changes and values in the bash blocks were not looked at."
        yield Fault(blocks[0].block.line, reason, "Install it: pip install 'runbook-keys[check]'.")
