"""A bundle's files out of its record: made for an export, and made anew to see whether somebody reworded them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from runbook_keys import __version__
from runbook_keys.errors import KeysError
from runbook_keys.evidence.bundle.bag import KEY, MANIFEST, TAGS, Files
from runbook_keys.evidence.bundle.check import BundleReport
from runbook_keys.evidence.bundle.contents import Guides, build
from runbook_keys.evidence.bundle.reading import record_of
from runbook_keys.evidence.bundle.source import RunRecord
from runbook_keys.journal.damages import printable
from runbook_keys.model.event import RunOpened
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.recorded import pack_in
from runbook_keys.operations.reports.report import FRAMEWORKS, catalogue_of
from runbook_keys.operations.services import Services
from runbook_keys.ports import Cache

_TABLES = "data/report.html, timeline.csv, approvals.csv, controls.csv, material.csv and redacted.csv"
_AGENT = re.compile(rb"^Bag-Software-Agent: KEYS ([!-~]{1,40})$", re.MULTILINE)
_UNREADABLE = (KeysError, ValueError, LookupError, msgspec.MsgspecError, RecursionError)


def made_of(record: RunRecord, key: bytes, guides: Guides, cache: Cache) -> Files:
    """All files of the bundle but its signature, as this release makes them. `key` is the public key (PEM)."""
    catalogues = [catalogue_of(framework) for framework in FRAMEWORKS]
    return build(record, *_titles(record, cache), key, guides, catalogues)


def with_tables_checked(services: Services, files: Mapping[str, bytes], found: BundleReport) -> BundleReport:
    """What was found, and what of a bundle whose record is whole differs from what its record makes."""
    if found.damages:
        return found
    agent = _AGENT.search(files.get("bag-info.txt", b""))
    release = agent[1].decode("ascii") if agent else "another program"
    if release != __version__:
        words = f"made by KEYS {release}" if agent else "made by another program"
        notice = (
            f"{_TABLES} were {words}, and this is {__version__}: they were not held against the record. Read the record itself "
            "where it matters."
        )
        return replace(found, notices=(*found.notices, notice))
    return replace(found, damages=tuple(_differences(services, files)))


def _differences(services: Services, files: Mapping[str, bytes]) -> Iterator[str]:
    try:
        record = record_of(files)
        names = {services.signer.name_of(pem): pem for pem in record.public_keys.values()}
        guides = Guides(files["VERIFY.md"], files["verify.sh"])
        known = replace(record, public_keys=dict(sorted(names.items())))
        made = made_of(known, files[KEY], guides, services.cache)
    except _UNREADABLE as error:
        yield f"The tables can't be made anew from the record, so nothing says that they are true: {printable(str(error))}"
        return
    for path, content in made.items():
        if path not in (MANIFEST, TAGS) and files.get(path) != content:
            yield f"{path} is not what KEYS makes of this record: it was changed."


def _titles(record: RunRecord, cache: Cache) -> tuple[str, dict[str, str]]:
    """The runbook's title and those of its steps by label, as they were; plain names where its text was erased."""
    opened = record.entries[0].event
    if not isinstance(opened, RunOpened):
        return record.head.run, {}
    text = record.blobs.get(opened.pack_blob)
    if text is None:
        return opened.slug, {}
    runbook = read_pack(pack_in(text.content, record.head.run, opened), cache).runbook
    return runbook.title, {step.label: step.title for step in runbook.steps}
