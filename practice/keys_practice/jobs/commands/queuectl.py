"""queuectl: the queue itself: its jobs, its dead letters, its settings."""

import argparse
import time
from pathlib import Path
from typing import Any

from keys_practice.commands.frame import NO, YES, Command, Result, facts, table
from keys_practice.jobs import outside
from keys_practice.jobs.commands import ask, effects, replaying
from keys_practice.layout import Layout

CAUGHT_UP_SECONDS = 3.0
FEWEST, MOST = 0.1, 3600.0


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Counts by state, and the settings."""
    content = ask.desk(layout, "status")
    return Result(content, facts(content))


def flow(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Whether the workers keep up."""
    content = ask.desk(layout, "flow")
    return Result(content, facts({**content, "slow_kinds": " ".join(content["slow_kinds"]) or None}))


def companies(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Whether each company that jobs need answers."""
    content = outside.companies(layout)
    rows: list[list[object]] = [[each["name"], each["is_well"]] for each in content]
    return Result(content, table(rows), YES if all(each["is_well"] for each in content) else NO)


def dead(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """The dead letters, oldest first, with their causes."""
    return _jobs(
        ask.desk(layout, "dead"), ("id", "kind", "customer", "cause", "blocks", "others_done_since", "error")
    )


def suspects(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Open jobs during which two or more worker processes died."""
    return _jobs(ask.desk(layout, "suspects"), ("id", "kind", "customer", "state", "died"))


def poison(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Open jobs that nobody can do: they kill workers, or crash while others of their kind are done."""
    return _jobs(ask.desk(layout, "poison"), ("id", "kind", "customer", "why"))


def abandoned(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Jobs that are running for the queue, and that no living worker is at."""
    return _jobs(
        ask.desk(layout, "abandoned"), ("id", "kind", "customer", "worker", "lease_until", "is_stuck")
    )


def held(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """What stays undone until a person lets it go."""
    content = ask.desk(layout, "held")
    told = _jobs(content, ("id", "kind", "customer", "reason"))
    reasons = content["limit_reasons"]
    limits = facts({f"limit {kind}": f"{most}, {reasons[kind]}" for kind, most in content["limits"].items()})
    return told._replace(words=f"{told.words}\n{limits}".rstrip())


def job(layout: Layout, asked: argparse.Namespace) -> Result:
    """One job with its payload, its attempts, and what people did to it."""
    content = ask.desk(layout, f"job?id={asked.job}")
    if not content:
        return Result({}, f"There is no job {asked.job}.", NO)
    return Result(content, facts(content))


def wait(layout: Layout, asked: argparse.Namespace) -> Result:
    """Wait until no job has waited for long, and none is left lying. No use in it while one is stuck. Reads only."""
    deadline = time.monotonic() + asked.seconds
    content = _waiting(layout)
    while not content["caught_up"] and not content["stuck_jobs"] and ask.until(deadline):
        content = _waiting(layout)
    told = {**content, "stuck_jobs": " ".join(content["stuck_jobs"]) or None}
    return Result(content, facts(told), YES if content["caught_up"] else NO)


def _waiting(layout: Layout) -> dict[str, Any]:
    found, left = ask.desk(layout, "flow"), ask.desk(layout, "abandoned")
    return {
        "caught_up": found["oldest_seconds"] <= CAUGHT_UP_SECONDS and not left["count"],
        "waiting": found["waiting"],
        "oldest_seconds": found["oldest_seconds"],
        "abandoned": left["count"],
        "stuck_jobs": [each["id"] for each in left["jobs"] if each["is_stuck"]],
    }


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Have the desk change one thing."""
    content = ask.change(layout, asked.what, **{name: getattr(asked, name, None) for name in asked.fields})
    return Result(content, facts(content))


def _jobs(content: dict[str, Any], columns: tuple[str, ...]) -> Result:
    rows: list[list[object]] = [[each[column] for column in columns] for each in content["jobs"]]
    return Result(content, table([list(columns), *rows]) if rows else "no jobs")


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not FEWEST <= found <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from {FEWEST} to {MOST:.0f}")
    return found


def _add_reads(command: Command) -> None:
    command.verb("status", "counts by state, paused, lease_seconds, limits", status)
    command.verb("companies", "do those answer that jobs need? exit 0 all do, 1 not", companies)
    command.verb("flow", "what waits, what came in and went out, what is slow, which leases ran out", flow)
    command.verb("dead", "dead letters, oldest first; causes: dependency, crash, lost", dead)
    command.verb("suspects", "open jobs during which two or more worker processes died", suspects)
    command.verb(
        "poison", "open jobs that kill workers, or crash while others of their kind are done", poison
    )
    command.verb(
        "abandoned", "running jobs that no living worker is at; is_stuck: their lease is too long", abandoned
    )
    command.verb("held", "jobs put aside and kinds held back, each with why", held)
    command.verb("job", "one job, its attempts, its notes", job).add_argument("job", metavar="JOB")
    waiting = command.verb(
        "wait", "wait until no job has waited for 3 s or is abandoned; exit 0 caught up, 1 not", wait
    )
    waiting.add_argument("--seconds", type=_seconds, default=30.0, help="give up after (default 30)")
    command.verb(
        "compare-effects",
        "each done job against what the mail sender sent; exit 0 all once and in order",
        effects.compare,
    )


def _add_changes(command: Command) -> None:
    for name, about, fields in (
        ("pause", "let no worker take a job; refused when it is paused", ("reason",)),
        ("resume", "end the pause; refused when there is none", ("only_because",)),
        ("quarantine", "put a job aside, whole; the jobs behind it go on", ("job", "reason")),
        ("release", "take a job out of quarantine; it is a dead letter again", ("job",)),
        ("lease", "set the visibility timeout", ("seconds",)),
        ("limit", "let at most so many jobs of a kind run at a time", ("kind", "most", "reason")),
        ("unlimit", "let as many of a kind run as there are workers", ("kind",)),
    ):
        parser = command.verb(name, about, change)
        parser.set_defaults(what="limit" if name == "unlimit" else name, fields=fields)
        for field in fields:
            _add_field(parser, field)


def _add_field(parser: argparse.ArgumentParser, field: str) -> None:
    if field == "reason":
        parser.add_argument("--reason", required=True, help="why; it is kept")
    elif field == "only_because":
        parser.add_argument("--only-because", metavar="REASON", help="only a pause with exactly this reason")
    elif field == "most":
        parser.add_argument("most", type=int, choices=range(1, 10), metavar="N", help="1 to 9")
    else:
        parser.add_argument(field, type=_seconds if field == "seconds" else str, metavar=field.upper())


def main(folder: Path, arguments: list[str]) -> int:
    """Run queuectl."""
    command = Command(
        "queuectl", "The queue: its jobs, dead letters and settings. Nothing here deletes a job."
    )
    _add_reads(command)
    _add_changes(command)
    replaying.add_to(command)
    return command.run(folder, arguments)
