"""The commands on a healthy company: what they say, and that reading changes nothing."""

import json
import os
import stat
from pathlib import Path

import pytest
from company_operator import Operator

from keys_practice.world import World

COMMANDS = ("appctl", "dbctl", "deployctl", "stripectl")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(operator: Operator, command: str) -> None:
    """--help exits 0 and names the exit codes; a wrong word exits 2."""
    said = operator.run(f"{command} --help")
    assert said.exit_code == 0
    assert "2 wrong usage" in said.stdout
    assert operator.run(f"{command} nonsense").exit_code == 2


def test_the_state_of_a_healthy_company_is_told(world: World, operator: Operator) -> None:
    """Process, health, release, database and endpoint, in the shapes that the page promises."""
    status = operator.see("appctl status")
    assert (status["state"], status["release"], status["exit_code"]) == ("running", "r41", None)
    assert operator.see("appctl health") == {
        "listening": True,
        "http_status": 200,
        "database": "ok",
        "release": "r41",
    }
    assert operator.see("appctl probe-webhook")["http_status"] == 400
    assert operator.see("dbctl status")["accepting_connections"] is True
    deployed = operator.see("deployctl status")
    assert (deployed["state"], deployed["release"], deployed["previous"]) == ("idle", "r41", "r40")
    shown = operator.see('stripectl endpoints show "$STRIPE_ENDPOINT_ID"')
    assert (shown["status"], shown["team"], shown["failing_for_days"]) == ("enabled", "payments-team", None)
    assert {each["id"] for each in operator.see("stripectl endpoints list")} == {
        world.company.endpoint_id,
        world.company.other_endpoint_id,
    }


def test_reading_changes_nothing(world: World, operator: Operator) -> None:
    """After every reading command, the oracle finds each fact as it was at the start."""
    for line in (
        "appctl status",
        "appctl health",
        "appctl probe-webhook",
        "appctl logs --lines 5",
        "appctl events applied",
        "appctl env show",
        "appctl env diff",
        "appctl env restore",
        "deployctl status",
        "deployctl history",
        "dbctl status",
        "stripectl endpoints list",
        'stripectl endpoints show "$STRIPE_ENDPOINT_ID"',
        'stripectl events list --endpoint "$STRIPE_ENDPOINT_ID"',
        'stripectl deliveries summary --endpoint "$STRIPE_ENDPOINT_ID"',
        'stripectl deliver-test-event --endpoint "$STRIPE_ENDPOINT_ID"',
        'stripectl resend --all-undelivered --endpoint "$STRIPE_ENDPOINT_ID"',
    ):
        operator.must(line, f"{line} --json")
    verdict = world.judge()
    assert (verdict.problems, verdict.changed, verdict.recovered) == ([], [], [])


def test_what_is_applied_and_what_stripe_delivered_agree(operator: Operator) -> None:
    """Both sides list the same ids, and nothing is missing."""
    applied = operator.see("appctl events applied")
    listed = operator.see('stripectl events list --endpoint "$STRIPE_ENDPOINT_ID" --delivered')
    assert sorted(applied["event_ids"]) == sorted(each["id"] for each in listed["events"])
    missing = 'appctl events applied | stripectl events list --endpoint "$STRIPE_ENDPOINT_ID" --missing-from - --json'
    assert operator.run(missing).json["count"] == 0


def test_what_is_accepted_after_the_list_was_made_does_not_look_lost(
    world: World, operator: Operator, tmp_path: Path
) -> None:
    """Events go on while two commands are compared; a list without its moment cannot tell."""
    listed = tmp_path / "applied"
    operator.must(f"appctl events applied > {listed}")
    fresh = world.company.let_happen(2)
    world.company.must_become(
        lambda: world.company.states(fresh) == {"delivered"}, "the events are delivered"
    )
    missing = f'stripectl events list --endpoint "$STRIPE_ENDPOINT_ID" --missing-from {listed}'
    assert operator.see(missing)["count"] == 0
    operator.must(f"sed -i '/^#/d' {listed}")
    assert {each["id"] for each in operator.see(missing)["events"]} == set(fresh)


def test_a_delivered_event_can_be_resent_without_harm(world: World, operator: Operator) -> None:
    """The service answers 200 and applies nothing twice."""
    event = operator.see("appctl events applied")["event_ids"][0]
    sent = operator.see(f'stripectl resend {event} --endpoint "$STRIPE_ENDPOINT_ID"')
    assert (sent["requested"], sent["delivered"], sent["status_counts"]) == (1, 1, {"200": 1})
    assert world.judge().problems == []


