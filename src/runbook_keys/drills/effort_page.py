"""`docs/reference/operator-time.md`: how long an operator takes with KEYS and by hand, for every drill. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from runbook_keys.drills.effort import BOUNDS, MODEL_ERROR, Bound, Compared, is_claim, mean_ratio
from runbook_keys.drills.records import EffortRecord

MODES = {False: "each look confirmed", True: "`--auto safe`"}
"""The two ways to follow a runbook, by whether looks run by themselves, in words."""

PROMISED = (0.5, 0.7)
"""How much less time was promised, as parts of the time by hand."""

_PERCENT = round(MODEL_ERROR * 100)

_HEAD = f"""# Operator time

How long a person takes who follows a runbook with KEYS, and who follows the same `README.md` by hand along the same path.
`keys drill --effort` counts both in every drill; `scripts/qa-report` made this page of it. Nothing here was measured
with a stopwatch: the seconds come from the Keystroke-Level Model, whose own error is {_PERCENT} %."""

_COUNTED = """## What is counted

| | With KEYS | By hand |
|---|---|---|
| Read | the lines of each screen that no screen before had; output as it comes, at most 20 lines, cut at the edge; the end | the step as it stands on the page, with every way out, once; the output, at most 20 lines, wrapped at the edge |
| Typed | `keys run …`, Enter, a label and a reason for what can't be undone, the number of an answer | copy and paste of each command (5 keys), `export NAME=` for what a later step needs, 2 keys for a repetition |
| Pointed at | nothing | the page, each step, both ends of what is copied; the hand moves to the mouse and back |
| Decided | once a screen, and each way out that a person tries | once a command, and each way out in turn up to the one that holds |
| Written down | nothing: the record writes itself | one line a step: the time, the step, where it led |

The machine's own time is in both. Where it is open how somebody works by hand, the cheaper way is counted: values are
exported beforehand, undo blocks are read only where they are used, a KEY is one command, nobody scrolls or searches.
Section 9 is written after the recovery and counts on neither side.

The three operators: **fast** (0.12 s a key, 1.0 s to point and click, 1.35 s to decide, 300 words a minute), **usual** (0.28,
1.3, 1.35, 238) and **3 AM** (0.28, 1.7, 2.7, 175; half as fast at deciding is our assumption). Sources: Card, Moran, Newell,
The Keystroke-Level Model, CACM 23(7), 1980; Brysbaert, How many words do we read per minute?, 2019.

What this leaves out: looking for the right page, thinking, wrong turns, and whether the person looks at what runs by
itself. Under `--auto safe` looks are not confirmed and no screen is shown for them; only their output comes."""


def effort_page(effort: Sequence[EffortRecord], picture: str) -> str:
    """The page, in Markdown; `picture` is the file beside it."""
    if not effort:
        return f"{_HEAD}\n\nNo results are kept.\n\n{_COUNTED}\n"
    compared = [each.compared for each in effort]
    parts = [
        _HEAD,
        "## The answer",
        *_answers(compared),
        f"![Bars of seconds: by hand, with KEYS, with --auto safe]({picture})",
        "Seconds a drill on average, for the usual operator; orange the person, green the machine.",
        "## On average",
        _averages(compared),
        _with_waits(compared),
        _COUNTED,
        "## Every drill",
        "The time with KEYS as a part of the time by hand: fast, usual, 3 AM.",
        *_drills(effort),
    ]
    return "\n\n".join(parts) + "\n"


def ratio_of(effort: Sequence[EffortRecord], bound: Bound, *, is_auto: bool) -> float:
    """The mean ratio of all drills."""
    return mean_ratio([each.compared for each in effort], bound, is_auto=is_auto)


def _answers(compared: Sequence[Compared]) -> Iterator[str]:
    least, most = (f"{round(part * 100)} %" for part in PROMISED)
    yield f"Promised were {least} to {most} less time. Over {len(compared)} drills:"
    yield "\n".join(f"- **{words}**: {answer(compared, is_auto=is_auto)}" for is_auto, words in MODES.items())


def answer(compared: Sequence[Compared], *, is_auto: bool) -> str:
    """What may be said of these drills, in a sentence: is the promise kept, is less time claimed, or nothing."""
    ratios = [mean_ratio(compared, bound, is_auto=is_auto) for bound in BOUNDS.values()]
    least = f"{round(PROMISED[0] * 100)} %"
    measured = f"the ratios are {', '.join(f'{ratio:.2f}' for ratio in ratios)} (fast, usual, 3 AM)"
    if is_claim(compared, PROMISED[0], is_auto=is_auto):
        return f"the promise of {least} less holds, for all three and beyond the model's error; {measured}."
    if is_claim(compared, is_auto=is_auto):
        part = 1 - max(ratios) * (1 + MODEL_ERROR)
        return f"less time is claimed, at least {part * 100:.0f} % with the error taken off; {least} is not shown. In detail, {measured}."
    if min(ratios) > 1:
        return f"the promise does not hold; KEYS takes no less time than the page by hand: {measured}."
    return f"the promise does not hold, and no gain is claimed: {measured}, and the model may be {_PERCENT} % off."


def _averages(compared: Sequence[Compared]) -> str:
    rows = ["| Followed | fast | usual | 3 AM |", "|---|---:|---:|---:|"]
    for is_auto, words in MODES.items():
        cells = [f"{mean_ratio(compared, bound, is_auto=is_auto):.2f}" for bound in BOUNDS.values()]
        rows.append(f"| {words} | {' | '.join(cells)} |")
        bare = [_without_notes(each) for each in compared]
        cells = [f"{mean_ratio(bare, bound, is_auto=is_auto):.2f}" for bound in BOUNDS.values()]
        rows.append(f"| {words}, against a person who writes nothing down | {' | '.join(cells)} |")
    return "\n".join(rows)


def _without_notes(each: Compared) -> Compared:
    return Compared(
        each.with_keys, each.by_hand.without(each.notes), each.machine_seconds, each.auto, waiting_seconds=0
    )


def _with_waits(compared: Sequence[Compared]) -> str:
    """The time to recovery holds the runbook's own waits, and those nobody shortens."""
    bound = BOUNDS["usual"]
    waits = sum(each.waiting_seconds for each in compared)
    theirs = sum(each.seconds(each.by_hand, bound) for each in compared) + waits
    cells = [
        f"{(sum(each.seconds(own, bound) for each, own in pairs) + waits) / theirs:.2f} ({words})"
        for words, pairs in (
            (MODES[False], [(each, each.with_keys) for each in compared]),
            (MODES[True], [(each, each.auto) for each in compared]),
        )
    ]
    return (
        f"A runbook waits by its own schedule, such as four checks in 15 minutes, with any tool: {waits / len(compared) / 60:.0f} "
        f"minutes a drill on average. With these waits, the whole time to recovery is {' and '.join(cells)} of that by hand, "
        "for the usual operator."
    )


def _drills(effort: Sequence[EffortRecord]) -> Iterator[str]:
    for slug, records in groupby(
        sorted(effort, key=lambda each: (each.slug, each.drill)), key=lambda each: each.slug
    ):
        yield f"### {slug}"
        rows = ["| Drill | Each look confirmed | `--auto safe` |", "|---|---|---|"]
        for each in records:
            cells = (_three(each.compared, is_auto=is_auto) for is_auto in MODES)
            rows.append(f"| {each.drill} | {' | '.join(cells)} |")
        yield "\n".join(rows)


def _three(compared: Compared, *, is_auto: bool) -> str:
    return ", ".join(f"{compared.ratio(bound, is_auto=is_auto):.2f}" for bound in BOUNDS.values())
