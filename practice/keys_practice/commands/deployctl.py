"""deployctl: which release of the webhook service runs, and how it changed."""

import argparse
import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keys_practice import keeper_client
from keys_practice.commands.appctl import started
from keys_practice.commands.frame import Command, Result, facts, table
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout

BY = "payments-oncall"


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say which release is deployed, by whom, and whether a deployment is running."""
    newest = history(layout)[-1]
    content = {
        "state": "deploying" if is_deploying(layout) else "idle",
        "release": layout.current.readlink().name,
        "previous": newest["previous"],
        "deployed_at": newest["deployed_at"],
        "by": newest["by"],
        "releases": sorted(folder.name for folder in layout.releases.iterdir()),
    }
    return Result(content, facts(content))


def show_history(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """List deployments and rollbacks, newest first."""
    newest_first = history(layout)[::-1]
    rows = [[each["deployed_at"], each["action"], each["release"], each["by"]] for each in newest_first]
    return Result(newest_first, table(rows))


def deploy(layout: Layout, asked: argparse.Namespace) -> Result:
    """Make a release current and restart the service on it."""
    return _switch(layout, asked.release, "deploy", asked)


def rollback(layout: Layout, asked: argparse.Namespace) -> Result:
    """Go back to the release before, or to the one that is named."""
    return _switch(layout, asked.to or history(layout)[-1]["previous"], "rollback", asked)


def history(layout: Layout) -> list[dict[str, Any]]:
    """Every deployment, oldest first: deployed_at, action, release, previous, by."""
    try:
        return [json.loads(line) for line in layout.deployments.read_text("utf-8").splitlines()]
    except ValueError as problem:
        raise Unreachable(f"The record of deployments can't be read: {problem}.") from problem


def record(layout: Layout, release: str, previous: str | None, action: str, by: str, at: datetime) -> None:
    """Add one deployment to the history."""
    entry = {
        "deployed_at": at.isoformat(timespec="seconds"),
        "action": action,
        "release": release,
        "previous": previous,
        "by": by,
    }
    with layout.deployments.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, sort_keys=True) + "\n")


def point_to(layout: Layout, release: str) -> None:
    """Make `current` lead to the release, in one step."""
    fresh = layout.app / "current.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(layout.releases / release)
    fresh.replace(layout.current)


def is_deploying(layout: Layout) -> bool:
    """Whether some deployment holds the lock. Only looks: the file may lie on a read-only system."""
    with layout.deploy_lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def main(folder: Path, arguments: list[str]) -> int:
    """Run deployctl."""
    command = Command("deployctl", "Releases of the webhook service.")
    command.verb("status", "state, release, previous, deployed_at, by, releases", status)
    command.verb("history", "deployments and rollbacks, newest first", show_history)
    putting = command.verb("deploy", "make RELEASE current and restart the service", deploy)
    putting.add_argument("release", metavar="RELEASE")
    back = command.verb("rollback", "go back to the release before; undo with `deploy RELEASE`", rollback)
    back.add_argument("--to", metavar="RELEASE", help="to this one instead")
    for parser in (putting, back):
        parser.add_argument("--by", default=BY, metavar="TEAM", help=f"who does it (default {BY})")
        parser.add_argument(
            "--soak-seconds",
            type=float,
            default=0,
            metavar="N",
            help="keep the deployment open so long at its end",
        )
    return command.run(folder, arguments)


def _switch(layout: Layout, release: str, action: str, asked: argparse.Namespace) -> Result:
    if not (layout.releases / str(release) / "handler.py").is_file():
        raise PracticeError(f"There is no release {release}. Nothing was changed.")
    with _deployment(layout):
        previous = layout.current.readlink().name
        point_to(layout, release)
        record(layout, release, previous, action, asked.by, datetime.now(UTC))
        keeper_client.ask(layout, "restart", "app")
        found = started(layout)
        time.sleep(asked.soak_seconds)
    content = {
        "action": action,
        "release": release,
        "previous": previous,
        "listening": found.content["listening"],
    }
    return Result(content, facts(content), found.exit_code)


@contextlib.contextmanager
def _deployment(layout: Layout) -> Iterator[None]:
    """Hold the deploy lock: the kernel frees it however this process ends, so no deployment hangs for ever."""
    lock = os.open(layout.deploy_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise PracticeError("Another deployment is running. Wait for it, then try again.") from None
    finally:
        os.close(lock)
