"""Every fault is real: commands and oracle see it, half a recovery is none, and the right one heals."""

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from company_operator import Operator

from keys_practice.errors import PracticeError
from keys_practice.faults import FAULTS
from keys_practice.http_client import call
from keys_practice.world import World

RESEND = 'stripectl resend --all-undelivered --endpoint "$STRIPE_ENDPOINT_ID"'
RESEND_MISSING = 'appctl events applied | stripectl resend --missing-from - --endpoint "$STRIPE_ENDPOINT_ID"'
ENABLE = 'stripectl endpoints enable "$STRIPE_ENDPOINT_ID"'
NEW_SECRET = (
    'stripectl endpoints reveal-secret "$STRIPE_ENDPOINT_ID" | appctl env set STRIPE_WEBHOOK_SECRET --stdin'
)
SUMMARY = 'stripectl deliveries summary --endpoint "$STRIPE_ENDPOINT_ID" --last 5'
PING = 'stripectl deliver-test-event --endpoint "$STRIPE_ENDPOINT_ID"'
MISSING = (
    'appctl events applied | stripectl events list --missing-from - --endpoint "$STRIPE_ENDPOINT_ID" --json'
)
RESET = "RESET default_transaction_read_only, as the owner"


@dataclass(frozen=True)
class Case:
    """What commands see of a fault (line, fields), what does not heal it, and what does."""

    sees: dict[str, dict[str, Any]]
    half: tuple[str, ...]
    rest: tuple[str, ...]


CASES = {
    "wrong-signing-secret": Case(
        {
            SUMMARY: {"last_status": 400, "signature_failures": 5, "failed": 5, "failure_rate_percent": 100},
            "appctl health": {"http_status": 200, "database": "ok"},
            PING: {"status": 400},
        },
        # The service reads its settings only when it starts.
        half=(NEW_SECRET,),
        rest=("appctl restart", RESEND),
    ),
    "bad-release": Case(
        {
            SUMMARY: {"last_status": 500, "signature_failures": 0, "failed": 5},
            "deployctl status": {"release": "r42", "previous": "r41", "by": "growth-team"},
            PING: {"status": 200},
        },
        half=("deployctl rollback",),
        rest=(RESEND,),
    ),
    "service-not-running": Case(
        {
            SUMMARY: {"last_status": 0, "failed": 5},
            "appctl status": {"state": "crashed", "exit_code": 137, "pid": None},
            "appctl health": {"listening": False, "http_status": 0},
        },
        half=("appctl start",),
        rest=(RESEND,),
    ),
    "endpoint-disabled": Case(
        {
            'stripectl endpoints show "$STRIPE_ENDPOINT_ID"': {"status": "disabled"},
            SUMMARY: {"failed": 5, "pending": 5},
            "appctl health": {"http_status": 200},
        },
        half=(ENABLE,),
        rest=(RESEND,),
    ),
    "database-refuses-writes": Case(
        {
            SUMMARY: {"last_status": 503, "failed": 5},
            "appctl health": {"http_status": 503, "database": "read-only"},
            PING: {"status": 503},
        },
        half=("appctl restart",),
        rest=(RESET, RESEND),
    ),
    "handler-drops-events": Case(
        {
            SUMMARY: {"last_status": 200, "failed": 0, "failure_rate_percent": 0},
            "deployctl status": {"release": "r43"},
            PING: {"status": 200},
        },
        # Stripe thinks that all were delivered: there is nothing undelivered to resend.
        half=("deployctl rollback", RESEND),
        rest=(RESEND_MISSING,),
    ),
    "bad-release-twice": Case(
        {"deployctl status": {"release": "r42", "previous": "r42"}},
        half=("deployctl rollback --to r41",),
        rest=(RESEND,),
    ),
    "one-type-dropped": Case(
        {SUMMARY: {"last_status": 200, "failed": 0}},
        half=("deployctl rollback", RESEND),
        rest=(RESEND_MISSING,),
    ),
    "one-type-crashes": Case(
        {"deployctl status": {"release": "r45"}},
        half=("deployctl rollback",),
        rest=(RESEND,),
    ),
    "mended-by-a-colleague": Case(
        {SUMMARY: {"last_status": 200, "failed": 5, "signature_failures": 0}},
        half=("appctl restart",),
        rest=(RESEND,),
    ),
    "drops-mended": Case(
        {SUMMARY: {"last_status": 200, "failed": 0}, "deployctl status": {"release": "r41"}},
        half=(RESEND,),
        rest=(RESEND_MISSING,),
    ),
    "database-down": Case(
        {
            SUMMARY: {"last_status": 503},
            "appctl health": {"http_status": 503, "database": "refused"},
            "dbctl status": {"state": "stopped", "accepting_connections": False},
        },
        half=("appctl restart",),
        rest=("dbctl start", RESEND),
    ),
}


