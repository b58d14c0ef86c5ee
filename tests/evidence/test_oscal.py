"""Control reports as OSCAL assessment results: of the model's form, the same every time, observations and no findings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import jsonschema
import pytest
from a_journal import BELA, ESCALATED, Journal
from oscal_schema import SCHEMA

from runbook_keys.engine import inputs as i
from runbook_keys.evidence.controls.oscal import control_id, uuid_of
from runbook_keys.model.event import RunKind
from runbook_keys.operations.reports.report import FRAMEWORKS, Form, report
from runbook_keys.operations.runs.breach import become_aware

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with an incident and a drill."""
    made = Journal(tmp_path)
    made.install()
    made.run(*ESCALATED, alerted_at="2026-11-20T02:50:00.000Z")
    made.run(*ESCALATED, kind=RunKind.DRILL)
    return made


def _bytes(journal: Journal, framework: str = "soc2", period: tuple[date, date] = YEAR) -> bytes:
    made = journal.do(lambda at: report(at, framework, *period, Form.OSCAL))
    assert list(made.files) == ["assessment-results.json"]
    return made.files["assessment-results.json"]


def _document(content: bytes) -> dict[str, Any]:
    found = json.loads(content)
    jsonschema.validate(found, SCHEMA)
    return found["assessment-results"]


def _observations(content: bytes) -> list[dict[str, Any]]:
    return _document(content)["results"][0]["observations"]


def _props(one: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in one.get("props", ())}


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_framework_is_of_the_model_s_form(journal: Journal, framework: str) -> None:
    """Strictly: no property that the model does not have, no empty list, each id of its kind."""
    document = _document(_bytes(journal, framework))

    reviewed = document["results"][0]["reviewed-controls"]["control-selections"][0]["include-controls"]
    ids = [each["control-id"] for each in reviewed]
    assert len(ids) == len(set(ids)) > 0
    named = {
        _props(each)["control-id"] for each in _observations(_bytes(journal, framework)) if "props" in each
    }
    assert named == set(ids)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_there_are_observations_and_no_findings(journal: Journal, framework: str) -> None:
    """Nowhere does it say that a requirement is satisfied, or that it is not."""
    content = _bytes(journal, framework)

    assert not {"findings", "risks", "attestations"} & set(_keys(json.loads(content)))
    assert not re.search(r"satisfied|\bcompliant\b", content.decode(), re.IGNORECASE)


def test_every_field_of_every_control_is_observed_also_where_nothing_is_recorded(journal: Journal) -> None:
    """What KEYS does not record is said, and so is what it found nothing of."""
    coverage = {_props(each)["coverage"] for each in _observations(_bytes(journal)) if "props" in each}

    assert coverage == {"not recorded by KEYS", "none on record", "found"}


def test_evidence_names_its_run_and_entry(journal: Journal) -> None:
    """So that a sample can be followed into the journal."""
    alert = next(each for each in _observations(_bytes(journal)) if "alert.received" in each["title"])

    (evidence,) = alert["relevant-evidence"]
    assert (_props(evidence)["run-number"], _props(evidence)["entry"]) == ("1", "1")


def test_what_is_out_of_order_is_observed_too(journal: Journal) -> None:
    """Text that somebody typed is text: Markdown in it is spelled out."""
    journal.run(i.Skip("see [here](javascript:x) <b>*now*"), i.Abandon("vendor"))
    told = [each for each in _observations(_bytes(journal)) if each["types"] == ["exception"]]

    skipped = next(each for each in told if each["title"] == "Exception: skipped")
    assert r"\[here\](javascript:x) \<b\>\*now\*" in skipped["description"]


def test_the_plan_that_is_named_says_that_there_is_none(journal: Journal) -> None:
    """The model wants a plan; the reference leads into the document itself."""
    document = _document(_bytes(journal))

    resources = {f"#{each['uuid']}": each for each in document["back-matter"]["resources"]}
    assert resources[document["import-ap"]["href"]]["title"] == "No assessment plan"


def test_the_same_record_gives_the_same_bytes_and_an_observation_keeps_its_uuid(journal: Journal) -> None:
    """A day later the document is another one, and what it observes is not."""
    first, again = _bytes(journal), _bytes(journal)
    journal.pass_(days=1)
    later = _bytes(journal)

    assert first == again
    assert _document(first)["uuid"] != _document(later)["uuid"]
    assert [each["uuid"] for each in _observations(first)] == [each["uuid"] for each in _observations(later)]
    uuids = [each["uuid"] for each in _observations(first)]
    assert len(uuids) == len(set(uuids))


@pytest.mark.parametrize(
    "period", [(date(2027, 1, 1), date(2027, 12, 31)), (date(2020, 1, 1), date(2020, 1, 1))]
)
def test_an_empty_or_future_period_is_of_the_form_too(journal: Journal, period: tuple[date, date]) -> None:
    """It begins no later than it ends, and nothing is found."""
    result = _document(_bytes(journal, "gdpr", period))["results"][0]

    assert result["start"] <= result["end"]
    assert not any("relevant-evidence" in each for each in result["observations"])


def test_a_breach_whose_time_is_over_is_of_the_form_too(journal: Journal) -> None:
    """GDPR, with the 72 hours over."""
    run = journal.run(*ESCALATED)
    journal.do(lambda at: become_aware(at, BELA, run, None))
    journal.pass_(hours=80)

    titles = {each["title"] for each in _observations(_bytes(journal, "gdpr"))}
    assert "Exception: breach not decided" in titles


@pytest.mark.parametrize(
    ("framework", "control", "token"),
    [
        ("PCI DSS", "10.2.1.1", "pci-dss_10.2.1.1"),
        ("GDPR", "Art. 33(1)", "gdpr_art-33-1"),
        ("HIPAA", "164.308(a)(6)(ii)", "hipaa_164.308-a-6-ii"),
        ("ISO/IEC 27001", "A.5.24", "iso-iec-27001_a.5.24"),
    ],
)
def test_a_control_s_id_becomes_a_token(framework: str, control: str, token: str) -> None:
    """One that can be read; the id itself stands beside it."""
    assert control_id(framework, control) == token


def test_a_uuid_is_that_of_version_5() -> None:
    """As the standard library makes it from the same space and name."""
    space = UUID("6f0d9c5e-1b0f-5d6c-9a4e-2f7b3c8d1a90")

    assert uuid_of("soc2/é") == str(uuid5(space, "soc2/é"))


def test_what_is_not_signed_is_told(journal: Journal) -> None:
    """No damage by itself, and an examiner should know."""
    assert "not signed" not in _document(_bytes(journal))["results"][0]["description"]
    (journal.home / "signing" / "key.pem").unlink()
    journal.run(*ESCALATED)
    assert "not signed" in _document(_bytes(journal))["results"][0]["description"]
