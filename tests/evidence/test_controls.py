"""Control reports: controls are data, the population is whole, nothing is claimed that the record does not hold."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from a_journal import BEGIN, BELA, ESCALATED, Journal
from keyring import edit

from runbook_keys.config import Config, Retention
from runbook_keys.engine import inputs as i
from runbook_keys.errors import Refused
from runbook_keys.evidence.controls import report as controls_module
from runbook_keys.evidence.controls.exceptions import exceptions_of
from runbook_keys.evidence.controls.queries import QUERIES
from runbook_keys.evidence.controls.report import Catalogue, Strength, read_catalogue
from runbook_keys.evidence.controls.runs import JournalFacts, RunFacts
from runbook_keys.evidence.summary import summary_of
from runbook_keys.journal.lines import instant
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.entry import Entry
from runbook_keys.model.event import (
    ApprovalGranted,
    BranchReason,
    BranchTaken,
    BreachDetailed,
    ClosingBegun,
    RunEnded,
    RunKind,
    RunOpened,
    StepEntered,
)
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import End, Ending
from runbook_keys.operations.record.access import record_copy
from runbook_keys.operations.record.erase import erasable, erase
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.reports.report import FRAMEWORKS, ReportMade, report
from runbook_keys.operations.runs.breach import become_aware, detail
from runbook_keys.operations.services import Services

FILES = sorted((Path(controls_module.__file__).parent / "catalogues").glob("*.json"))
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
BY_FILE = Actor(ActorKind.AGENT, BELA.name)
CLAIMS = re.compile(
    r"\bcompliant\b|compliance achieved|\bcertified\b|\bsatisfied\b|\bpassed the\b", re.IGNORECASE
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with the runbook installed."""
    made = Journal(tmp_path)
    made.install()
    return made


def _made(journal: Journal, framework: str = "soc2", period: tuple[date, date] = YEAR) -> ReportMade:
    return journal.do(lambda at: report(at, framework, *period))


def _rows(made: ReportMade, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.files[name].decode())))


def _catalogue(file: Path) -> Catalogue:
    return read_catalogue(file.read_bytes())


def test_every_framework_of_the_command_has_its_catalogue() -> None:
    """No more and no fewer."""
    assert sorted(FRAMEWORKS) == [file.stem for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_query_that_a_control_names_exists(file: Path) -> None:
    """Ids stand once, and a field without a query is one that KEYS says it does not record."""
    found = _catalogue(file).controls
    named = {name for control in found for field in control.fields for name in (field.query, field.of_every)}

    assert named - {""} <= QUERIES.keys()
    assert len({control.id for control in found}) == len(found)
    assert not CLAIMS.search(file.read_text("utf-8"))


def test_no_query_stands_for_nothing() -> None:
    """Each is named by some control; the parts of a breach record come all together."""
    named = {
        field.query for file in FILES for control in _catalogue(file).controls for field in control.fields
    }

    assert {name for name in QUERIES if not name.startswith("breach-")} <= named


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_report_claims_evidence_and_never_more(journal: Journal, framework: str) -> None:
    """In no file stands a word that says that a requirement is met; the page runs no script."""
    journal.run(*ESCALATED)
    made = _made(journal, framework)

    assert not any(CLAIMS.search(content.decode()) for content in made.files.values())
    assert b"<script" not in made.files["report.html"]


@pytest.mark.parametrize(
    "period", [(date(2027, 1, 1), date(2027, 12, 31)), (date(2020, 1, 1), date(2020, 1, 1))]
)
def test_an_empty_or_future_period_gives_an_honest_empty_report(
    journal: Journal, period: tuple[date, date]
) -> None:
    """No control has any evidence, not even from a journal that verifies."""
    journal.run(*ESCALATED)
    made = _made(journal, "pci-dss", period)

    assert made.strengths[Strength.NONE] == sum(made.strengths.values()) > 0
    assert b"No run opened in this period" in made.files["report.html"]


def test_a_period_that_ends_before_it_begins_is_refused(journal: Journal) -> None:
    """The message says what to exchange."""
    with pytest.raises(Refused, match="Exchange"):
        _made(journal, "soc2", (date(2026, 2, 1), date(2026, 1, 1)))


def test_the_population_holds_every_run_and_both_days_belong_to_the_period(journal: Journal) -> None:
    """Incidents, drills, runs that still go on: by number, without a gap."""
    journal.run(*ESCALATED)
    journal.run(*ESCALATED, kind=RunKind.DRILL)
    journal.pass_(days=1)
    journal.run()
    day = BEGIN.date()
    rows = _rows(_made(journal, period=(day, day + timedelta(days=1))), "population.csv")

    assert [("1", "incident"), ("2", "drill"), ("3", "incident")] == [
        (row["run number"], row["kind"]) for row in rows
    ]
    assert ["1", "2"] == [
        row["run number"] for row in _rows(_made(journal, period=(day, day)), "population.csv")
    ]


def test_a_drill_is_evidence_of_testing_and_of_nothing_else(journal: Journal) -> None:
    """What happened in practice answers no question about incidents."""
    journal.run(*ESCALATED, kind=RunKind.DRILL)
    cited = _rows(_made(journal), "evidence.csv")

    assert {"run.kind=drill"} == {row["field"] for row in cited}


def test_a_run_that_was_edited_is_an_exception_and_no_control_is_strong(journal: Journal) -> None:
    """The run stays in the population; the report says that the journal does not verify."""
    journal.run(*ESCALATED)
    journal.run(*ESCALATED)
    edit(
        journal.home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'anna', 'elsa') AS BLOB) WHERE run_no = 1 AND seq = 2",
    )
    made = _made(journal, "iso27001")

    assert ("damaged", "1") in {(row["kind"], row["run number"]) for row in _rows(made, "exceptions.csv")}
    assert made.strengths[Strength.STRONG] == 0
    assert b"does NOT verify" in made.files["report.html"]


