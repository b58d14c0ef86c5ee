"""A control report as OSCAL assessment results (1.1.3): what was observed, and never whether a requirement is met.

There are observations and no findings, because a finding in OSCAL says "satisfied" or "not satisfied". There is no assessment
plan, and the document says so where one must be named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from hashlib import sha1
from typing import Any

import msgspec

from runbook_keys import __version__
from runbook_keys.evidence.controls.exceptions import Exceptional
from runbook_keys.evidence.controls.page import MEANING
from runbook_keys.evidence.controls.report import ControlFound, ControlReport, FieldFound
from runbook_keys.evidence.controls.runs import Citation
from runbook_keys.evidence.controls.tables import completeness, numbers, standing
from runbook_keys.evidence.markdown import md
from runbook_keys.journal.lines import instant

OSCAL_VERSION = "1.1.3"
NAMESPACE = "https://runbook-keys.invalid/ns/oscal/v1"
"""Names our properties apart from others'; readers of OSCAL take no URN. Nothing lies there."""
_SPACE = bytes.fromhex("6f0d9c5e1b0f5d6c9a4e2f7b3c8d1a90")
_OTHER = re.compile(r"(?:[^a-z0-9.]|\.(?![a-z0-9]))+")
_LONGEST = 2000
_Json = dict[str, Any]


def assessment_results(report: ControlReport, exceptions: Sequence[Exceptional], made_at: datetime) -> bytes:
    """The document, JSON. The same record at the same moment gives the same bytes; an observation keeps its UUID."""
    title = f"{report.catalogue.framework}: evidence from runs, {report.from_day} to {report.to_day}"
    scope = f"{report.catalogue.framework}/{report.from_day}/{report.to_day}"
    plan = uuid_of(f"{scope}/no plan")
    document = {
        "uuid": uuid_of(f"{scope}/{instant(made_at)}"),
        "metadata": {
            "title": title,
            "last-modified": instant(made_at),
            "version": instant(made_at),
            "oscal-version": OSCAL_VERSION,
            "remarks": MEANING,
        },
        "import-ap": {
            "href": f"#{plan}",
            "remarks": "There is no assessment plan: the observations come from a record that was kept anyhow.",
        },
        "results": [_result(report, exceptions, made_at, title, scope)],
        "back-matter": {
            "resources": [
                {
                    "uuid": plan,
                    "title": "No assessment plan",
                    "description": "No assessment was planned. This document only says what a journal of incident runs holds.",
                }
            ]
        },
    }
    return msgspec.json.format(msgspec.json.encode({"assessment-results": document}), indent=2) + b"\n"


def uuid_of(name: str) -> str:
    """The UUID (version 5) of a name in our own space."""
    digits = bytearray(sha1(_SPACE + name.encode(), usedforsecurity=False).digest()[:16])
    digits[6] = digits[6] & 0x0F | 0x50
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def control_id(framework: str, control: str) -> str:
    """A control's id as the token that OSCAL wants: `pci-dss_10.2.1.1`, `gdpr_art-33-1`."""
    return "_".join(_OTHER.sub("-", part.lower()).strip("-") for part in (framework, control))


def _result(
    report: ControlReport, exceptions: Sequence[Exceptional], made_at: datetime, title: str, scope: str
) -> _Json:
    end = min(datetime.combine(report.to_day, time(23, 59, 59), UTC), made_at)
    start = min(datetime.combine(report.from_day, time(), UTC), end)
    observations = [
        *(
            _observation(report, found, each, made_at, f"{scope}/{number}")
            for found in report.controls
            for number, each in enumerate(found.fields)
        ),
        *_exceptions(exceptions, made_at, scope),
    ]
    notices = (md(each, _LONGEST) for each in report.journal.notices)
    return {
        "uuid": uuid_of(f"{scope}/result"),
        "title": title,
        "description": " ".join((completeness(report), standing(report), *notices)),
        "start": instant(start),
        "end": instant(end),
        "props": [
            _prop("runs", f"{len(report.runs)}"),
            _prop("exceptions", f"{len(exceptions)}"),
            _prop("keys-version", __version__),
        ],
        "reviewed-controls": {
            "control-selections": [
                {
                    "description": report.catalogue.about,
                    "include-controls": [
                        {"control-id": control_id(report.catalogue.framework, found.control.id)}
                        for found in report.controls
                    ],
                }
            ]
        },
        "observations": observations,
    }


def _observation(
    report: ControlReport, found: ControlFound, each: FieldFound, made_at: datetime, scope: str
) -> _Json:
    control, field = found.control, each.field
    missing = f" Not in runs {numbers(each.missing)}." if each.missing else ""
    made: _Json = {
        "uuid": uuid_of(f"{scope}/{control.id}/{field.name}"),
        "title": md(f"{control.id}: {field.name}"),
        "description": md(f"{control.asks} Looked for: {field.words}.{missing}", _LONGEST),
        "props": [
            _prop("control-id", control_id(report.catalogue.framework, control.id)),
            _prop("label", control.id),
            _prop("coverage", _coverage(each)),
            _prop("strength-of-control", found.strength),
        ],
        "methods": ["TEST" if field.query == "drills" else "EXAMINE"],
        "types": ["control-objective"],
        "collected": instant(made_at),
    }
    if each.citations:
        made["relevant-evidence"] = [_evidence(cited) for cited in each.citations]
    return made


def _coverage(each: FieldFound) -> str:
    if not each.is_recorded:
        return "not recorded by KEYS"
    if not each.citations:
        return "none on record"
    return "found, not in every run that should have it" if each.missing else "found"


def _evidence(cited: Citation) -> _Json:
    by = f" ({cited.actor}, {instant(cited.at)})" if cited.at else ""
    made: _Json = {"description": md(f"{cited.words}{by}", _LONGEST)}
    if cited.run:
        made["props"] = [_prop("run", cited.run), _prop("run-number", f"{cited.run_no}")]
        made["props"] += [_prop("entry", f"{cited.seq}")] if cited.seq else []
    return made


def _exceptions(exceptions: Sequence[Exceptional], made_at: datetime, scope: str) -> Iterator[_Json]:
    for number, (kind, cited) in enumerate(exceptions):
        yield {
            "uuid": uuid_of(f"{scope}/exception/{number}/{cited.run}/{cited.seq}/{kind}"),
            "title": md(f"Exception: {kind}"),
            "description": md(cited.words, _LONGEST),
            "methods": ["EXAMINE"],
            "types": ["exception"],
            "relevant-evidence": [_evidence(cited)],
            "collected": instant(made_at),
        }


def _prop(name: str, value: str) -> _Json:
    return {"name": name, "ns": NAMESPACE, "value": value}
