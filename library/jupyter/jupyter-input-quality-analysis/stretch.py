"""Finds the stretch of questions that differs most from the rest, and says how sure that is."""

import math
from dataclasses import dataclass, replace

BUCKETS = 60
LOOKS = 4


@dataclass(frozen=True)
class Stretch:
    """Places of the first question inside and the first one after; `p_value` bounds chance over all stretches."""

    first: int
    after: int
    p_value: float
    inside: float
    outside: float
    is_over: bool


def latest(damaged: list[bool], false_alarm: float) -> Stretch | None:
    """The worst stretch; where that is over, one that goes on, if there is one. None where none surely differs.

    An old large stretch must not hide a new one. So a stretch that is over is taken out and the rest is looked at again,
    at most LOOKS times, each look with its part of the false alarms.
    """
    places, first_found = list(range(len(damaged))), None
    for _ in range(LOOKS):
        found = worst([damaged[place] for place in places], false_alarm / LOOKS)
        if found is None:
            break
        mapped = replace(found, first=places[found.first], after=places[found.after - 1] + 1)
        first_found = first_found or mapped
        if not found.is_over:
            return mapped
        places = places[: found.first] + places[found.after :]
    return first_found


def worst(damaged: list[bool], false_alarm: float) -> Stretch | None:
    """The stretch with more damage than elsewhere; None where no one surely differs.

    Every stretch is tried on a grid of at most 60 buckets, by binomial likelihood. The bound is Bonferroni's over all of
    them, so that trying many does not make chance look like a finding. Then both ends are moved to the exact question.
    """
    size = math.ceil(len(damaged) / BUCKETS)
    edges = [*range(0, len(damaged), size), len(damaged)]
    sums = [0]
    for is_damaged in damaged:
        sums.append(sums[-1] + is_damaged)
    tried = [(a, b) for place, a in enumerate(edges) for b in edges[place + 1 :] if b - a < len(damaged)]
    if not tried or not sums[-1]:
        return None
    gains = [(_gain(sums, a, b), a, b) for a, b in tried]
    gain, first, after = max(gains)
    p_value = min(1.0, len(tried) * math.erfc(math.sqrt(max(gain, 0.0))))
    if p_value > false_alarm:
        return None
    first, after = _exact(damaged, first, after)
    inside = (sums[after] - sums[first]) / (after - first)
    rest = len(damaged) - (after - first)
    outside = (sums[-1] - (sums[after] - sums[first])) / rest if rest else 0.0
    is_over = _is_over(damaged[after:], inside, false_alarm)
    return Stretch(first, after, p_value, inside, outside, is_over)


def _gain(sums: list[int], first: int, after: int) -> float:
    """Gain in log likelihood of two shares over one; negative infinity where the inside is the better side."""
    n, k = after - first, sums[after] - sums[first]
    rest, others = len(sums) - 1 - n, sums[-1] - k
    if k * rest <= others * n:
        return -math.inf
    return _likelihood(k, n) + _likelihood(others, rest) - _likelihood(sums[-1], len(sums) - 1)


def _likelihood(k: int, n: int) -> float:
    return sum(part * math.log(part / n) for part in (k, n - k) if part)


def _exact(damaged: list[bool], first: int, after: int) -> tuple[int, int]:
    """Both ends on damaged questions: inwards past whole ones, then outwards over damaged ones."""
    while not damaged[first]:
        first += 1
    while not damaged[after - 1]:
        after -= 1
    while first and damaged[first - 1]:
        first -= 1
    while after < len(damaged) and damaged[after]:
        after += 1
    return first, after


def _is_over(later: list[bool], inside: float, false_alarm: float) -> bool:
    """Whether what came later has surely less damage than the stretch: exact binomial, one-sided."""
    n, k = len(later), sum(later)
    chance = (
        sum(math.comb(n, m) * inside**m * (1 - inside) ** (n - m) for m in range(k + 1)) if n <= 1000 else 0.0
    )
    return n > 0 and k / n < inside and chance <= false_alarm
