"""Faults after which somebody must decide: go back to an older release, or on to a newer one."""

import os
import shutil
import signal
import time
from collections.abc import Callable

import psycopg
from psycopg import sql

from keys_practice import database
from keys_practice.company import Company
from keys_practice.faults.fault import Fault, let_events_end_as, let_events_fail
from keys_practice.releases import later

OLD_RELEASES = ("r40", "r41")


def _deployed(release: str, *ends: str, built: tuple[str, ...] = ()) -> Callable[[Company], None]:
    """The growth team deploys a release, with its change of the database; `built` are there and not deployed."""

    def cause(company: Company) -> None:
        if release in later.EDITS:
            later.build(company.layout.releases, release)
        for each in built:
            later.build(company.layout.releases, each)
        if release in later.STATEMENTS:
            with psycopg.connect(company.databases.admin) as connection:
                connection.execute(later.STATEMENTS[release])
        company.command("deployctl", "deploy", release, "--by", "growth-team")
        _await_events(company, ends)

    return cause


def _await_events(company: Company, ends: tuple[str, ...]) -> None:
    """Where a release fails on subscriptions only, one of them must be among the events."""
    if len(ends) > 1:
        while not any(name.startswith("customer.") for name in company.types(company.let_happen(1))):
            pass
    let_events_end_as(company, *ends)


def _without_older(cause: Callable[[Company], None]) -> Callable[[Company], None]:
    def removed(company: Company) -> None:
        cause(company)
        for release in OLD_RELEASES:
            shutil.rmtree(company.layout.releases / release)

    return removed


def _harmless(company: Company) -> None:
    """A good release, deployed in a later second than all events so far: their times are whole seconds."""
    time.sleep(1 - time.time() % 1)
    _deployed("r48", "delivered")(company)


def _secret_then_release(company: Company) -> None:
    company.stripe.post(f"/{company.endpoint_id}/roll_secret")
    let_events_fail(company)
    time.sleep(1 - time.time() % 1)
    _deployed("r48", "failed")(company)


def _release_then_killed(company: Company) -> None:
    _harmless(company)
    os.kill(company.unit("app")["pid"], signal.SIGKILL)
    company.must_become(lambda: company.unit("app")["state"] == "crashed", "the killed service is noticed")
    let_events_fail(company)


def _right_revoked(company: Company) -> None:
    """Also with the release before nothing could be written."""
    _deployed("r48", "delivered")(company)
    with psycopg.connect(company.databases.admin) as connection:
        connection.execute(
            sql.SQL("REVOKE INSERT ON processed_events FROM {}").format(sql.Identifier(database.APP))
        )
    let_events_fail(company)


def _fix_vanishes(company: Company) -> None:
    for release in ("r48", "r51"):
        shutil.rmtree(company.layout.releases / release, ignore_errors=True)


_RECOVERY = frozenset({"release", "restart"})

FAULTS: dict[str, Fault] = {
    "bad-release-fix-built": Fault(
        "The growth team deployed r42, which crashes. r48 mends it and is built, not deployed.",
        _deployed("r42", "failed", built=("r48",)),
        _RECOVERY,
    ),
    "bad-release-bad-fix": Fault(
        "The growth team deployed r42, which crashes. r49 is meant to mend it and crashes too.",
        _deployed("r42", "failed", built=("r49",)),
        _RECOVERY,
    ),
    "older-releases-gone": Fault(
        "r42 crashes, and a clean-up job has removed every older release. r48 mends it and is built.",
        _without_older(_deployed("r42", "failed", built=("r48",))),
        _RECOVERY,
    ),
    "older-releases-gone-bad-fix": Fault(
        "r42 crashes, and a clean-up job has removed every older release. r47, which is built, keeps wrong amounts.",
        _without_older(_deployed("r42", "failed")),
        _RECOVERY,
    ),
    "schema-breaks-older": Fault(
        "r50 crashes on subscriptions and has changed a table so that r41 can't write to it. r51 is built.",
        _deployed("r50", "delivered", "failed", built=("r51",)),
        _RECOVERY,
    ),
    "schema-breaks-older-no-fix": Fault(
        "r50 crashes on subscriptions and has changed a table. Nothing newer is built.",
        _deployed("r50", "delivered", "failed"),
        _RECOVERY,
    ),
    "schema-grew": Fault(
        "r52 crashes on subscriptions. It keeps the region of each payment, which r41 does not know.",
        _deployed("r52", "delivered", "failed"),
        _RECOVERY,
    ),
    "release-is-innocent": Fault(
        "The secret was rolled and events failed. Then a harmless release was deployed, which changed nothing.",
        _secret_then_release,
        frozenset({"secret", "restart"}),
    ),
    "killed-after-a-release": Fault(
        "A harmless release was deployed, and at once the service was killed for want of memory.",
        _release_then_killed,
        frozenset({"restart"}),
    ),
    "right-revoked": Fault(
        "A harmless release was deployed. Soon after, somebody took a right from our service's login; it answers 500.",
        _right_revoked,
    ),
    "fix-vanishes": Fault("Somebody removes the release that was built and not deployed.", _fix_vanishes),
}
