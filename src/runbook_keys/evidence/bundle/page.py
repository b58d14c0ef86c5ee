"""The report of one run: what happened, who agreed, what was seen, what is not here. One page for a browser or for paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from runbook_keys.evidence.bundle.control_table import RunControls, entries_of, exceptions_in_words, not_shown
from runbook_keys.evidence.bundle.material import Piece
from runbook_keys.evidence.bundle.source import RunRecord
from runbook_keys.evidence.bundle.tables import redactions
from runbook_keys.evidence.controls.page import badge
from runbook_keys.evidence.html import excerpt, facts, grid, link, page, section, shown
from runbook_keys.evidence.summary import RunSummary, summary_of
from runbook_keys.evidence.words import words_of
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.journal.lines import instant
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.runbook import Ending, SafetyClass

_LINES, _CHARACTERS = 12, 1500
_GOOD = (Ending.RESOLVED, Ending.STOPPED)


def report(
    record: RunRecord,
    pieces: Sequence[Piece],
    title: str,
    steps: Mapping[str, str],
    controls: RunControls,
) -> bytes:
    """The page. `title` is the runbook's, `steps` maps the labels of its steps to their titles."""
    summary = summary_of(record.entries)
    by_seq: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_seq.setdefault(piece.seq, []).append(piece)
    body = [
        *_head(record, summary, title),
        section("What was changed", _changes(record.entries, steps)),
        section("Who agreed", _approvals(record.entries)),
        section("What happened", _timeline(record.entries, by_seq, steps)),
        section("Notes, files and evidence", _added(pieces)),
        section("KEYS that were called", _keys(record.entries)),
        section("What this run is evidence for", *_controls(controls)),
        section("What is not here", _absent(record, pieces)),
        section("How this is known", *_proof(record)),
    ]
    return page(f"{title}: run {record.head.run}", body)


def _head(record: RunRecord, summary: RunSummary, title: str) -> Iterator[str]:
    opened = record.entries[0].event
    kind = "Practice" if summary.is_practice else "Incident"
    yield f"<h1>{shown(title)}</h1>"
    yield f'<p class="quiet">{kind} record of run {shown(record.head.run)}. All times are UTC.</p>'
    is_good = "good" if summary.ending in _GOOD else "open"
    yield f'<p class="ending {is_good}">{shown(_ending_words(summary))}</p>'
    pairs = [
        ("Runbook", f"{summary.slug} {summary.version}"),
        ("Opened", f"{instant(summary.opened_at)} by {summary.operator}"),
        ("Last entry", instant(summary.last_at)),
        ("Lasted", _lasted(summary.lasted_seconds)),
        ("Incident", summary.incident),
        ("Entries", f"{len(record.entries)}"),
        ("People", ", ".join(_people(record.entries))),
    ]
    if isinstance(opened, e.RunOpened):
        pairs.append(("Text of the runbook", f"SHA-256 {opened.pack_digest}"))
        pairs.append(("Started in spite of findings, because", opened.accepted_findings))
    yield facts(pairs)


def _ending_words(summary: RunSummary) -> str:
    if summary.ending is None:
        return f"OPEN: the run stands at {summary.where} and can be resumed."
    kept = f" Still in place: {', '.join(summary.kept)}." if summary.kept else " No change is in place."
    return f"{summary.ending}.{kept}"


def _people(entries: Sequence[Entry]) -> list[str]:
    return sorted({entry.actor.name for entry in entries if entry.actor.kind != "driver"})


def _changes(entries: Sequence[Entry], steps: Mapping[str, str]) -> str:
    rows = []
    for entry in entries:
        match entry.event:
            case e.AttemptStarted(safety=safety) as start if safety is not SafetyClass.SAFE:
                rows.append(
                    (
                        f"{entry.seq}",
                        f"{entry.at:%H:%M:%S}",
                        _badged(_named(start.step, steps), start.role, safety),
                        excerpt(start.command, _LINES, _CHARACTERS),
                        shown(_outcome_of(entries, start)),
                    )
                )
    head = ("Entry", "Started", "Step", "Exact command", "Outcome")
    return grid(head, rows, "Nothing was changed in this run.")


def _badged(name: str, role: str, safety: str) -> str:
    return f'{name} <span class="quiet">({role})</span> <span class="badge {safety}">{safety}</span>'


def _outcome_of(entries: Sequence[Entry], start: e.AttemptStarted) -> str:
    for entry in entries:
        match entry.event:
            case e.AttemptFinished(step=start.step, role=start.role, attempt=start.attempt) as end:
                code = f", exit code {end.exit_code}" if end.exit_code is not None else ""
                return f"{end.outcome}{code}" + (f": {end.why}" if end.why else "")
    return "UNKNOWN: no outcome is on the record"


def _approvals(entries: Sequence[Entry]) -> str:
    rows = [
        (
            f"{entry.seq}",
            f"{entry.at:%H:%M:%S}",
            shown(str(entry.actor)),
            f"{shown(entry.event.step)} {entry.event.role}, attempt {entry.event.attempt}",
            shown(entry.event.reason),
        )
        for entry in entries
        if isinstance(entry.event, e.ApprovalGranted)
    ]
    return grid(("Entry", "At", "Who", "What", "Why"), rows, "Nothing was approved, and nothing needed it.")