def test_what_went_beside_the_tree_is_an_exception(journal: Journal) -> None:
    """Skipped, abandoned, started in spite of findings: nobody has to find it in the sample."""
    journal.run(i.Skip("seen"), i.Abandon("vendor"), accepted_findings="it is 3 AM")
    kinds = {row["kind"] for row in _rows(_made(journal), "exceptions.csv")}

    assert {"accepted findings", "skipped", "abandoned"} <= kinds


def test_a_field_that_some_runs_lack_makes_the_control_partial_and_names_them(journal: Journal) -> None:
    """Two incidents, one with the time of its alert."""
    journal.run(*ESCALATED, alerted_at="2026-11-20T02:50:00.000Z")
    journal.run(*ESCALATED)
    made = _made(journal)

    assert made.strengths[Strength.STRONG] == 0
    assert b"not in 2" in made.files["report.html"]


def test_a_breach_whose_72_hours_have_passed_undecided_is_an_exception(journal: Journal) -> None:
    """Before they have passed it is none."""
    run = journal.run(*ESCALATED)
    journal.do(lambda at: become_aware(at, BELA, run, None))
    before = {row["kind"] for row in _rows(_made(journal, "gdpr"), "exceptions.csv")}
    journal.pass_(hours=73)
    after = {row["kind"] for row in _rows(_made(journal, "gdpr"), "exceptions.csv")}

    assert {"breach not decided"} == after - before