def test_a_test_event_leaves_no_row(operator: Operator) -> None:
    """The ping is answered with 200, is among no deliveries, and in no sum."""
    before = operator.see('stripectl deliveries summary --endpoint "$STRIPE_ENDPOINT_ID"')
    sent = operator.see('stripectl deliver-test-event --endpoint "$STRIPE_ENDPOINT_ID"')
    assert sent["status"] == 200
    assert sent["event"] not in operator.see("appctl events applied")["event_ids"]
    assert operator.see('stripectl deliveries summary --endpoint "$STRIPE_ENDPOINT_ID"') == before


@pytest.mark.parametrize(
    ("line", "exit_code", "words"),
    [
        ('stripectl resend --endpoint "$STRIPE_ENDPOINT_ID"', 1, "Say which events"),
        ('stripectl resend evt_nope --endpoint "$STRIPE_ENDPOINT_ID"', 1, "no events of"),
        (
            'stripectl resend --missing-from - --endpoint "$STRIPE_ENDPOINT_ID"',
            1,
            "list of applied events is empty",
        ),
        ('stripectl resend --missing-from /nonexistent --endpoint "$STRIPE_ENDPOINT_ID"', 3, "No such file"),
        ("stripectl endpoints show we_nope", 1, "no endpoint we_nope"),
        ('stripectl events list --endpoint "$STRIPE_ENDPOINT_ID" --since yesterday', 2, "like 15m"),
        ("deployctl deploy r99", 1, "no release r99"),
        ("deployctl deploy ../..", 1, "no release"),
        ("appctl env set STRIPE_WEBHOOK_SECRET --stdin", 1, "Stdin is empty"),
        ("echo x | appctl env set NO_SUCH --stdin", 1, "has no NO_SUCH"),
        ("printf 'a\\nb' | appctl env set STRIPE_WEBHOOK_SECRET --stdin", 1, "more than one line"),
    ],
)
def test_a_command_that_cannot_be_done_changes_nothing(
    world: World, operator: Operator, line: str, exit_code: int, words: str
) -> None:
    """The exit code and stderr say why; the world is as before."""
    said = operator.run(line)
    assert (said.exit_code, said.stdout) == (exit_code, "")
    assert words in said.stderr
    assert world.judge().changed == []


def test_settings_are_shown_as_fingerprints_only(world: World, operator: Operator) -> None:
    """No command but reveal-secret prints a secret."""
    secret = operator.run('stripectl endpoints reveal-secret "$STRIPE_ENDPOINT_ID"').stdout.strip()
    seen = [
        operator.run(line).stdout
        for line in (
            "appctl env show --json",
            'stripectl endpoints show "$STRIPE_ENDPOINT_ID" --json',
            "appctl logs --lines 10000",
        )
    ]
    shown, endpoint = json.loads(seen[0]), json.loads(seen[1])
    assert shown["STRIPE_WEBHOOK_SECRET"]["fingerprint"] == endpoint["secret_fingerprint"]
    password = world.secrets()["APP_DATABASE_ADMIN"].split(":")[2].split("@")[0]
    assert not any(secret in text or password in text for text in seen)


def test_a_setting_is_compared_through_a_pipe(operator: Operator) -> None:
    """Equal exits 0, different exits 1; neither value is shown."""
    reveal = 'stripectl endpoints reveal-secret "$STRIPE_ENDPOINT_ID"'
    verify = "appctl env verify STRIPE_WEBHOOK_SECRET --stdin --json"
    same = operator.run(f"{reveal} | {verify}")
    assert (same.exit_code, same.json["match"]) == (0, True)
    other = operator.run(f"echo whsec_other | {verify}")
    assert (other.exit_code, other.json["match"]) == (1, False)


def test_a_running_deployment_keeps_others_out(world: World, operator: Operator) -> None:
    """While the lock is held, status says so and a deployment is refused."""
    lock = world.company.layout.deploy_lock
    said = operator.run(f"flock {lock} sh -c 'deployctl status --json; deployctl deploy r40; echo $?'")
    first, refused = said.stdout.splitlines()
    assert json.loads(first)["state"] == "deploying"
    assert (refused, "Another deployment is running" in said.stderr) == ("1", True)
    assert operator.see("deployctl status")["state"] == "idle"


def test_the_reading_role_cannot_write(world: World, operator: Operator) -> None:
    """The address that a runbook may show holds no password and no right but SELECT."""
    address = world.inputs()["APP_DATABASE"]
    assert "@" in address
    assert ":" not in address.removeprefix("postgresql://").partition("@")[0]
    assert all(len(value) >= 8 for value in world.secrets().values())


def test_secrets_lie_in_files_that_only_the_owner_can_read(world: World) -> None:
    """The folder can be entered by PostgreSQL's user and listed by nobody else."""
    layout = world.company.layout
    assert stat.S_IMODE(layout.folder.stat().st_mode) == 0o711
    for path in (layout.env_file, layout.letters_env, layout.stripe_key, layout.stripe_database):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert layout.folder.stat().st_uid == os.geteuid()
