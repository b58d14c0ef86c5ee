"""Prove packs on the page. Runs nothing of them."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_keys.lint.check import Checked
from runbook_keys.lint.formats import github, json, sarif, text
from runbook_keys.lint.profile import blocks_run
from runbook_keys.operations.findings import findings_of
from runbook_keys.operations.services import Services


def check(services: Services, names: Sequence[str]) -> tuple[Checked, ...]:
    """Check the packs of these names (slugs, a pack's folder, a folder of packs); all installed ones without a name.

    Raises UnknownRunbook for a name that is neither.
    """
    wanted = names or services.library.slugs()
    packs = [pack for name in wanted for pack in services.library.gather(name)]
    return tuple(map(Checked, packs, findings_of(services, packs)))


_FORMATS = {"text": text.render, "json": json.render, "sarif": sarif.render, "github": github.render}


def rendered(checked: Sequence[Checked], form: str) -> str:
    """The findings as `text`, `json`, `sarif` or `github`."""
    return _FORMATS[form]({one.pack.origin: one.findings for one in checked})


__all__ = ["blocks_run", "check", "rendered"]
