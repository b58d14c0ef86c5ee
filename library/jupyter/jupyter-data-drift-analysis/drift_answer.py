"""The result of the drift analysis: numbers with their exact meaning, and a sentence for a person. Pure."""

from collections import Counter
from typing import Any

import instants
from differing_records import Difference
from writing_log import Release

HOUR_MS = 3_600_000
FEWEST_FOR_A_FACTOR = 2


def result(
    found: list[Difference], written_at: dict[str, int], release: Release | None, now_ms: int, hours: float
) -> dict[str, Any]:
    """Everything that key.json promises. `written_at` is when our service last wrote each record, by its log."""
    differing = {each.key for each in found}
    times = sorted(written_at[key] for key in differing if key in written_at)
    since = {key for key, at in written_at.items() if release and at >= release.at_ms}
    before = written_at.keys() - since
    told: dict[str, Any] = {
        "differ": len(found),
        "written": len(times),
        "not_written": len(differing) - len(times),
        "first_written_at": instants.words(times[0]) if times else None,
        "last_written_at": instants.words(times[-1]) if times else None,
        "newest_release": release.name if release else None,
        "newest_release_at": instants.words(release.at_ms) if release else None,
        "written_since_release": len(since),
        "differ_since_release": len(since & differing),
        "written_before_release": len(before),
        "differ_before_release": len(before & differing),
        "amount_factor": factor(found),
        "fields": dict(sorted(Counter(name for each in found for name in each.fields).items())),
    }
    is_young = release is not None and now_ms - release.at_ms <= hours * HOUR_MS
    # What a rollback put back ran before; to suspect it would bring the bad release back.
    is_new = release is not None and not release.is_rollback
    told["newest_release_suspected"] = is_new and is_young and _wrote_all(told)
    return {"answer": sentence(told), **told}


def factor(found: list[Difference]) -> float | None:
    """The one factor between our amounts and Stripe's; None where there is none, or too few invoices to say."""
    pairs = [
        (each.held["amount_cents"], each.must_be["amount_cents"])
        for each in found
        if each.held and each.must_be and "amount_cents" in each.fields
    ]
    ratios = {round(ours / theirs, 6) for ours, theirs in pairs if theirs}
    return ratios.pop() if len(pairs) >= FEWEST_FOR_A_FACTOR and len(ratios) == 1 else None


def sentence(told: dict[str, Any]) -> str:
    """The answer, for a tired person."""
    if not told["differ"]:
        return "Nothing differs, so nothing has drifted."
    times = f" Amounts are Stripe's times {told['amount_factor']:g}." if told["amount_factor"] else ""
    release = told["newest_release"]
    if told["newest_release_suspected"]:
        share = f"{told['differ_since_release']:,} of {told['written_since_release']:,}"
        return f"Since {release} was deployed, {share} records that it wrote are wrong, and none is from before.{times}"
    if not told["written"]:
        return f"{told['differ']:,} records differ, and our service wrote none of them.{times}"
    return f"{told['differ']:,} records differ. The newest release, {release}, is not what they have in common.{times}"


def _wrote_all(told: dict[str, Any]) -> bool:
    """Whether all that differs and was written came with the release, which got more wrong than what ran before."""
    is_since = told["written"] > 0 and told["differ_since_release"] == told["written"]
    return is_since and _share(told, "since") > _share(told, "before")


def _share(told: dict[str, Any], when: str) -> float:
    return float(told[f"differ_{when}_release"]) / max(1, int(told[f"written_{when}_release"]))
