"""What is wrong with packs on the page, and whether it keeps them from being run.

Findings are remembered by the exact bytes they were found in: an unchanged pack is not proven twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from runbook_keys.book.digest import PINNED
from runbook_keys.errors import InvalidPack
from runbook_keys.lint.profile import IMPOSSIBLE_TO_RUN, blocking
from runbook_keys.model.finding import Finding
from runbook_keys.model.pack import Pack
from runbook_keys.operations.packs import OpenPack
from runbook_keys.operations.services import Services

MOST_SHOWN = 10

_PASSING = frozenset({"crashed-rule", "unchecked-shell"})
"""Findings about this machine or our own fault, not about the pack: they are looked for again each time."""


def findings_of(services: Services, packs: Sequence[Pack]) -> list[tuple[Finding, ...]]:
    """The findings of each pack, in its order of file and line."""
    runbooks, keys = services.library.slugs(), services.keys.key_files()
    names = [_name(pack, runbooks, keys) for pack in packs]
    known = [_recall(services, name) for name in names]
    new = [pack for pack, findings in zip(packs, known, strict=True) if findings is None]
    fresh = iter(_check(services, new, runbooks, keys) if new else [])
    return [
        _keep(services, name, next(fresh)) if findings is None else findings
        for name, findings in zip(names, known, strict=True)
    ]


def _check(
    services: Services, packs: Sequence[Pack], runbooks: Sequence[str], keys: Mapping[str, bytes]
) -> list[tuple[Finding, ...]]:
    # The rules are many modules, and a run of a pack that was proven before needs none of them.
    from runbook_keys.book.key_metadata import read_key_metadata
    from runbook_keys.lint.check import check_packs

    read = {slug: read_key_metadata(content)[0] for slug, content in keys.items()}
    return [checked.findings for checked in check_packs(packs, runbooks, read, shell=services.shell)]


def _name(pack: Pack, runbooks: Sequence[str], keys: Mapping[str, bytes]) -> str:
    """What the findings are remembered by: all that the rules look at."""
    seen = [pack.origin, sorted(pack.files.items()), sorted(runbooks), sorted(keys.items())]
    return f"findings {hashlib.sha256(msgspec.msgpack.encode(seen)).hexdigest()}"


def _recall(services: Services, key: str) -> tuple[Finding, ...] | None:
    remembered = services.cache.get(key)
    return None if remembered is None else msgspec.msgpack.decode(remembered, type=tuple[Finding, ...])


def _keep(services: Services, key: str, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if not any(finding.rule in _PASSING for finding in findings):
        services.cache.put(key, msgspec.msgpack.encode(findings))
    return findings


def refuse_unsound(services: Services, opened: OpenPack, accepted_because: str) -> None:
    """Raises InvalidPack naming what `keys check` finds, unless a person gave a reason to go on.

    A fault that could leave a person without a next step is refused whatever the reason.
    """
    (findings,) = findings_of(services, [opened.pack])
    # A run depends on what it pins; a stale printed page or a missing change log keeps nobody from recovering.
    errors = tuple(finding for finding in blocking(findings) if finding.file in PINNED)
    is_impossible = any(finding.rule in IMPOSSIBLE_TO_RUN for finding in errors)
    if errors and (is_impossible or not accepted_because.strip()):
        raise InvalidPack(_refusal(opened.metadata.slug, errors, is_impossible))


def _refusal(slug: str, errors: tuple[Finding, ...], is_impossible: bool) -> str:
    lines = [f"  {finding.file}:{finding.line}: {finding.reason}" for finding in errors[:MOST_SHOWN]]
    if len(errors) > MOST_SHOWN:
        lines.append(f"  … and {len(errors) - MOST_SHOWN} more")
    count = "1 fault" if len(errors) == 1 else f"{len(errors)} faults"
    way_out = (
        "Until they are mended, follow README.md by hand."
        if is_impossible
        else "To run it all the same: --accept-findings REASON."
    )
    return "\n".join(
        [
            f"{slug} has {count} on the page; the run has not started.",
            *lines,
            f"`keys check {slug}` says how to mend them. {way_out}",
        ]
    )
