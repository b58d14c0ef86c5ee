"""The tables of a post-mortem, each from one run's entries: timeline, observed, decided, changed, unanswered, evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from runbook_keys.evidence.followups import FollowUp
from runbook_keys.evidence.markdown import length, md, moment, seen, table
from runbook_keys.evidence.postmortem.story import Story, stretches, totals
from runbook_keys.evidence.words import words_of
from runbook_keys.model import event as e
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement
from runbook_keys.model.runbook import SafetyClass

_NOT_IN_TIMELINE = e.StepEntered | e.RecordRead | e.EvidenceRecorded | e.ClosingBegun
_CANT_TELL = ("can't tell", "cannot tell", "don't know", "not sure")
ERASED = "*(its text was erased)*"


def timeline_rows(story: Story) -> Iterator[tuple[str, ...]]:
    """When, how long after the opening, who, what. Left out is what other tables tell: looks that started, evidence."""
    began = story.entries[0].at
    for entry in story.entries:
        if not isinstance(entry.event, _NOT_IN_TIMELINE) and not _is_told_elsewhere(entry.event):
            after = length(entry.at - began)
            yield f"{entry.at:%Y-%m-%d %H:%M:%S}", f"+{after}", md(str(entry.actor)), _told(story, entry)


def _is_told_elsewhere(event: e.AnyEvent) -> bool:
    """A look that ended by itself, whose way out follows and whose value is shown; and the collecting of evidence."""
    if isinstance(event, e.AttemptStarted):
        return _is_look(event)
    if not isinstance(event, e.AttemptFinished):
        return False
    is_ended_look = bool(event.enforcement) and event.outcome in (OutcomeKind.SUCCEEDED, OutcomeKind.FAILED)
    return event.role is Role.EVIDENCE or is_ended_look


def _told(story: Story, entry: Entry) -> str:
    words = md(words_of(entry.event))
    match entry.event:
        case e.NoteAdded(note_blob=blob) | e.StepDoubted(words_blob=blob):
            return f"{words}: {_text(story, blob)}"
        case _:
            return words


def _text(story: Story, blob: str) -> str:
    return md(story.texts[blob], 600) if blob in story.texts else ERASED


def observed(story: Story) -> list[str]:
    """What each attempt that looked showed."""
    rows = []
    for entry in story.entries:
        event = entry.event
        if isinstance(event, e.AttemptFinished) and event.role is not Role.EVIDENCE and event.output_blob:
            value = seen(story.observations.get(event.output_blob), event.why)
            label = event.step if event.role is Role.WORK else f"{event.step} ({event.role})"
            rows.append((f"{entry.at:%H:%M:%S}", label, md(story.title(event.step)), value))
    return (
        table(("UTC", "Step", "Question", "Seen"), rows)
        if rows
        else ["Nothing was measured by a command.", ""]
    )


def decided(story: Story) -> list[str]:
    """What people decided, and where they went against the tree; then what the tree decided from what it saw."""
    people = [row for entry in story.entries if (row := _by_person(story, entry))]
    by_tree = [
        f"{entry.event.step}: {md(entry.event.words)} → {md(str(entry.event.target))}"
        for entry in story.entries
        if isinstance(entry.event, e.BranchTaken)
        and entry.event.because in (e.BranchReason.MATCHED, e.BranchReason.NOTHING_MATCHED)
    ]
    lines = (
        table(("UTC", "Who", "Decision", "Why"), people) if people else ["Nobody had to decide anything.", ""]
    )
    if by_tree:
        lines += [f"The tree decided {len(by_tree)} times from what was seen:", "", *_bullets(by_tree), ""]
    return lines


def _bullets(texts: Sequence[str]) -> list[str]:
    return [f"- {text}" for text in texts]


def _by_person(story: Story, entry: Entry) -> tuple[str, ...] | None:
    decision = _decision(story, entry.event)
    if decision is None:
        return None
    what, why = decision
    return f"{entry.at:%H:%M:%S}", md(str(entry.actor)), what, md(why) or "not said"


def _decision(story: Story, event: e.AnyEvent) -> tuple[str, str] | None:
    """The decision as Markdown, and its reason as text."""
    match event:
        case e.BranchTaken(because=e.BranchReason.ANSWERED):
            asked = story.title(event.step)
            return f"{event.step} {md(asked)}: **{md(event.words)}** → {md(str(event.target))}", event.reason
        case e.BranchTaken(because=e.BranchReason.OVERRULED):
            return f"**overruled** {event.step}: {md(event.words)} → {md(str(event.target))}", event.reason
        case e.ApprovalGranted():
            return f"approved {event.step} {md(story.title(event.step))} ({event.role})", event.reason
        case e.WayOverruled():
            return f"**left the tree** at {event.step} for {event.to}", event.reason
        case e.StepSkipped():
            return f"**skipped** {event.step} {md(story.title(event.step))}", event.reason
        case e.OutcomeSettled():
            return f"{event.step}: the change is **{event.settlement}**", event.reason
        case e.EscalationPostponed():
            return "went on although it was time to escalate", event.reason
        case e.LeftoverCut():
            return f"had what still ran of {event.step} ended", event.reason
        case _:
            return None


def changed(story: Story) -> list[str]:
    """Every change that was started, what became of it, and whether it was undone."""
    rows = []
    for entry in story.entries:
        event = entry.event
        if isinstance(event, e.AttemptStarted) and not _is_look(event):
            rows.append(
                (
                    f"{entry.at:%H:%M:%S}",
                    f"{event.step} {md(story.title(event.step))}"
                    + (" (undo)" if event.role is Role.ROLLBACK else ""),
                    event.safety,
                    _approved_by(story.entries, event),
                    _became(story.entries, entry.seq, event),
                )
            )
    if not rows:
        return ["Nothing was changed.", ""]
    kept = ", ".join(story.summary.kept)
    lines = table(("UTC", "Change", "Class", "Approved by", "What became of it"), rows)
    return [*lines, f"In place at the end: {kept or 'nothing; everything was undone or never happened'}.", ""]


def _is_look(event: e.AttemptStarted) -> bool:
    return event.role.is_looking_only or (event.role is Role.WORK and event.safety is SafetyClass.SAFE)


def _approved_by(entries: Sequence[Entry], started: e.AttemptStarted) -> str:
    wanted = (started.step, started.role, started.attempt)
    for entry in entries:
        event = entry.event
        if isinstance(event, e.ApprovalGranted) and (event.step, event.role, event.attempt) == wanted:
            return md(str(entry.actor))
    return "**nobody on record**"


def _became(entries: Sequence[Entry], after: int, started: e.AttemptStarted) -> str:
    found = "no outcome on record: **unknown**"
    for entry in entries:
        event = entry.event
        if entry.seq <= after:
            continue
        match event:
            case e.AttemptFinished(step=started.step, role=started.role, attempt=started.attempt):
                unknown = event.outcome in (OutcomeKind.UNKNOWN, OutcomeKind.TIMED_OUT, OutcomeKind.CANCELLED)
                found = f"**{event.outcome}**" if unknown else str(event.outcome)
            case e.OutcomeSettled(step=started.step, attempt=started.attempt) if started.role is Role.WORK:
                found += f", settled as {event.settlement}"
            case e.ActionRolledBack(step=started.step) if started.role is Role.WORK:
                return f"{found}, undone at {entry.at:%H:%M:%S}"
            case e.RollbackFailed(step=started.step):
                return f"{found}, **undo failed**: {md(event.why)}"
            case e.AttemptStarted(step=started.step, role=started.role):
                return found
            case _:
                pass
    return found


def time_spent(story: Story) -> list[str]:
    """How the time of the run was spent, and the longest stays."""
    found = stretches(story.entries)
    whole = timedelta(seconds=story.summary.lasted_seconds)
    rows = [
        (spent, length(lasted), f"{lasted / whole:.0%}" if whole else "")
        for spent, lasted in totals(found).items()
    ]
    machine = sum(visit.machine_ms for visit in story.summary.visits)
    by_person = sum(visit.person_ms for visit in story.summary.visits)
    said = (
        f"In all {length(whole)}. Commands ran {length(timedelta(milliseconds=machine))}; "
        f"people read, decided and worked {length(timedelta(milliseconds=by_person))}."
    )
    return [*table(("Phase", "Time", "Share"), rows), said, ""]


def unanswered(story: Story) -> list[str]:
    """Where the runbook had no answer: anything else, not decidable, overruled, skipped, "I can't tell", too often."""
    found = [words for entry in story.entries for words in _gap(story, entry.event)]
    return (
        [*_bullets(list(dict.fromkeys(found))), ""]
        if found
        else ["It had an answer to everything that was seen.", ""]
    )


def _gap(story: Story, event: e.AnyEvent) -> Iterator[str]:
    label = f"{getattr(event, 'step', '')} {md(story.title(getattr(event, 'step', '')))}"
    match event:
        case e.BranchTaken():
            yield from _gaps_of_way(story, event, label)
        case e.WayOverruled():
            yield f"{label}: left for {event.to} against the tree: {md(event.reason)}"
        case e.StepSkipped():
            yield f"{label}: skipped: {md(event.reason)}"
        case e.OutcomeSettled(settlement=Settlement.UNCLEAR):
            yield f"{label}: nobody could tell whether the change happened"
        case e.RollbackFailed():
            yield f"{label}: the undo failed: {md(event.why)}"
        case e.EscalationPostponed():
            yield f"It was time to escalate and somebody went on: {md(event.reason)}"
        case _:
            return


def _gaps_of_way(story: Story, event: e.BranchTaken, label: str) -> Iterator[str]:
    step = story.runbook.step(event.step)
    for verdict in event.verdicts:
        if verdict.matched is None:
            words = step.branches[verdict.branch].words if step else f"way out {verdict.branch + 1}"
            yield f"{label}: could not decide {md(words)}: {md(verdict.why)}"
    if event.because is e.BranchReason.NOTHING_MATCHED and not event.step.startswith("V"):
        yield f"{label}: nothing that it names was seen, so {md(event.words)} → {md(str(event.target))}"
    if event.because is e.BranchReason.OVERRULED:
        yield f"{label}: overruled, {md(event.words)} taken instead: {md(event.reason)}"
    if event.because is e.BranchReason.ANSWERED and any(
        each in event.words.casefold() for each in _CANT_TELL
    ):
        yield f"{label}: the person could not tell"
    if event.is_limit_reached:
        yield f"{label}: taken as often as allowed, so it went to {md(str(event.target))}"


def evidence_answers(story: Story) -> list[tuple[str, str | None]]:
    """The items of section 9 as (words, answer in Markdown); None where nobody knew, or nobody was asked."""
    recorded = {
        entry.event.item: entry.event
        for entry in story.entries
        if isinstance(entry.event, e.EvidenceRecorded)
    }
    found: list[tuple[str, str | None]] = []
    for number, item in enumerate(story.runbook.evidence):
        event = recorded.get(number)
        if event is None or not event.blob:
            found.append((item.words, None))
        elif event.blob in story.observations:
            found.append((item.words, f"collected: {seen(story.observations[event.blob])}"))
        else:
            found.append((item.words, _text(story, event.blob)))
    return found


def added(story: Story) -> list[str]:
    """Notes, files and feedback that people added."""
    rows = []
    for entry in story.entries:
        match entry.event:
            case e.NoteAdded(step=step, note_blob=blob):
                what = f"note at {step}: {_text(story, blob)}"
            case e.FileAttached(step=step, name=name, size=size):
                what = f"file at {step}: {md(name)}, {size} bytes"
            case e.StepDoubted(step=step, words_blob=blob):
                what = f"says that {step} is wrong: {_text(story, blob)}"
            case _:
                continue
        rows.append((f"{entry.at:%Y-%m-%d %H:%M:%S}", md(str(entry.actor)), what))
    return table(("UTC", "Who", "What"), rows) if rows else ["None.", ""]


def follow_up_rows(found: Sequence[FollowUp], now: datetime) -> list[tuple[str, ...]]:
    """Number, task, owner, due, standing."""
    return [
        (
            str(each.number),
            md(each.words),
            md(each.owner) or "**nobody yet**",
            moment(each.due_at) if each.due_at else "no date in section 10",
            each.standing(now) + (f" {each.done_at:%Y-%m-%d} by {md(each.done_by)}" if each.done_at else ""),
        )
        for each in found
    ]


def breach(story: Story) -> list[str]:
    """The record of a breach of personal data (GDPR Art. 33(5)); nothing where nobody said so."""
    rows = []
    for entry in story.entries:
        match entry.event:
            case e.BreachAware():
                rows.append(
                    (
                        f"{entry.at:%Y-%m-%d %H:%M:%S}",
                        md(str(entry.actor)),
                        "aware since",
                        md(entry.event.aware_at),
                    )
                )
            case e.BreachDetailed(detail=detail, text_blob=blob, happened_at=happened_at):
                told = _text(story, blob) if blob else ""
                said = " · ".join(filter(None, [md(happened_at), told]))
                rows.append((f"{entry.at:%Y-%m-%d %H:%M:%S}", md(str(entry.actor)), detail.words, said))
            case _:
                continue
    return table(("Recorded", "By", "What", "Said"), rows) if rows else []


def missing_breach(story: Story) -> list[BreachDetail]:
    """The parts of the record that are not there; how the authority was told or why not counts as one."""
    given = {entry.event.detail for entry in story.entries if isinstance(entry.event, e.BreachDetailed)}
    wanted = [
        BreachDetail.FACTS,
        BreachDetail.CATEGORIES,
        BreachDetail.EFFECTS,
        BreachDetail.MEASURES,
        BreachDetail.SUBJECTS,
    ]
    if not given & {BreachDetail.NOTIFIED, BreachDetail.NOT_NOTIFIED}:
        wanted.append(BreachDetail.NOTIFIED)
    return [each for each in wanted if each not in given]
