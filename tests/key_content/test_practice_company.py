"""The KEYS on the practice company, really broken: diagnosis, repair, replay, and an oracle that looks itself."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keys_practice.world import World

Call = Callable[..., Any]


@pytest.fixture
def world() -> Iterator[World]:
    """A company that works."""
    with World.start() as world:
        yield world


@pytest.fixture
def exports(world: World, tmp_path: Path) -> Callable[[], dict[str, Path]]:
    """What Stripe's and the service's commands print now, as files."""

    def export() -> dict[str, Path]:
        endpoint = world.inputs()["STRIPE_ENDPOINT_ID"]
        commands = {
            "applied": ["appctl", "events", "applied"],
            "events": ["stripectl", "events", "list", "--endpoint", endpoint, "--json"],
            "endpoint": ["stripectl", "endpoints", "show", endpoint, "--json"],
        }
        found = {}
        for name, command in commands.items():
            done = subprocess.run(command, env=world.environment(), capture_output=True, check=True)
            found[name] = tmp_path / name
            found[name].write_bytes(done.stdout)
        return found

    return export


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("wrong-signing-secret", "signature"),
        ("bad-release", "handler-crash"),
        ("database-refuses-writes", "dependency"),
    ],
)
def test_the_analysis_names_the_cause_of_a_real_failure(
    world: World, call_key: Call, fault: str, cause: str
) -> None:
    """The log that the service really wrote, through the real kernel."""
    world.break_with(fault)
    failing = world.company.let_happen(
        10
    )  # five failures among twenty good events are a beginning, not a clear one
    world.company.must_become(lambda: world.company.states(failing) == {"failed"}, "ten more events fail")
    result = call_key("jupyter-webhook-event-analysis", events=world.inputs()["WEBHOOK_LOG"]).result
    assert result["main_cause"] == cause
    assert result["failures"] >= 5
    assert (result["is_ongoing"], result["began_certainty"]) == (True, "clear")


def test_a_wrong_secret_is_mended_replayed_and_proven(world: World, call_key: Call, tmp_path: Path) -> None:
    """Secret from Stripe, service restarted, missed events sent once; the oracle finds a healthy company and no other change."""
    world.break_with("wrong-signing-secret")
    inputs, environment = world.inputs(), world.environment()
    update = call_key(
        "node-webhook-secret-update",
        environment=environment,
        env_file=inputs["APP_ENV_FILE"],
        endpoint=inputs["STRIPE_ENDPOINT_ID"],
        restart="appctl",
        health_url=f"{inputs['APP_URL']}/healthz",
        webhook_url=f"{inputs['APP_URL']}/webhooks/stripe",
    ).result
    assert (update["changed"], update["accepts_signature"], update["verified"]) == (True, True, True)
    replay = call_key(
        "node-stripe-webhook-replay",
        environment=environment,
        endpoint=inputs["STRIPE_ENDPOINT_ID"],
        state_folder=tmp_path / "incident",
        select="all",
        ask_service="true",
    ).result
    assert replay["delivered"] >= 5
    assert replay["remaining"] == 0
    gap = call_key(
        "python-webhook-event-gap", environment=environment, endpoint=inputs["STRIPE_ENDPOINT_ID"]
    ).result
    assert gap["missing"] == 0
    verdict = world.judge()
    assert verdict.is_healthy, verdict.problems
    assert not verdict.changed


def test_an_update_that_is_undone_leaves_the_settings_as_they_were(
    world: World, call_key: Call, tmp_path: Path
) -> None:
    """Byte for byte, and the service runs on them."""
    world.break_with("wrong-signing-secret")
    inputs, environment = world.inputs(), world.environment()
    before = Path(inputs["APP_ENV_FILE"]).read_bytes()
    arguments = {
        "env_file": inputs["APP_ENV_FILE"],
        "endpoint": inputs["STRIPE_ENDPOINT_ID"],
        "restart": "appctl",
    }
    result = tmp_path / "result.json"
    result.write_text(
        json.dumps(call_key("node-webhook-secret-update", environment=environment, **arguments).result)
    )
    undone = call_key(
        "node-webhook-secret-update", "--undo", "--before", str(result), environment=environment, **arguments
    ).result
    assert (undone["restarted"], undone["verified"]) == (True, True)
    assert Path(inputs["APP_ENV_FILE"]).read_bytes() == before


def test_dropped_events_are_found_in_both_lists(
    world: World, exports: Callable[[], dict[str, Path]], call_key: Call
) -> None:
    """Accepted with 200 and never applied: the gap names them, and the log's analysis counts them as ignored."""
    world.break_with("handler-drops-events")
    deadline = time.monotonic() + 20
    gap = {"missing": 0}
    while gap["missing"] < 5 and time.monotonic() < deadline:
        # What was accepted within the second of the applied list may be on its way, and is not missing yet.
        files = exports()
        lists = {"stripe_events": files["events"], "applied": files["applied"]}
        gap = call_key("python-webhook-event-gap", **lists).result
    analysis = call_key("jupyter-webhook-event-analysis", events=world.inputs()["WEBHOOK_LOG"]).result
    assert gap["missing"] >= 5
    assert analysis["ignored"] >= gap["missing"]
    assert analysis["failures"] == 0


def test_a_disabled_endpoint_is_reported_with_all_that_waits(
    world: World, exports: Callable[[], dict[str, Path]], call_key: Call
) -> None:
    """Ten events or more wait, and Stripe says since when."""
    world.break_with("endpoint-disabled")
    files = exports()
    report = call_key(
        "jupyter-webhook-delivery-report", deliveries=files["events"], endpoint=files["endpoint"]
    ).result
    assert report["endpoint_status"] == "disabled"
    assert report["disabled_since"]
    assert report["never_delivered"] >= 10
