"""The queries that controls name: each finds one kind of fact in the runs of a period.

Real incidents answer for themselves; drills only for testing, trainings only for training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import MappingProxyType

from runbook_keys.evidence.controls.exceptions import (
    DEPARTURES,
    exceptions_of,
    is_too_early,
    notify_by_of,
    told_at_of,
)
from runbook_keys.evidence.controls.report import Query
from runbook_keys.evidence.controls.runs import Citation, JournalFacts, RunFacts
from runbook_keys.evidence.retention import ALTHOUGH_KEPT, in_words
from runbook_keys.evidence.words import is_copy, words_of
from runbook_keys.model import event as e
from runbook_keys.model.actor import ActorKind
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.entry import Entry
from runbook_keys.model.runbook import Ending, SafetyClass, StepKind

_Test = Callable[[RunFacts, Entry], bool]
_INCIDENTS = (e.RunKind.INCIDENT,)

A_SITTING = timedelta(hours=1)
_GIVEN_UP = (Ending.ABANDONED, Ending.UNVERIFIED)
TWELVE_MONTHS, SIX_YEARS = 366, 2192
"""In days, with every leap day that can lie in them."""


def _cited(run: RunFacts, entry: Entry, words: str = "", attempt: str = "") -> Citation:
    words = words or words_of(entry.event)
    if isinstance(entry.event, e.AttemptFinished | e.OutcomeSettled):
        words += f", attempt {entry.event.attempt}"
    about = attempt or _attempt_of(entry.event)
    return Citation(run.run_no, run.run, entry.seq, entry.at, str(entry.actor), words, about)


def _attempt_of(event: e.AnyEvent) -> str:
    if isinstance(event, e.ApprovalGranted | e.AttemptStarted | e.AttemptFinished):
        return f"{event.step} {event.role} {event.attempt}"
    return ""


def _entries(test: _Test, kinds: tuple[e.RunKind, ...] = _INCIDENTS) -> Query:
    """A query for all entries that pass `test`, in runs of these kinds."""

    def query(journal: JournalFacts) -> list[Citation]:
        return [
            _cited(run, entry) for run in journal.of_kind(*kinds) for entry in run.entries if test(run, entry)
        ]

    return query


def _is(*kinds: type[e.Event]) -> _Test:
    return lambda _run, entry: isinstance(entry.event, kinds)


def _is_change(_run: RunFacts, entry: Entry) -> bool:
    return isinstance(entry.event, e.AttemptStarted) and entry.event.safety is not SafetyClass.SAFE


def _change_outcomes(journal: JournalFacts) -> Iterator[Citation]:
    for run in journal.of_kind(*_INCIDENTS):
        changes: dict[tuple[str, int], str] = {}
        for entry in run.entries:
            event = entry.event
            if isinstance(event, e.AttemptStarted) and event.safety is not SafetyClass.SAFE:
                changes[event.step, event.attempt] = _attempt_of(event)
            elif isinstance(event, e.AttemptFinished) and _attempt_of(event) in changes.values():
                yield _cited(run, entry)
            elif isinstance(event, e.OutcomeSettled):
                about = changes.get((event.step, event.attempt), "none that started")
                yield _cited(run, entry, attempt=about)


def _is_by_another(run: RunFacts, entry: Entry) -> bool:
    opened_by = run.opened.opened_by if run.opened else ""
    is_person = entry.actor.kind is ActorKind.OPERATOR
    is_approval = isinstance(entry.event, e.ApprovalGranted)
    return is_person and is_approval and bool(opened_by) and entry.actor.name != opened_by


def _is_triage(_run: RunFacts, entry: Entry) -> bool:
    return isinstance(entry.event, e.BranchTaken) and entry.event.step.startswith(StepKind.SAFETY_CHECK)


def _is_decision(_run: RunFacts, entry: Entry) -> bool:
    event = entry.event
    if isinstance(event, e.BranchTaken):
        return event.because in (e.BranchReason.ANSWERED, e.BranchReason.OVERRULED)
    return isinstance(event, e.ApprovalGranted | e.WayOverruled | e.StepSkipped | e.OutcomeSettled)


def _answers(*words: str) -> _Test:
    """An item of section 9 that speaks of one of these and was answered."""

    def test(_run: RunFacts, entry: Entry) -> bool:
        event = entry.event
        if not isinstance(event, e.EvidenceRecorded) or not event.blob:
            return False
        return any(word in event.words.casefold() for word in words)

    return test


def _is_evidence(_run: RunFacts, entry: Entry) -> bool:
    event = entry.event
    return isinstance(event, e.NoteAdded | e.FileAttached) or (
        isinstance(event, e.EvidenceRecorded) and bool(event.blob)
    )


def _is_verified(run: RunFacts, entry: Entry) -> bool:
    """The way out of a verification that led to the end, which nobody forced; one that was skipped shows nothing."""
    event = entry.event
    return (
        run.summary is not None
        and run.summary.ending is Ending.RESOLVED
        and isinstance(event, e.BranchTaken)
        and event.because is not e.BranchReason.OVERRULED
        and event.step.startswith(StepKind.VERIFICATION)
        and str(event.target) == "RESOLVED"
    )


def _is_escalation(_run: RunFacts, entry: Entry) -> bool:
    return isinstance(entry.event, e.RunEnded) and entry.event.ending is Ending.ESCALATED


def _is_alert(_run: RunFacts, entry: Entry) -> bool:
    return isinstance(entry.event, e.RunOpened) and bool(entry.event.alerted_at)


def _is_detail(detail: BreachDetail) -> _Test:
    return lambda _run, entry: isinstance(entry.event, e.BreachDetailed) and entry.event.detail is detail


def _is_copy(_run: RunFacts, entry: Entry) -> bool:
    return is_copy(entry.event)


def _later_phases(journal: JournalFacts) -> Iterator[Citation]:
    """Parts that came later, not in the sitting in which the first was given."""
    for run in journal.of_kind(*_INCIDENTS):
        details = [entry for entry in run.entries if isinstance(entry.event, e.BreachDetailed)]
        yield from (_cited(run, entry) for entry in details if entry.at - details[0].at >= A_SITTING)


def _is_told(_run: RunFacts, entry: Entry) -> bool:
    event = entry.event
    return isinstance(event, e.BreachDetailed) and event.detail in (
        BreachDetail.NOTIFIED,
        BreachDetail.NOT_NOTIFIED,
    )


def _in_time(journal: JournalFacts) -> Iterator[Citation]:
    """Told, or decided, within 72 hours; else the reason for the delay."""
    for run in journal.of_kind(*_INCIDENTS):
        notify_by = notify_by_of(run)
        for entry in run.entries:
            told_at = told_at_of(entry)
            is_timely = (
                notify_by and told_at and told_at <= notify_by and not is_too_early(told_at, notify_by)
            )
            if is_timely or _is_detail(BreachDetail.DELAY)(run, entry):
                yield _cited(run, entry)


def _drills(journal: JournalFacts) -> Iterator[Citation]:
    """Drills that were followed to an end of the tree."""
    for run in journal.of_kind(e.RunKind.DRILL):
        for entry in run.entries:
            if isinstance(entry.event, e.RunEnded) and entry.event.ending not in _GIVEN_UP:
                slug = run.opened.slug if run.opened else ""
                yield _cited(run, entry, f"Drill of {slug} ended {entry.event.ending}")


def _who_acted(journal: JournalFacts) -> Iterator[Citation]:
    """Every entry names its actor and its moment, so one line per run says it."""
    for run in journal.of_kind(*_INCIDENTS):
        if run.entries:
            yield _cited(
                run, run.entries[0], f"{len(run.entries)} entries, each with its actor, what and when"
            )


def _kept_to_the_text(journal: JournalFacts) -> Iterator[Citation]:
    """The end of each incident in which nobody went another way than the text says."""
    for run in journal.of_kind(*_INCIDENTS):
        departures = {kind for kind, _ in exceptions_of(run, run.entries[-1].at)} & DEPARTURES
        for entry in run.entries:
            if isinstance(entry.event, e.RunEnded) and not departures:
                yield _cited(run, entry)


def _revised(journal: JournalFacts) -> Iterator[Citation]:
    """The first run of the period that followed a text that an earlier one of it had not."""
    digests: dict[str, str] = {}
    for run in journal.runs:
        if run.opened is None:
            continue
        before = digests.get(run.opened.slug)
        if before is not None and before != run.opened.pack_digest:
            words = f"{run.opened.slug} {run.opened.version} follows another text than the run before it"
            yield _cited(run, run.entries[0], words)
        digests[run.opened.slug] = run.opened.pack_digest


def _of_journal(words: str) -> Citation:
    return Citation(0, "", 0, None, "", words)


def _whole(journal: JournalFacts) -> list[Citation]:
    words = f"All {journal.all_entries} entries of {journal.all_runs} runs verified when this report was made"
    return [_of_journal(words)] if journal.is_whole and journal.runs else []


def _signed(journal: JournalFacts) -> list[Citation]:
    words = f"{journal.signed_entries} of {journal.all_entries} entries are covered by a signed checkpoint"
    return [_of_journal(words)] if journal.signed_entries and journal.runs else []


def _anchored(journal: JournalFacts) -> list[Citation]:
    return [_of_journal(words) for words in journal.anchored] if journal.runs else []


def _reach(journal: JournalFacts) -> list[Citation]:
    if journal.first_at is None or not journal.runs:
        return []
    return [_of_journal(f"The oldest entry is of {journal.first_at:%Y-%m-%d}; KEYS removes none")]


def _settings(journal: JournalFacts) -> list[Citation]:
    return [_of_journal(words) for words in in_words(journal.retention.settings)] if journal.runs else []


def _kept_for(days: int) -> Query:
    """The setting, where it keeps material for at least so many days and nothing was erased in spite of it."""

    def query(journal: JournalFacts) -> list[Citation]:
        kept = journal.retention.settings.keep_days or 0
        is_kept = kept >= days and not any(ALTHOUGH_KEPT in each.words for each in journal.erasures)
        return [_of_journal(f"keep_days = {kept}")] if journal.runs and is_kept else []

    return query


def _reaches(days: int) -> Query:
    """A record that is as old as what is asked for: a setting alone says what is meant, not what was done."""

    def query(journal: JournalFacts) -> list[Citation]:
        newest = max((run.entries[-1].at for run in journal.runs if run.entries), default=None)
        if newest is None or journal.first_at is None or newest - journal.first_at < timedelta(days=days):
            return []
        return [
            _of_journal(f"The oldest entry is {(newest - journal.first_at).days} days older than the newest")
        ]

    return query


def _nothing_due(journal: JournalFacts) -> list[Citation]:
    days = journal.retention.settings.erase_after_days
    if days is None or journal.retention.has_overdue or not journal.runs:
        return []
    words = f"No material of real runs was past erase_after_days = {days} when this report was made, but for what is held"
    return [_of_journal(words)]


def erasures_of(run: RunFacts, is_in: Callable[[Entry], bool]) -> list[Citation]:
    """The erasures of a run whose entries are in the period: a report looks for them in all runs, also in older ones."""
    return [
        _cited(run, entry)
        for entry in run.entries
        if isinstance(entry.event, e.MaterialErased) and is_in(entry)
    ]


_BY_NAME: dict[str, Query] = {
    "alert-time": _entries(_is_alert),
    "approvals": _entries(_is(e.ApprovalGranted)),
    "approved-by-another": _entries(_is_by_another),
    "attempts": _entries(_is(e.AttemptStarted)),
    "breach-aware": _entries(_is(e.BreachAware)),
    "breach-in-time": lambda journal: list(_in_time(journal)),
    "breach-phases": lambda journal: list(_later_phases(journal)),
    "breach-told": _entries(_is_told),
    **{f"breach-{detail}": _entries(_is_detail(detail)) for detail in BreachDetail},
    "change-outcomes": lambda journal: list(_change_outcomes(journal)),
    "changes": _entries(_is_change),
    "clock-steps": _entries(_is(e.ClockStepped), tuple(e.RunKind)),
    "copies-taken": _entries(_is_copy, tuple(e.RunKind)),
    "decisions": _entries(_is_decision),
    "drills": lambda journal: list(_drills(journal)),
    "ended": _entries(_is(e.RunEnded)),
    "erasures": lambda journal: journal.erasures,
    "escalated": _entries(_is_escalation),
    "evidence-kept": _entries(_is_evidence),
    "feedback": _entries(_is(e.StepDoubted), tuple(e.RunKind)),
    "follow-ups": _entries(_is(e.FollowUpAssigned, e.FollowUpDone)),
    "impact": _entries(_answers("affected", "impact", "customer", "lost")),
    "journal-anchored": _anchored,
    "journal-reach": _reach,
    "journal-signed": _signed,
    "journal-whole": _whole,
    "kept-six-years": _kept_for(SIX_YEARS),
    "kept-to-the-text": lambda journal: list(_kept_to_the_text(journal)),
    "kept-twelve-months": _kept_for(TWELVE_MONTHS),
    "nothing-overdue": _nothing_due,
    "outcomes": _entries(_is(e.AttemptFinished)),
    "reaches-six-years": _reaches(SIX_YEARS),
    "reaches-twelve-months": _reaches(TWELVE_MONTHS),
    "record-read": _entries(_is(e.RecordRead), tuple(e.RunKind)),
    "retention-settings": _settings,
    "root-cause": _entries(_answers("root cause", "cause")),
    "text-pinned": _entries(_is(e.RunOpened)),
    "text-revised": lambda journal: list(_revised(journal)),
    "trainings": _entries(_is(e.TrainingScored), (e.RunKind.TRAINING,)),
    "triage": _entries(_is_triage),
    "undone": _entries(_is(e.ActionRolledBack)),
    "verified-recovery": _entries(_is_verified),
    "who-acted": lambda journal: list(_who_acted(journal)),
    "who-opened": _entries(_is(e.RunOpened)),
}

QUERIES = MappingProxyType(_BY_NAME)
"""Every query by the name that the control files use."""
