"""The evidence bundle: one run so that somebody without KEYS can read and check it. The same run gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from runbook_keys import __version__
from runbook_keys.evidence.bundle import tables
from runbook_keys.evidence.bundle.bag import Files, bagged
from runbook_keys.evidence.bundle.control_table import control_table, run_controls
from runbook_keys.evidence.bundle.material import pieces_of, proofs
from runbook_keys.evidence.bundle.page import report
from runbook_keys.evidence.bundle.source import RunRecord, start_link
from runbook_keys.evidence.controls.report import Catalogue
from runbook_keys.journal.chain import spine_line
from runbook_keys.journal.lines import instant
from runbook_keys.model.event import RunOpened


class Guides(Struct, frozen=True):
    """What goes along so that the bundle can be checked: VERIFY.md, verify.sh."""

    page: bytes
    script: bytes


def build(
    record: RunRecord,
    title: str,
    steps: Mapping[str, str],
    key: bytes,
    guides: Guides,
    catalogues: Sequence[Catalogue] = (),
) -> Files:
    """All files of the bundle by path, but its signature. `title` is the runbook's, `key` the public key (PEM).

    `steps` maps the labels of the runbook's steps to their titles; `catalogues` are the frameworks whose controls are asked.
    """
    pieces = pieces_of(record)
    controls = run_controls(record, catalogues)
    readable = {path: content for piece in pieces for path, content in piece.files.items()}
    payload = {
        **readable,
        **proofs(pieces, record),
        **_chain(record),
        "data/report.html": report(record, pieces, title, steps, controls),
        "data/timeline.csv": tables.timeline(record),
        "data/approvals.csv": tables.approvals(record),
        "data/controls.csv": control_table(controls),
        "data/material.csv": tables.material(pieces),
        "data/redacted.csv": tables.redaction_table(pieces, record.entries),
    }
    tags = {"VERIFY.md": guides.page, "verify.sh": guides.script, "signing-key.pem": key}
    return bagged(payload, tags, _info(record, title))


def _chain(record: RunRecord) -> Files:
    """The record itself: lines, spine, checkpoints, the keys that signed them."""
    rows = (spine_line(row.gseq, row.run_no, row.rseq, row.link) for row in record.spine)
    notes = {f"data/checkpoints/{each.no:06}.note": each.note for each in record.checkpoints}
    stamps = {f"data/checkpoints/{no:06}.tsr": token for no, token in record.stamps.items()}
    keys = {f"data/public-keys/{name[:8]}.pem": pem for name, pem in record.public_keys.items()}
    start = f"{record.head.run_no} {start_link(record)} {record.head.link}\n"
    return {
        "data/entries.jsonl": b"".join(each.line for each in record.stored),
        "data/spine.txt": b"".join(rows),
        "data/start.txt": start.encode("ascii"),
        **notes,
        **stamps,
        **keys,
    }


def _info(record: RunRecord, title: str) -> Mapping[str, str]:
    opened, last = record.entries[0], record.entries[-1]
    incident = opened.event.incident if isinstance(opened.event, RunOpened) else record.head.run
    return {
        "Bagging-Date": instant(last.at)[:10],
        "External-Identifier": record.head.run,
        "External-Description": " ".join(f"Record of run {record.head.run}: {title}".split()),
        "Bag-Group-Identifier": incident,
        "Bag-Software-Agent": f"KEYS {__version__}",
        "Run-Opened": instant(opened.at),
        "Run-Last-Entry": instant(last.at),
    }