def test_what_somebody_wrote_is_no_formula_in_a_spreadsheet(journal: Journal) -> None:
    """A reason that begins like one is told in words, quoted."""
    journal.run(i.Skip("=cmd|' /C calc'!A0"), i.Abandon("+1"), accepted_findings="@SUM(1)")
    cells = [
        cell
        for name, content in _made(journal).files.items()
        if name.endswith(".csv")
        for row in csv.reader(io.StringIO(content.decode()))
        for cell in row
    ]

    assert [] == [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@", "-"))]


def _strength(made: ReportMade, control: str) -> str:
    return next(row["strength"] for row in _rows(made, "controls.csv") if row["control"] == control)


def test_one_breach_that_was_told_does_not_speak_for_another_that_was_not(journal: Journal) -> None:
    """Two breaches, one of them on record with the authority's notice: the control is partial, and the other is named."""
    first, second = journal.run(*ESCALATED), journal.run(*ESCALATED)
    journal.do(lambda at: become_aware(at, BELA, first, None))
    journal.do(lambda at: detail(at, BELA, first, BreachDetail.NOTIFIED, "told", journal.clock.now()))
    alone = _strength(_made(journal, "gdpr"), "Art. 33(1)")
    journal.do(lambda at: become_aware(at, BELA, second, None))
    made = _made(journal, "gdpr")

    assert (alone, _strength(made, "Art. 33(1)")) == ("strong", "partial")
    assert b"not in 2" in made.files["report.html"]


def test_a_notice_that_is_dated_before_anybody_knew_is_no_evidence_and_is_named(journal: Journal) -> None:
    """As an earlier release let people say: the entry stays as it is, is not counted as in time, and is an exception."""
    run = journal.run(*ESCALATED)
    journal.do(lambda at: become_aware(at, BELA, run, None))
    told = BreachDetailed(BreachDetail.NOTIFIED, "", instant(journal.clock.now() - timedelta(days=30)))

    async def tell(at: Services) -> None:
        head = await find_run(at, run)
        await at.store.append(run, head.seq, at.clock.now(), BELA, [told])

    journal.do(tell)
    journal.pass_(hours=73)
    made = _made(journal, "gdpr")
    cited = [row["field"] for row in _rows(made, "evidence.csv") if row["control"] == "Art. 33(1)"]
    kinds = {row["kind"] for row in _rows(made, "exceptions.csv")}

    assert "delay_reason" not in cited
    assert "breach notified before it was known" in kinds
    assert "breach not decided" not in kinds
    assert _strength(made, "Art. 33(1)") == "partial"


def test_a_run_that_left_the_text_is_no_evidence_that_the_text_was_followed(journal: Journal) -> None:
    """A skipped look and an abandoned run are named where the question is whether the procedure was followed."""
    journal.run(*ESCALATED)
    journal.run(i.Skip("seen"), i.Abandon("vendor"))
    cited = [row for row in _rows(_made(journal, "iso27001"), "evidence.csv") if row["control"] == "A.5.26"]

    assert {"1"} == {row["run number"] for row in cited if row["field"] == "followed as written"}


def test_what_did_not_happen_is_no_gap(journal: Journal) -> None:
    """A year without an escalation is not said to lack one."""
    journal.run(i.Skip("seen"), i.Abandon("vendor"))
    page = _made(journal, "iso27001").files["report.html"].decode()
    gaps = page.partition("<h2>What is not covered</h2>")[2].partition("<h2>")[0]

    assert "Runs that called the people" not in gaps
    assert "none on record" in page


def test_a_copy_that_was_taken_is_evidence_of_custody(journal: Journal) -> None:
    """Who took it and which one it was."""
    run = journal.run(*ESCALATED)
    journal.do(lambda at: record_copy(at, BELA, run, 64 * "a"))
    cited = [row for row in _rows(_made(journal, "iso27001"), "evidence.csv") if "custody" in row["field"]]

    assert [(row["actor"], row["words"]) for row in cited] == [
        ("bela", f"A copy was taken: bundle {16 * 'a'}")
    ]


def _gaps(made: ReportMade) -> str:
    page = made.files["report.html"].decode()
    return page.partition("<h2>What is not covered</h2>")[2].partition("<h2>")[0]


def test_a_run_without_commands_is_not_said_to_lack_their_outcomes(journal: Journal) -> None:
    """Nobody has to explain to an examiner why a call for help has no exit code."""
    journal.run(*ESCALATED)

    assert (
        "not in run"
        not in _gaps(_made(journal, "pci-dss")).partition("success/failure")[2].partition("</tr>")[0]
    )


def test_a_year_without_a_breach_has_no_gaps_in_the_record_of_breaches(journal: Journal) -> None:
    """There is no evidence either: the strength is none, and it is not said that a breach lacks its parts."""
    journal.run(*ESCALATED)
    made = _made(journal, "gdpr")

    assert _strength(made, "Art. 33(5)") == "none"
    assert "Art. 33(5)" not in _gaps(made)


def test_a_drill_s_unanswered_questions_are_no_exceptions(journal: Journal) -> None:
    """Nobody knows the root cause of a fault that a drill made; of an incident the same is one."""
    journal.run(*ESCALATED, kind=RunKind.DRILL, accepted_findings="a draft")
    before = _rows(_made(journal), "exceptions.csv")
    journal.run(*ESCALATED)
    after = _rows(_made(journal), "exceptions.csv")

    assert (before, [row["kind"] for row in after]) == ([], ["evidence not known"])


def test_why_findings_were_accepted_is_told(journal: Journal) -> None:
    """The reason, and not only that the run was opened."""
    journal.run(*ESCALATED, accepted_findings="the link checker is down")
    rows = _rows(_made(journal), "exceptions.csv")

    assert "Run opened in spite of findings: the link checker is down" in {row["words"] for row in rows}


def test_a_removed_run_is_missing_from_the_population_wherever_its_number_stood(journal: Journal) -> None:
    """The last number as well: only the spine still tells of it, and nobody says that none is missing."""
    for _ in range(3):
        journal.run(*ESCALATED)
    edit(journal.home, "DELETE FROM entries WHERE run_no = 3", "DELETE FROM runs WHERE run_no = 3")
    made = _made(journal)

    (row,) = (row for row in _rows(made, "population.csv") if row["run number"] == "3")

    assert "MISSING" in row.values()
    assert b"No number is missing" not in made.files["report.html"]


def test_a_setting_alone_is_no_six_years_of_records(journal: Journal) -> None:
    """Strong only where the record is as old as what is asked for, and nothing was erased in spite of the setting."""
    journal.config = Config(retention=Retention(keep_days=2192))
    run = journal.run(*ESCALATED)
    young = _strength(_made(journal, "hipaa"), "164.316(b)(2)")
    journal.pass_(days=2200)
    journal.run(*ESCALATED)
    decade = (date(2026, 1, 1), date(2035, 12, 31))
    old = _strength(_made(journal, "hipaa", decade), "164.316(b)(2)")
    last = journal.run(*ESCALATED)
    journal.do(lambda at: _erased(at, last))
    erased = _strength(_made(journal, "hipaa", decade), "164.316(b)(2)")

    assert run != last
    assert (young, old, erased) == ("partial", "strong", "partial")


async def _erased(services: Services, run: str) -> int:
    return await erase(services, BELA, await erasable(services, run, although_kept=True), "request 7")


def _ended(because: BranchReason, ending: Ending) -> JournalFacts:
    """An incident whose verification took the way to RESOLVED for this reason, and which ended so."""
    opened = RunOpened("s", "1.0.0", "p", "t", "i", {}, "V1", "i", opened_by="anna")
    taken = BranchTaken("V1", 0, "It is over", End(Ending.RESOLVED), because)
    events = (opened, StepEntered("V1", 1), taken, ClosingBegun(ending, "V1"), RunEnded(ending))
    entries = [Entry("r", seq, BEGIN, BELA, event) for seq, event in enumerate(events, 1)]
    run = RunFacts(1, "r", entries, summary_of(entries))
    return JournalFacts([run], 1, len(entries), 0, True)


def test_a_verification_that_somebody_forced_shows_no_recovery() -> None:
    """Skipped and overruled to RESOLVED the run ends UNVERIFIED, and nothing was verified."""
    query = QUERIES["verified-recovery"]

    assert len(query(_ended(BranchReason.MATCHED, Ending.RESOLVED))) == 1
    assert query(_ended(BranchReason.OVERRULED, Ending.UNVERIFIED)) == []
    assert query(_ended(BranchReason.ANSWERED, Ending.UNVERIFIED)) == []


def test_a_file_that_answers_in_the_place_of_a_person_is_an_exception() -> None:
    """It is no second person either; in practice it is how one rehearses."""
    run = RunFacts(1, "r", [Entry("r", 1, BEGIN, BY_FILE, _opening(RunKind.INCIDENT))])
    drill = RunFacts(1, "r", [Entry("r", 1, BEGIN, BY_FILE, _opening(RunKind.DRILL))])
    ((kind, cited),) = exceptions_of(run, BEGIN)

    assert (kind, cited.actor) == ("answered from a file", "bela (no person: answered from a file)")
    assert exceptions_of(drill, BEGIN) == []
    yes = ApprovalGranted("A1", Role.WORK, 1, "b", "2026-11-20T03:15:00.000Z")
    approved = [*run.entries, Entry("r", 2, BEGIN, BY_FILE, yes), Entry("r", 3, BEGIN, BELA, yes)]
    seen = JournalFacts([RunFacts(1, "r", approved)], 1, 3, 0, True)
    assert [each.seq for each in QUERIES["approved-by-another"](seen)] == [3]


def _opening(kind: RunKind) -> RunOpened:
    return RunOpened("s", "1.0.0", "p", "t", "i", {}, "V1", "i", kind, opened_by="anna")


def test_what_is_not_signed_by_a_known_key_is_told(journal: Journal) -> None:
    """No damage by itself, and an examiner should know."""
    journal.run(*ESCALATED)
    (journal.home / "signing" / "key.pem").unlink()
    journal.run(*ESCALATED)
    page = _made(journal).files["report.html"].decode()
    assert "No damage, but worth knowing" in page
    assert "not signed" in page.split("No damage, but worth knowing")[1]