def _timeline(
    entries: Sequence[Entry], by_seq: Mapping[int, Sequence[Piece]], steps: Mapping[str, str]
) -> str:
    rows = (
        (
            f"{entry.seq}",
            _when(entry, before),
            shown(str(entry.actor)),
            _what(entry, steps) + _seen(by_seq.get(entry.seq, ())),
        )
        for before, entry in zip([None, *entries], entries, strict=False)
    )
    return grid(("Entry", "At", "Who", "What"), rows, "The run has no entries.")


def _when(entry: Entry, before: Entry | None) -> str:
    """The time; the day too where it is another one than that of the entry before."""
    is_new_day = before is None or before.at.date() != entry.at.date()
    return (f"{entry.at:%Y-%m-%d}<br>" if is_new_day else "") + f"{entry.at:%H:%M:%S}"


def _what(entry: Entry, steps: Mapping[str, str]) -> str:
    if isinstance(entry.event, e.StepEntered) and entry.event.step in steps:
        again = f", for the {entry.event.visit}. time" if entry.event.visit > 1 else ""
        return f"<strong>{_named(entry.event.step, steps)}</strong>{again}"
    return shown(words_of(entry.event))


def _named(step: str, steps: Mapping[str, str]) -> str:
    return shown(f"{step}. {steps[step]}" if step in steps else step)


def _seen(pieces: Sequence[Piece]) -> str:
    """The beginning of what an entry shows, with the way to the whole of it."""
    parts = []
    for piece in pieces:
        if piece.is_erased:
            parts.append(f'<br><span class="quiet">{shown(piece.what)}: erased</span>')
        for path, content in piece.files.items():
            if path.startswith(("data/outputs/", "data/notes/", "data/evidence/")):
                text = content[: _CHARACTERS * 4].decode("utf-8", "backslashreplace")
                is_text = path.endswith((".txt", ".json"))
                beginning = excerpt(text, _LINES, _CHARACTERS) if is_text else ""
                parts.append(beginning or "<br>")
                parts.append(f'<span class="quiet">{link(_beside(path))}</span>')
    return "".join(parts)


def _added(pieces: Sequence[Piece]) -> str:
    kinds = ("note", "attached file", "evidence")
    rows = [
        (
            f"{piece.seq}",
            shown(piece.what),
            "erased" if piece.is_erased else "<br>".join(link(_beside(path)) for path in piece.files),
        )
        for piece in pieces
        if piece.what.startswith(kinds)
    ]
    return grid(("Entry", "What", "Where"), rows, "Nobody added a note or a file.")


def _keys(entries: Sequence[Entry]) -> str:
    rows = []
    for entry in entries:
        match entry.event:
            case e.AttemptFinished(key=key) if key is not None:
                name = f"{key.slug} {key.version} ({key.mode})"
                rows.append(
                    (f"{entry.seq}", shown(name), shown(key.program), f"<code>{shown(key.digest)}</code>")
                )
    return grid(("Entry", "KEY", "Run by", "Exact content (SHA-256)"), rows, "No KEY was called.")


def _controls(controls: RunControls) -> Iterator[str]:
    yield (
        "<p>One run is a sample. Whether a requirement is met is for its examiner to judge, over the whole population of a period "
        f"(<code>keys report</code>). The same as a table: {link('controls.csv')}.</p>"
    )
    exceptions = exceptions_in_words(controls) or "none"
    yield f"<p><b>Exceptions in this run:</b> {shown(exceptions)}.</p>"
    rows = [
        (
            shown(f"{framework} {found.control.id}"),
            badge(found.strength),
            shown(found.control.title),
            shown(entries_of(found)),
            shown(not_shown(found)),
        )
        for framework, found in controls.found
    ]
    yield grid(("Control", "Strength", "What it is about", "Entries", "Not shown by this run"), rows, "None.")


def _absent(record: RunRecord, pieces: Sequence[Piece]) -> str:
    rows = [(f"{seq}", "masked", shown(f"{what} in {path}")) for seq, path, what in redactions(pieces)]
    rows += [
        (f"{piece.seq}", "erased", f"{shown(piece.what)}<br><code>{shown(piece.digest)}</code>")
        for piece in pieces
        if piece.is_erased
    ]
    rows += [
        (
            f"{entry.seq}",
            "erasure",
            f"{instant(entry.at)} {shown(str(entry.actor))}: {shown(words_of(entry.event))}",
        )
        for entry in record.entries
        if isinstance(entry.event, e.MaterialErased)
    ]
    return grid(
        ("Entry", "Kind", "What"),
        sorted(rows, key=lambda row: int(row[0])),
        "Nothing was masked that this run is known to have shown, and nothing was erased.",
    )


def _proof(record: RunRecord) -> Iterator[str]:
    notes = [read_note(each.note) for each in record.checkpoints]
    last = notes[-1]
    yield (
        "<p>Each entry is chained to the one before, all runs are chained on one spine, and the spine's head is signed. "
        "VERIFY.md, in the folder above this page, checks all of it with four commands.</p>"
    )
    yield facts(
        [
            ("Journal", last.origin),
            ("Run number", f"{record.head.run_no}"),
            ("Chain value at the end", record.head.link),
            ("Signed by checkpoint", f"{last.no}, over {last.gseq} entries, made {last.at}"),
            ("Keys", ", ".join(record.public_keys)),
        ]
    )
    yield '<p class="quiet">It proves that lines were not changed after they were signed. It does not prove that '
    yield "a clock was right or that somebody read what a screen showed.</p>"


def _beside(path: str) -> str:
    return path.removeprefix("data/")


def _lasted(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return " ".join(
        [*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes else []), f"{rest} s"]
    )
