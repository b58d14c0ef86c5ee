"""A post-mortem as a Markdown draft: what the record knows is written; what only a person knows is asked, once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from runbook_keys.evidence.markdown import length, md, moment, table
from runbook_keys.evidence.postmortem import parts
from runbook_keys.evidence.postmortem.story import Story
from runbook_keys.model import event as e
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Ending, SafetyClass

_ENDINGS = {
    Ending.RESOLVED: "RESOLVED: a verification showed that it is over",
    Ending.ESCALATED: "ESCALATED: the runbook's people were called",
    Ending.STOPPED: "STOPPED: it was not the incident that this runbook is for, and nothing was changed",
    Ending.HANDED_OFF: "HANDED OFF",
    Ending.UNVERIFIED: "UNVERIFIED: something was changed and nobody has shown that it is over",
    Ending.ABANDONED: "ABANDONED: the operator ended it before a verified recovery",
    None: "still open",
}


_BREACH_QUESTIONS = {
    BreachDetail.SUBJECTS: "Are the people concerned told, and why or why not",
    BreachDetail.NOTIFIED: "When was the authority told, or why is it not told",
}


class _Questions:
    """What is left for people, numbered in the order of the page."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, question: str) -> list[str]:
        """The lines that ask it."""
        self.asked.append(question)
        return [f"> **Question {len(self.asked)}.** {question}", ">", "> Answer:", ""]


def postmortem(stories: Sequence[Story], pictures: Sequence[str], now: datetime) -> str:
    """The draft for one incident: its runs in their order, at least one, and the file name of each run's picture."""
    questions = _Questions()
    body: list[str] = []
    for heading, section in _SECTIONS:
        body += [f"## {heading}", "", *section(stories, questions, now)]
        if section is _happened:
            body += ["## Timeline", "", *_course(stories, pictures)]
    head = _head(stories, questions.asked, now)
    return "\n".join([*head, *body, *_made_from(stories)]).rstrip() + "\n"


def _head(stories: Sequence[Story], asked: Sequence[str], now: datetime) -> list[str]:
    first = stories[0]
    lines = [f"# Post-mortem: {md(first.runbook.title)}, {first.summary.opened_at:%Y-%m-%d}", ""]
    if first.summary.is_practice:
        lines += ["**This was practice. Nothing real was at stake.**", ""]
    lines += [f"Draft of {moment(now)}, written from the record. All times are UTC.", ""]
    for story in stories:
        if story.fault:
            lines += [f"**The record of run {story.summary.run} can't be trusted:** {md(story.fault)}", ""]
    count = "One question is" if len(asked) == 1 else f"{len(asked)} questions are"
    lines += [f"{count} left for people:", "", *(f"{n}. {words}" for n, words in enumerate(asked, 1)), ""]
    return lines


def _each(stories: Sequence[Story], lines: Callable[[Story], list[str]]) -> list[str]:
    """A section's lines for every run; the run is named where there are several."""
    found: list[str] = []
    for story in stories:
        if len(stories) > 1:
            found += [f"### {md(story.runbook.title)} ({story.summary.run})", ""]
        found += lines(story)
    return found


def _happened(stories: Sequence[Story], questions: _Questions, _now: datetime) -> list[str]:
    lines = _each(stories, lambda story: [*_summary(story), ""])
    if stories[0].summary.is_practice:
        return lines
    if stories[0].summary.alerted_at is None:
        lines += questions.ask("When did the alert fire, or who noticed it first and when?")
    if stories[-1].summary.ending not in (Ending.RESOLVED, Ending.STOPPED):
        lines += questions.ask("How and when did the incident end after this run?")
    return lines


def _summary(story: Story) -> list[str]:
    one = story.summary
    runbook = f"*{md(story.runbook.title)}* ({one.slug} {one.version})"
    sentences = [f"{md(one.operator)} opened {runbook} at {moment(one.opened_at)}."]
    if one.alerted_at is not None:
        sentences.append(f"The alert had fired {length(one.opened_at - one.alerted_at)} before.")
    if story.opened.came_from:
        sentences.append(f"It was handed over from run {story.opened.came_from}.")
    if story.opened.accepted_findings:
        sentences.append(
            f"The page had faults; it was run all the same: {md(story.opened.accepted_findings)}."
        )
    sentences.append(f"The way went over {' > '.join(_path(story))}.")
    changes = [change for each in story.entries if (change := _change(each.event))]
    undone = [each.event.step for each in story.entries if isinstance(each.event, e.ActionRolledBack)]
    sentences.append(f"Changed: {_named(story, changes)}." if changes else "Nothing was changed.")
    if undone:
        sentences.append(f"Undone: {_named(story, undone)}.")
    sentences.append(_ended(story))
    return [" ".join(sentences)]


def _ended(story: Story) -> str:
    one = story.summary
    to = f" to {md(next((each.event.hand_off for each in story.entries if isinstance(each.event, e.RunEnded)), ''))}"
    ending = _ENDINGS[one.ending] + (to if one.ending is Ending.HANDED_OFF else "")
    lasted = length(timedelta(seconds=one.lasted_seconds))
    if one.ending is None:
        return f"After {lasted} it is {ending}, at {one.where}."
    return f"After {lasted} it ended {ending}."


