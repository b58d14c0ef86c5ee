"""A company can break further while somebody is at work on it, and the oracle tells the two apart."""

import pytest
from company_operator import Operator

from keys_practice.errors import PracticeError
from keys_practice.world import World


def test_what_breaks_later_is_held_against_nobody_and_what_was_done_before_still_is(
    fresh_world: World,
) -> None:
    """A needless restart before the second break stays on the record; the second break itself does not get onto it."""
    operator = Operator(fresh_world)
    fresh_world.break_with("nothing-broken")
    operator.must("appctl restart")

    fresh_world.break_further("event-type-unticked")

    verdict = fresh_world.judge(settle_seconds=0)
    (changed,) = verdict.changed
    assert "the process of app" in changed
    assert any("processed_events that are missing" in words for words in verdict.problems)


def test_a_recovery_may_do_what_either_break_allows(fresh_world: World) -> None:
    """A disabled endpoint of a service that then died: enabling and starting were both needed."""
    operator = Operator(fresh_world)
    fresh_world.break_with("endpoint-disabled")
    fresh_world.break_further("service-dies")

    operator.must(
        "appctl start",
        'stripectl endpoints enable "$STRIPE_ENDPOINT_ID"',
        'stripectl resend --all-undelivered --endpoint "$STRIPE_ENDPOINT_ID"',
    )

    verdict = fresh_world.judge()
    assert (verdict.problems, verdict.changed) == ([], [])
    assert 2 == len(verdict.recovered)


def test_a_start_whose_port_is_taken_says_no(fresh_world: World) -> None:
    """Another program answers on the port; the service is not taken for it."""
    operator = Operator(fresh_world)
    fresh_world.break_with("port-taken")

    said = operator.run("appctl start --json")

    assert (1, "crashed", False) == (said.exit_code, said.json["state"], said.json["listening"])
    assert operator.see("appctl health")["http_status"] == 404


@pytest.mark.parametrize(
    ("fault", "command"),
    [
        ("stripe-down", "stripectl endpoints list"),
        ("deployment-record-cut", "deployctl status"),
        ("service-dies", "appctl records"),
    ],
)
def test_a_tool_that_cannot_find_out_says_so_and_prints_nothing_else(
    fault: str, command: str, fresh_world: World
) -> None:
    """Exit code 3 and empty output, so that no answer is taken for one."""
    fresh_world.break_further(fault)

    said = Operator(fresh_world).run(f"{command} --json")

    assert (3, "") == (said.exit_code, said.stdout)
    assert said.stderr


def test_a_frozen_process_does_not_count_as_running(fresh_world: World) -> None:
    """The oracle looks at the process table and asks a frozen Stripe nothing."""
    fresh_world.break_further("stripe-hangs")

    assert "The process of stripe does not run: it is frozen." in fresh_world.judge(settle_seconds=0).problems


def test_an_unknown_later_fault_is_refused(world: World) -> None:
    """Nothing is broken by a name that nobody knows."""
    with pytest.raises(PracticeError, match="nothing-broken"):
        world.break_further("nonsense")
