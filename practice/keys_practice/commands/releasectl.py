"""releasectl: what a decision about a release needs to know. It changes nothing."""

import argparse
import sys
from pathlib import Path

from keys_practice.commands import deployctl, rehearsal, release_impact
from keys_practice.commands.frame import NO, YES, Command, Result, facts
from keys_practice.layout import Layout
from keys_practice.stripe_client import Stripe

MOST_TRIED = 5


def impact(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say who is hit by events that were not applied, since when, and whether that began with the newest release."""
    content = release_impact.measure(layout, asked.endpoint)
    return Result(content, facts(content))


def built(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Name the newest release that is built, newer than the one that runs, and was never deployed."""
    deployed = {each["release"] for each in deployctl.history(layout)}
    running = layout.current.readlink().name
    found = [
        folder.name
        for folder in layout.releases.iterdir()
        if folder.name not in deployed and _number(folder.name) > _number(running)
    ]
    newest = max(found, key=_number, default=None)
    return Result({"release": newest}, newest or "", YES if newest else NO)


def compare(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say how NEW changes the database compared with OLD, and how many rows hold what OLD does not know."""
    changes = rehearsal.migrations(layout, asked.new) - rehearsal.migrations(layout, asked.old)
    content = {
        "old": asked.old,
        "new": asked.new,
        "schema_changes": sorted(f"{each.table}.{each.column}" for each in changes),
        "rows": rehearsal.rows_with(layout, changes),
    }
    return Result(content, facts(content))


def rehearse(layout: Layout, asked: argparse.Namespace) -> Result:
    """Try RELEASE on one real event of each type, in today's database, and take every write back."""
    events = Stripe(layout).get(f"/{asked.endpoint}/events")
    content = rehearsal.of(layout, asked.release, events)
    return Result(content, facts(content), YES if content["works"] else NO)


def older(layout: Layout, asked: argparse.Namespace) -> Result:
    """Name the last release before RELEASE that works; where none does, the last before it. Each try goes to stderr."""
    ran = dict.fromkeys(each["release"] for each in deployctl.history(layout)[::-1])
    before = [each for each in ran if each != asked.release]
    events = Stripe(layout).get(f"/{asked.endpoint}/events")
    for release in before[:MOST_TRIED]:
        tried = rehearsal.of(layout, release, events)
        sys.stderr.write(f"{release}: {'it works' if tried['works'] else '; '.join(tried['problems'])}\n")
        if tried["works"]:
            return Result({"release": release, "works": True}, release)
    last = before[0] if before else None
    return Result({"release": last, "works": False}, last or "", NO)


def main(folder: Path, arguments: list[str]) -> int:
    """Run releasectl."""
    command = Command("releasectl", "What a decision about a release needs to know. Changes nothing.")
    hit = command.verb("impact", "who is hit, since when, and did it begin with the newest release", impact)
    command.verb("built", "the newest release that is built and was never deployed", built)
    comparing = command.verb("compare", "how NEW changes the database compared with OLD", compare)
    comparing.add_argument("old", metavar="OLD")
    comparing.add_argument("new", metavar="NEW")
    trying = command.verb("rehearse", "does RELEASE work on real events? every write is taken back", rehearse)
    trying.add_argument("release", metavar="RELEASE")
    back = command.verb("older", "the last release before RELEASE that works on real events", older)
    back.add_argument("release", metavar="RELEASE")
    for parser in (hit, trying, back):
        parser.add_argument("--endpoint", required=True, metavar="ENDPOINT", help="id of the endpoint, we_…")
    return command.run(folder, arguments)


def _number(release: str) -> int:
    digits = "".join(filter(str.isdigit, release))
    return int(digits) if digits else 0
