"""Prove packs on the page. Runs nothing of them."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_keys.lint.check import Checked
from runbook_keys.lint.formats import github, json, sarif, text
from runbook_keys.lint.key_folder import check_key, is_key
from runbook_keys.lint.profile import blocks_run
from runbook_keys.model.pack import Pack
from runbook_keys.operations.findings import findings_of
from runbook_keys.operations.services import Services


def check(services: Services, names: Sequence[str]) -> tuple[Checked, ...]:
    """Check the packs and KEYS of these names (slugs, a folder of one, a folder of many); all installed ones without a name.

    Raises UnknownRunbook for a name that is none of them.
    """
    wanted = names or (*services.library.slugs(), *services.keys.key_slugs())
    found = [pack for name in wanted for pack in _gathered(services, name)]
    packs = [pack for pack in found if not is_key(pack)]
    keys = [Checked(pack, check_key(pack)) for pack in found if is_key(pack)]
    return (*map(Checked, packs, findings_of(services, packs)), *keys)


def _gathered(services: Services, name: str) -> Sequence[Pack]:
    return (
        [services.keys.load_key(name)] if name in services.keys.key_slugs() else services.library.gather(name)
    )


_FORMATS = {"text": text.render, "json": json.render, "sarif": sarif.render, "github": github.render}


def rendered(checked: Sequence[Checked], form: str) -> str:
    """The findings as `text`, `json`, `sarif` or `github`."""
    return _FORMATS[form]({one.pack.origin: one.findings for one in checked})


__all__ = ["blocks_run", "check", "rendered"]
