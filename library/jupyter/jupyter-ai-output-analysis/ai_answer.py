"""The result of the analysis: numbers with their exact meaning, and one sentence for a person."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from golden_answers import Asked, Material
from grading import HARMFUL, KINDS
from paired import Comparison, Consistency, compare, consistency, is_better, verdict

LISTED = 20
CHANGED = "golden-changed"


@dataclass(frozen=True)
class Rules:
    """How often a false alarm and a miss are accepted, and the smallest loss that matters."""

    false_alarm: float
    miss: float
    margin: float


@dataclass(frozen=True)
class Findings:
    """What was found out."""

    material: Material
    rules: Rules
    compared: Comparison
    consistent: Consistency
    variants: dict[str, Comparison]
    verdict: str
    cause: str


def find(material: Material, rules: Rules) -> Findings:
    """Compare the newest run with the accepted nights, and each setting put back with the newest run."""
    compared = compare(material.before, material.now, rules.false_alarm, rules.miss)
    variants = {
        name: compare(material.now, asked, rules.false_alarm, rules.miss)
        for name, asked in sorted(material.put_back.items())
    }
    is_changed = material.edited or material.missing or material.unreleased
    found = CHANGED if is_changed else verdict(compared, rules.false_alarm, rules.margin)
    return Findings(
        material,
        rules,
        compared,
        consistency(material.before, material.now, rules.false_alarm, rules.miss, rules.margin),
        variants,
        found,
        _cause(variants, rules) if found == "regressed" else "none",
    )


def repairs(variant: Comparison, rules: Rules) -> bool:
    """Whether putting this one back surely makes answers better."""
    return is_better(variant, rules.false_alarm)


def result(found: Findings) -> dict[str, Any]:
    """Everything that key.json promises."""
    compared, failures = found.compared, failures_of(found.material.now)
    return {
        "answer": sentence(found),
        "verdict": found.verdict,
        "cause": found.cause,
        "run": found.material.run,
        "nights": found.material.runs_before,
        "questions": compared.questions,
        "rounds_before": found.material.before.rounds,
        "rounds": found.material.now.rounds,
        "right_before": round(compared.share_before, 4),
        "right_now": round(compared.share_now, 4),
        "loss": round(compared.loss, 4),
        "loss_low": round(compared.loss_low, 4),
        "loss_high": round(compared.loss_high, 4),
        "loss_ruled_out": round(compared.loss_ruled_out, 4),
        "newly_wrong": len(compared.lost),
        "newly_right": len(compared.gained),
        "p_value": round(compared.p_worse, 6),
        "p_answers": round(compared.chance_worse, 6),
        "missing": list(found.material.missing[:LISTED]),
        "unreleased": found.material.unreleased,
        "edited": list(found.material.edited[:LISTED]),
        "lost_questions": list(compared.lost[:LISTED]),
        "failures": {kind: failures[kind] for kind in KINDS},
        "main_failure": max(KINDS, key=lambda kind: failures[kind]) if failures else "none",
        "harmful": failures[HARMFUL],
        "reasons": reasons_of(found.material.now),
        "disagreement_before": round(found.consistent.before, 4),
        "disagreement": round(found.consistent.now, 4),
        "consistency": found.consistent.verdict,
        "sure_after": found.consistent.seen,
        "changed": [
            {"name": name, "good": was, "now": now} for name, (was, now) in found.material.changed.items()
        ],
        "put_back": [_variant(name, each, found.rules) for name, each in found.variants.items()],
        "notes": notes(found),
    }


def failures_of(asked: Asked) -> Counter[str]:
    """Answers that are not right, by kind."""
    return Counter(why for found in asked.failures.values() for why in found if why)


def reasons_of(asked: Asked) -> list[dict[str, str]]:
    """Why questions were not answered rightly: the first reason of each, harmful ones first."""
    found = [
        {"question": name, "kind": kind, "reason": asked.reasons[name][place]}
        for name, kinds in asked.failures.items()
        for place, kind in [_worst(kinds)]
        if kind
    ]
    return sorted(found, key=lambda each: each["kind"] != HARMFUL)[:LISTED]


def _worst(kinds: list[str]) -> tuple[int, str]:
    """Where the first harmful answer stands, else the first that is not right."""
    wrong = [(place, kind) for place, kind in enumerate(kinds) if kind]
    return min(wrong, key=lambda each: each[1] != HARMFUL, default=(0, ""))


def sentence(found: Findings) -> str:
    """The answer, for a tired person."""
    compared = found.compared
    shares = f"{compared.share_before:.0%} right before, {compared.share_now:.0%} now"
    if found.verdict == CHANGED:
        return f"The golden set was changed: {change(found.material)}. Then and now can't be compared."
    if found.verdict == "no-regression":
        return f"No regression: {shares}. A loss of {found.rules.margin:.0%} or more is ruled out."
    if found.verdict == "undecided":
        return f"It can't be told yet: {shares}. Ask the golden set more often."
    cause = (
        f"Putting back `{found.cause}` repairs it most."
        if found.cause != "none"
        else "No setting that changed repairs it."
    )
    return f"Answers are worse: {shares}. {cause}"


def change(material: Material) -> str:
    """What is wrong with the golden set, in words."""
    said = []
    if material.missing:
        said.append(f"{len(material.missing)} questions are missing")
    if material.edited:
        said.append(f"{len(material.edited)} questions hold something else than when they were asked")
    if material.unreleased:
        said.append(material.unreleased)
    return ", ".join(said)


def certainty(found: Findings) -> list[str]:
    """How sure the answer is, line by line."""
    compared, rules = found.compared, found.rules
    consistent = found.consistent
    repeated = (
        f"Repeated answers: {consistent.now:.1%} differ, {consistent.before:.1%} before; "
        f"{consistent.verdict} (Wald, after {consistent.seen} answers)."
    )
    turned = f"{len(compared.lost)} questions turned wrong and {len(compared.gained)} turned right."
    return [
        f"{turned} By chance alone so many or more: {compared.p_worse:.2g} (McNemar, exact, one-sided).",
        f"The loss is between {compared.loss_low:.1%} and {compared.loss_high:.1%} (bootstrap over questions).",
        f"By chance alone so many wrong answers or more: {compared.chance_worse:.2g} (exact, within questions).",
        f"At most {compared.loss_ruled_out:.1%} of questions like these turned wrong (Clopper-Pearson).",
        f"A false alarm happens in {rules.false_alarm:.0%} of runs, a miss in {rules.miss:.0%}.",
        repeated,
        *notes(found),
    ]


def notes(found: Findings) -> list[str]:
    """What weakens the answer."""
    said = []
    if found.material.left_out:
        said.append(
            f"{found.material.left_out:,} answers are to questions that the golden set no longer has."
        )
    if found.material.now.rounds < 2:
        said.append("Each question was asked once: repeated answers could not be compared.")
    if found.compared.questions < LISTED:
        said.append(
            f"{found.compared.questions} questions are few: only a large loss can be told from chance."
        )
    return said


def _cause(variants: dict[str, Comparison], rules: Rules) -> str:
    mended = {name: each.share_now for name, each in variants.items() if repairs(each, rules)}
    return max(mended, key=lambda name: (mended[name], name)) if mended else "none"


def _variant(name: str, found: Comparison, rules: Rules) -> dict[str, Any]:
    return {
        "name": name,
        "right": round(found.share_now, 4),
        "p_value": round(found.p_better, 6),
        "repairs": repairs(found, rules),
    }
