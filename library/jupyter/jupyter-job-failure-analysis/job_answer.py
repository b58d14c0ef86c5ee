"""What the attempts mean: the main cause, how far it reaches, since when, and which jobs are poison."""

from collections import Counter, defaultdict
from typing import Any

import instants
from attempts_log import DONE, LATE, LOST, Attempt, Log

SHOWN = 20
POISON_ATTEMPTS = 2
SLOW_TIMES, SLOW_SECONDS, FEWEST = 4.0, 1.0, 4

_CAUSES = {
    "dependency": "something that the jobs depend on did not answer",
    "crash": "the jobs' own code crashed",
    LOST: "workers did not report back",
    LATE: "workers were slower than the visibility timeout, so jobs ran twice",
    "unknown": "the log does not name the cause",
}
_SCOPES = {
    "one-job": "It is one job",
    "one-kind": "It is one kind of job",
    "one-worker": "It is one worker",
    "many": "It is more than one kind and more than one worker",
}


def result(log: Log) -> dict[str, Any]:
    """Everything that the notebook declares; see key.json for each name."""
    attempts = log.attempts
    failures = [each for each in attempts if each.outcome != DONE]
    counts = Counter(each.cause for each in failures)
    main = counts.most_common(1)[0][0] if counts else "none"
    of_main = [each for each in failures if each.cause == main]
    found = {
        "window_start_at": instants.words(log.start_ms),
        "window_end_at": instants.words(log.end_ms),
        "attempts": len(attempts),
        "done": len(attempts) - len(failures),
        "failures": len(failures),
        "lines_left_out": log.left_out,
        "failure_rate": len(failures) / len(attempts) if attempts else None,
        "failures_by_cause": dict(sorted(counts.items())),
        "main_cause": main,
        "scope": _scope(of_main, attempts),
        "began_at": instants.words(of_main[0].ms) if of_main else None,
        "last_failure_at": instants.words(failures[-1].ms) if failures else None,
        "poison_jobs": poison(attempts)[:SHOWN],
        "ran_twice": sorted({each.job for each in failures if each.cause == LATE})[:SHOWN],
        "slow_kinds": slow_kinds(attempts),
        "kinds": table(attempts, "kind"),
        "workers": table(attempts, "worker"),
    }
    return {"answer": _sentence(found), **found}


def poison(attempts: list[Attempt]) -> list[str]:
    """Jobs that failed each time by themselves, while others of their kind that were tried later were done."""
    tried: dict[str, list[Attempt]] = defaultdict(list)
    for each in attempts:
        tried[each.job].append(each)
    last_done = {each.kind: each.ms for each in attempts if each.outcome == DONE}
    return [
        job
        for job, those in tried.items()
        if len(those) >= POISON_ATTEMPTS
        and all(each.cause in ("crash", LOST) for each in those)
        and last_done.get(those[0].kind, 0) > those[0].ms
    ]


def slow_kinds(attempts: list[Attempt]) -> list[str]:
    """Kinds whose newest attempts take many times what their earlier ones took."""
    taken: dict[str, list[float]] = defaultdict(list)
    for each in attempts:
        if each.seconds is not None and each.outcome in (DONE, LATE):
            taken[each.kind].append(each.seconds)
    return sorted(kind for kind, seconds in taken.items() if _has_slowed(seconds))


def table(attempts: list[Attempt], column: str) -> list[dict[str, Any]]:
    """Attempts and failures by kind or by worker, most failures first."""
    names = Counter(getattr(each, column) for each in attempts)
    failed = Counter(getattr(each, column) for each in attempts if each.outcome != DONE)
    rows = [{"name": name, "attempts": number, "failures": failed[name]} for name, number in names.items()]
    return sorted(rows, key=lambda row: (-row["failures"], row["name"]))[:SHOWN]


def _has_slowed(seconds: list[float]) -> bool:
    if len(seconds) < FEWEST:
        return False
    before = sorted(seconds[:-2])
    usual = before[len(before) // 2]
    return min(seconds[-2:]) > max(SLOW_SECONDS, SLOW_TIMES * usual)


def _scope(failures: list[Attempt], attempts: list[Attempt]) -> str:
    """How far the main cause reaches; a scope counts only where something outside it was tried as well."""
    if not failures:
        return "none"
    for column, scope in (("job", "one-job"), ("kind", "one-kind"), ("worker", "one-worker")):
        hit = {getattr(each, column) for each in failures}
        if len(hit) == 1 and len({getattr(each, column) for each in attempts}) > 1:
            return scope
    return "many"


def _sentence(found: dict[str, Any]) -> str:
    if not found["attempts"]:
        return "The log holds no attempt in this window, so nothing can be said."
    if not found["failures"]:
        slow = f" {', '.join(found['slow_kinds'])} became slow." if found["slow_kinds"] else ""
        return f"None of {found['attempts']} attempts failed.{slow}"
    cause = _CAUSES.get(found["main_cause"], found["main_cause"])
    head = f"{found['failures']} of {found['attempts']} attempts failed; mostly {cause}."
    jobs = found["poison_jobs"]
    tail = f" Poison: {', '.join(jobs[:3])}{', …' if len(jobs) > 3 else ''}." if jobs else ""
    return f"{head} {_SCOPES[found['scope']]}, since {found['began_at']}.{tail}"