def _path(story: Story) -> list[str]:
    return [each.event.step for each in story.entries if isinstance(each.event, e.StepEntered)]


def _change(event: e.AnyEvent) -> str:
    """The step whose change this event starts; empty for any other event."""
    if (
        isinstance(event, e.AttemptStarted)
        and event.role is Role.WORK
        and event.safety is not SafetyClass.SAFE
    ):
        return event.step
    return ""


def _named(story: Story, labels: Sequence[str]) -> str:
    return ", ".join(f"{label} {md(story.title(label))}" for label in dict.fromkeys(labels))


def _observed(stories: Sequence[Story], _questions: _Questions, _now: datetime) -> list[str]:
    return _each(stories, parts.observed)


def _decided(stories: Sequence[Story], questions: _Questions, _now: datetime) -> list[str]:
    lines = _each(stories, parts.decided)
    left = [
        f"{each.event.step} for {each.event.to}"
        for story in stories
        for each in story.entries
        if isinstance(each.event, e.WayOverruled)
    ]
    if left:
        lines += questions.ask(
            f"The tree was left at {', '.join(left)}. Is the tree wrong there, or was it this time?"
        )
    return lines


def _changed(stories: Sequence[Story], questions: _Questions, _now: datetime) -> list[str]:
    lines = _each(stories, parts.changed)
    for story in stories:
        if story.summary.is_unknown:
            lines += questions.ask(
                f"Did the change at {story.summary.where} happen? Nobody knew when this was written."
            )
    return lines


def _time(stories: Sequence[Story], _questions: _Questions, _now: datetime) -> list[str]:
    return _each(stories, parts.time_spent)


def _unanswered(stories: Sequence[Story], questions: _Questions, _now: datetime) -> list[str]:
    lines = _each(stories, parts.unanswered)
    return lines + questions.ask(
        "What would have made this shorter, and which step of the runbook should say it?"
    )


def _evidence(stories: Sequence[Story], questions: _Questions, _now: datetime) -> list[str]:
    answers: dict[str, str | None] = {}
    for story in stories:
        for words, answer in parts.evidence_answers(story):
            answers[words] = answer or answers.get(words)
    lines: list[str] = []
    for words, answer in answers.items():
        lines += [f"**{md(words)}**: {answer or 'not known when the run ended.'}", ""]
        lines += [] if answer else questions.ask(f"{md(words).rstrip('.:?')}: what is known now?")
    return lines or ["The runbook asks for none.", ""]


def _breach(stories: Sequence[Story], questions: _Questions, _now: datetime) -> list[str]:
    told = [story for story in stories if parts.breach(story)]
    if not told:
        return [
            "Nobody said during this run that personal data was concerned. The record can't tell more.",
            "",
        ]
    lines = _each(told, parts.breach)
    lines += ["72 hours run from when somebody was aware (GDPR Art. 33(1)).", ""]
    for story in told:
        for detail in parts.missing_breach(story):
            lines += questions.ask(f"{_BREACH_QUESTIONS.get(detail, detail.words)}? (GDPR Art. 33(5))")
    return lines


def _follow_ups(stories: Sequence[Story], questions: _Questions, now: datetime) -> list[str]:
    lines: list[str] = []
    for story in stories:
        if not story.follow_ups:
            continue
        head = ("No", "Task", "Owner", "Due", "State")
        lines += table(head, parts.follow_up_rows(story.follow_ups, now))
        open_ones = [str(each.number) for each in story.follow_ups if not each.owner and each.done_at is None]
        if open_ones:
            run = story.summary.run
            lines += questions.ask(
                f"Who takes follow-up {', '.join(open_ones)}? `keys followups --assign {run} N WHO`"
            )
    return lines or ["None: the run is open, or its runbook names none.", ""]


def _added(stories: Sequence[Story], _questions: _Questions, _now: datetime) -> list[str]:
    return _each(stories, parts.added)


def _course(stories: Sequence[Story], pictures: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for story, picture in zip(stories, pictures, strict=True):
        lines += [f"![Course of run {story.summary.run}]({picture})", ""]
        lines += table(("UTC", "After", "Who", "What"), parts.timeline_rows(story))
    return [
        *lines,
        "What looks showed stands below. `keys show` has every entry.",
        "",
    ]


def _made_from(stories: Sequence[Story]) -> list[str]:
    lines = ["## Where this comes from", ""]
    for story in stories:
        digest = story.opened.pack_digest
        whole = "does not verify" if story.fault else "verifies"
        lines.append(
            f"- Run {story.summary.run}: {len(story.entries)} entries, whose chain {whole}. "
            f"Text {story.summary.slug} {story.summary.version}, SHA-256 `{md(digest)}`."
        )
    return [
        *lines,
        "",
        "`keys show RUN` shows the entries, `keys verify RUN` checks them, `keys export RUN` packs them up.",
    ]


_SECTIONS: tuple[tuple[str, Callable[[Sequence[Story], _Questions, datetime], list[str]]], ...] = (
    ("What happened", _happened),
    ("What was observed", _observed),
    ("What was decided", _decided),
    ("What was changed", _changed),
    ("Where the time went", _time),
    ("What the runbook could not answer", _unanswered),
    ("Evidence (section 9)", _evidence),
    ("Personal data", _breach),
    ("Follow-ups (section 10)", _follow_ups),
    ("Notes and files", _added),
)
