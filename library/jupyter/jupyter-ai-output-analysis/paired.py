"""Paired comparison of the same questions asked twice, with how sure it is. Plain Python, the same result each time."""

import math
import random
from dataclasses import dataclass

from golden_answers import Asked, Shares

RESAMPLES = 4000
SEED = 20261123
MOST = 0.5  # a question counts as right when more than half of its rounds are


@dataclass(frozen=True)
class Comparison:
    """Of one way of answering against another, over the questions that both were asked."""

    questions: int
    share_before: float
    share_now: float
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    p_worse: float
    p_better: float
    chance_worse: float
    chance_better: float
    loss_low: float
    loss_high: float
    loss_ruled_out: float

    @property
    def loss(self) -> float:
        """The mean over the questions of how much less often each is right; negative is a gain."""
        return self.share_before - self.share_now


def compare(before: Asked, now: Asked, false_alarm: float, miss: float) -> Comparison:
    """Compare. `false_alarm` and `miss` are the chances that the interval and the bound are wrong."""
    was, is_now = before.shares(), now.shares()
    names = sorted(was.keys() & is_now.keys())
    lost = tuple(name for name in names if was[name] > MOST >= is_now[name])
    gained = tuple(name for name in names if is_now[name] > MOST >= was[name])
    low, high = interval([was[name] - is_now[name] for name in names], false_alarm)
    return Comparison(
        questions=len(names),
        share_before=_mean(was, names),
        share_now=_mean(is_now, names),
        lost=lost,
        gained=gained,
        p_worse=tail(len(lost), len(lost) + len(gained)),
        p_better=tail(len(gained), len(lost) + len(gained)),
        chance_worse=chance(_wrong(before, names), _wrong(now, names)),
        chance_better=chance(_wrong(now, names), _wrong(before, names)),
        loss_low=low,
        loss_high=high,
        loss_ruled_out=highest_share(len(lost), len(names), miss),
    )


def verdict(found: Comparison, false_alarm: float, margin: float) -> str:
    """regressed, no-regression or undecided.

    Two tests look for a loss, so each gets half of the false alarms: McNemar's exact one on questions that turned, and
    the bootstrap interval of the loss. A loss is ruled out when no bound leaves room for one as large as `margin`.
    """
    if is_worse(found, false_alarm):
        return "regressed"
    if found.loss_ruled_out < margin and found.loss_high < margin:
        return "no-regression"
    return "undecided"


def is_worse(found: Comparison, false_alarm: float) -> bool:
    """Whether a loss is sure. Where most questions lose nothing the interval is too narrow, so chance must agree with it."""
    return found.p_worse <= false_alarm / 2 or (found.loss_low > 0 and found.chance_worse <= false_alarm / 2)


def is_better(found: Comparison, false_alarm: float) -> bool:
    """Whether a gain is sure, by the same rule."""
    return found.p_better <= false_alarm / 2 or (
        found.loss_high < 0 and found.chance_better <= false_alarm / 2
    )


def chance(before: list[tuple[int, int]], now: list[tuple[int, int]]) -> float:
    """How likely so many wrong answers or more fall into `now`, if nothing had changed. Exact.

    Both hold (wrong, asked) by question. Of a question's wrong answers any could have come before or now alike, so their
    number now is hypergeometric, and the total over the questions is the sum of independent ones.
    """
    total = [1.0]
    for (wrong_before, asked_before), (wrong_now, asked_now) in zip(before, now, strict=True):
        wrong, asked = wrong_before + wrong_now, asked_before + asked_now
        most = min(wrong, asked_now)
        ways = [math.comb(wrong, k) * math.comb(asked - wrong, asked_now - k) for k in range(most + 1)]
        total = _summed(total, [way / math.comb(asked, asked_now) for way in ways])
    return min(math.fsum(total[sum(wrong for wrong, _ in now) :]), 1.0)


def tail(successes: int, trials: int) -> float:
    """McNemar, exact and one-sided: how likely so many turned this way, if both ways were equally likely."""
    return sum(math.comb(trials, number) for number in range(successes, trials + 1)) / 2**trials


def interval(losses: list[float], false_alarm: float) -> tuple[float, float]:
    """Bootstrap over questions: where the mean loss lies, except with probability `false_alarm`, half on each side."""
    if not losses:
        return -1.0, 1.0
    chance = random.Random(SEED)  # noqa: S311 - resampling, no secret
    means = sorted(math.fsum(chance.choices(losses, k=len(losses))) / len(losses) for _ in range(RESAMPLES))
    cut = int(RESAMPLES * false_alarm / 2)
    return means[cut], means[-1 - cut]


def highest_share(found: int, of: int, miss: float) -> float:
    """Clopper and Pearson's upper bound of a share, wrong with probability `miss` at most."""
    if not of or found >= of:
        return 1.0
    low, high = found / of, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(found, of, middle) > miss else (low, middle)
    return high


def at_most(found: int, of: int, share: float) -> float:
    """How likely `found` or fewer of `of` are, when each is with probability `share`."""
    return math.fsum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(found + 1))


def disagreements(asked: Asked) -> list[bool]:
    """Each repeated answer, in the order of asking: does it name another topic than the first to the same question?"""
    found = []
    for place in range(1, asked.rounds):
        found += [topics[place] != topics[0] for topics in asked.topics.values()]
    return found


@dataclass(frozen=True)
class Consistency:
    """Wald's sequential test: `verdict` is less, as-before or undecided, sure after `seen` repeated answers."""

    verdict: str
    before: float
    now: float
    seen: int


def consistency(before: Asked, now: Asked, false_alarm: float, miss: float, margin: float) -> Consistency:
    """Do repeated answers differ more often than they did? It stops at the first answer that decides."""
    was, found = disagreements(before), disagreements(now)
    # A half is added on each side, so that a share of none is not taken for impossible.
    usual = (sum(was) + 0.5) / (len(was) + 1)
    raised = min(usual + margin, 0.99)
    evidence, upper, lower = 0.0, math.log((1 - miss) / false_alarm), math.log(miss / (1 - false_alarm))
    share = sum(found) / len(found) if found else 0.0
    for seen, differs in enumerate(found, 1):
        evidence += math.log(raised / usual) if differs else math.log((1 - raised) / (1 - usual))
        if evidence >= upper or evidence <= lower:
            return Consistency("less" if evidence >= upper else "as-before", usual, share, seen)
    return Consistency("undecided", usual, share, len(found))


def _wrong(asked: Asked, names: list[str]) -> list[tuple[int, int]]:
    found = (asked.failures[name] for name in names)
    return [(len(each) - each.count(""), len(each)) for each in found]


def _summed(one: list[float], other: list[float]) -> list[float]:
    """The distribution of the sum of two independent counts."""
    found = [0.0] * (len(one) + len(other) - 1)
    for place, first in enumerate(one):
        for step, second in enumerate(other):
            found[place + step] += first * second
    return found


def _mean(shares: Shares, names: list[str]) -> float:
    return math.fsum(shares[name] for name in names) / len(names) if names else 0.0