def do(world: World, operator: Operator, lines: tuple[str, ...]) -> None:
    """Take the steps of a recovery; all must succeed."""
    for line in lines:
        if line != RESET:
            operator.must(line)
            continue
        with psycopg.connect(world.secrets()["APP_DATABASE_ADMIN"], autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("ALTER DATABASE larkspur RESET default_transaction_read_only")


QUICK = (
    "wrong-signing-secret",
    "bad-release",
    "service-not-running",
    "endpoint-disabled",
    "database-refuses-writes",
    "handler-drops-events",
    "database-down",
)


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name in CASES]
)
def test_a_fault_shows_and_only_its_whole_recovery_heals(fault: str, fresh_world: World) -> None:
    """Commands and oracle see it; the first half leaves it unhealthy; the rest heals it with no needless change."""
    case, operator = CASES[fault], Operator(fresh_world)
    fresh_world.break_with(fault)
    fresh_world.keep_busy(None)
    for line, fields in case.sees.items():
        seen = operator.see(line)
        assert {name: seen[name] for name in fields} == fields, line
    verdict = fresh_world.judge(settle_seconds=0.5)
    assert verdict.problems
    assert (verdict.changed, verdict.recovered) == ([], [])
    do(fresh_world, operator, case.half)
    assert not fresh_world.judge(settle_seconds=0.5).is_healthy
    do(fresh_world, operator, case.rest)
    healed = fresh_world.judge()
    assert healed.problems == []
    if FAULTS[fault].allowed_changes:
        assert healed.changed == []
        assert healed.recovered


def test_the_lost_events_of_a_dropping_release_can_be_named(fresh_world: World) -> None:
    """Comparing what Stripe delivered with what was applied finds exactly those, also while the release runs."""
    fresh_world.break_with("handler-drops-events")
    fresh_world.keep_busy(None)
    lost = Operator(fresh_world).run(MISSING).json
    assert lost["count"] >= 5
    assert {each["state"] for each in lost["events"]} == {"delivered"}


@pytest.mark.parametrize("fault", ["nothing-broken", "deployment-running"])
def test_where_nothing_is_broken_any_change_is_one_too_many(fault: str, fresh_world: World) -> None:
    """The company is healthy before and after; a needless restart is named."""
    operator = Operator(fresh_world)
    fresh_world.break_with(fault)
    state = operator.see("deployctl status")["state"]
    assert state == ("deploying" if fault == "deployment-running" else "idle")
    verdict = fresh_world.judge()
    assert (verdict.problems, verdict.changed) == ([], [])
    operator.must("appctl restart")
    verdict = fresh_world.judge()
    assert verdict.is_healthy
    assert [words for words in verdict.changed if "the process of app" in words]


def test_a_database_that_is_down_is_down_for_everyone(fresh_world: World) -> None:
    """The other team's service and endpoint fail too, and a recovery of ours counts as a change."""
    operator = Operator(fresh_world)
    fresh_world.break_with("database-down")
    assert call("GET", f"{fresh_world.inputs()['LETTERS_URL']}/healthz").status == 503
    listed = operator.see("stripectl endpoints list")
    assert [each["last_status"] for each in listed] == [503, 503]
    operator.must("dbctl start")
    assert any("the process of postgres" in words for words in fresh_world.judge(0).changed)


def test_retries_alone_heal_in_time_but_not_at_once(fresh_world: World) -> None:
    """After the cause is gone events stay away until Stripe tries again, here on a faster clock."""
    fresh_world.break_with("service-not-running")
    Operator(fresh_world).must("appctl start")
    assert not fresh_world.judge(settle_seconds=0.5).is_healthy
    fresh_world.company.stripe.practise("clock", speed=1800)
    assert fresh_world.judge(settle_seconds=15).is_healthy


def test_the_wrong_release_heals_nothing(fresh_world: World) -> None:
    """Going to another bad release, or putting a made-up secret in, leaves the oracle unconvinced."""
    operator = Operator(fresh_world)
    fresh_world.break_with("bad-release")
    fresh_world.keep_busy(None)
    operator.must("deployctl rollback --to r43", RESEND)
    assert "The release r43 is bad." in fresh_world.judge(0).problems
    operator.must("deployctl rollback --to r40", RESEND_MISSING)
    assert fresh_world.judge().is_healthy
    operator.must("echo whsec_guess | appctl env set STRIPE_WEBHOOK_SECRET --stdin", "appctl restart")
    verdict = fresh_world.judge(0)
    assert "The service's signing secret is not Stripe's." in verdict.problems
    assert any("STRIPE_WEBHOOK_SECRET" in words for words in verdict.changed)
    operator.must("appctl env restore", "appctl restart")
    assert fresh_world.judge().is_healthy


def test_an_unknown_fault_is_refused(world: World) -> None:
    """The message names the faults that there are."""
    with pytest.raises(PracticeError, match="wrong-signing-secret"):
        world.break_with("nonsense")
