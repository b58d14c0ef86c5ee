"""The letters rooms: lockouts and breaches show, are mended and closed, the oracle sees each harm, and everything ends."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from keys_practice.errors import PracticeError
from keys_practice.processes import children_of, is_alive, wait_until
from keys_practice.tenants import people
from keys_practice.tenants.world import TenantsWorld

PATIENCE_SECONDS = 20
STARTER = """
import time
from keys_practice.tenants.world import TenantsWorld
world = TenantsWorld.start()
print(world.folder, world.keeper_pid, flush=True)
time.sleep(600)
"""


class Said(NamedTuple):
    """What a command came to."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.stdout)


@pytest.fixture(scope="module")
def world() -> Iterator[TenantsWorld]:
    """One department; every test leaves it as it was."""
    with TenantsWorld.start() as started:
        yield started


def run(world: TenantsWorld, *argv: str) -> Said:
    """Run a command of the department as its operator."""
    done = subprocess.run(
        [str(world.folder / "bin" / argv[0]), *argv[1:]],
        env=world.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def look(world: TenantsWorld, *argv: str) -> Any:
    """What a command says with --json, whatever its exit code."""
    said = run(world, *argv, "--json")
    assert said.stdout, said
    return said.json


LOCKOUTS = {
    "policy-dropped": {"missing_policies": ["drafts.drafts_read"]},
    "policy-too-strict": {"changed_policies": ["drafts.drafts_read"]},
    "grant-lost": {
        "missing_grants": [
            "SELECT ON public.drafts TO authenticated",
            "SELECT ON public.subscribers TO authenticated",
        ]
    },
    "too-much-of-ones-own": {"extra_policies": ["subscribers.subscribers_change"]},
}


@pytest.mark.parametrize("fault", LOCKOUTS)
def test_a_lockout_shows_is_no_leak_and_the_release_of_record_heals_it(
    world: TenantsWorld, fault: str
) -> None:
    """The matrix is wrong, nothing is open, the comparison names the cause; a restore leaves nothing else changed."""
    world.break_with(fault)
    seen, compared = look(world, "accessctl", "matrix"), look(world, "accessctl", "compare")
    assert (seen["leaks"], seen["unknown"], seen["wrong"] > 0) == (0, 0, True)
    assert {name: compared[name] for name in LOCKOUTS[fault]} == LOCKOUTS[fault]
    assert not world.judge().is_healthy
    assert look(world, "accessctl", "restore", "--dry-run")["changed"]
    assert not world.judge().recovered
    assert look(world, "accessctl", "restore")["wrong_after"] == 0
    verdict = world.judge()
    assert (verdict.problems, verdict.changed, bool(verdict.recovered)) == ([], [], True)


def test_a_restore_shows_the_policies_that_it_takes_away_as_they_stood(world: TenantsWorld) -> None:
    """A person reads in them whom they let in; a policy that was only missing is none of them."""
    world.break_with("support-flag")
    tried = look(world, "accessctl", "restore", "--dry-run")["removed"]
    assert [each.split(" AS ")[0] for each in tried] == ["CREATE POLICY support ON public.drafts"]
    assert "is_support" in tried[0]
    assert look(world, "accessctl", "restore")["removed"] == tried
    assert look(world, "accessctl", "restore")["removed"] == []


def test_a_missing_claim_locks_out_only_who_comes_with_a_token(world: TenantsWorld) -> None:
    """The rules of the database are right; the hook alone is not enough, the service must start again."""
    world.break_with("claim-missing")
    seen = look(world, "accessctl", "matrix")
    assert (seen["sql"]["wrong"], seen["http"]["locked_out"] > 0) == (0, True)
    assert look(world, "authctl", "token", "check")["has_tenant"] is False
    assert run(world, "authctl", "hook", "enable").exit_code == 0
    assert not world.judge().is_healthy
    assert run(world, "authctl", "restart").exit_code == 0
    verdict = world.judge()
    assert (verdict.problems, verdict.changed) == ([], [])


@pytest.mark.parametrize("fault", ["policy-too-wide", "forgeable-claim", "view-exposed", "definer-function"])
def test_a_hole_is_found_and_fenced_before_anything_else_may_change_access(
    world: TenantsWorld, fault: str
) -> None:
    """While it is open a restore refuses; the fence closes it; an undo does not open it again unless it is told to."""
    world.break_with(fault)
    assert run(world, "accessctl", "leaks").exit_code == 1
    refused = run(world, "accessctl", "restore")
    assert (refused.exit_code, "Close that first" in refused.stderr) == (1, True)
    assert run(world, "accessctl", "fence").exit_code == 0
    verdict = world.judge()
    assert not [each for each in verdict.problems if each.startswith("Rows that are not theirs")]
    assert any(each.startswith("A fence stands") for each in verdict.problems)
    assert run(world, "accessctl", "leaks").exit_code == 0
    kept = run(world, "accessctl", "undo")
    assert (kept.exit_code, "open" in kept.stderr) == (1, True)
    world.rooms.in_database(
        "DROP VIEW IF EXISTS subscriber_list", "DROP FUNCTION IF EXISTS find_subscribers(text)"
    )
    assert run(world, "accessctl", "restore").exit_code == 0
    assert world.judge().problems == []


def test_a_function_with_its_owners_rights_is_named_fenced_and_given_back_by_an_undo_alone(
    world: TenantsWorld,
) -> None:
    """No policy holds it: whoever may call it is a leak over SQL; a trigger's function is none; an undo gives it back."""
    world.break_with("definer-function")
    world.rooms.in_database(
        "CREATE FUNCTION stamped() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN new; END $$"
    )
    try:
        seen = look(world, "accessctl", "leaks")
        assert (seen["exposed"], seen["leaks_sql"]) == (["find_subscribers(text)"], 1)
        assert look(world, "accessctl", "fence")["taken"] == ["find_subscribers(text)"]
        assert look(world, "accessctl", "leaks")["leaks"] == 0
        assert run(world, "accessctl", "undo", "--even-if-it-opens").exit_code == 0
        assert look(world, "accessctl", "leaks")["exposed"] == ["find_subscribers(text)"]
        assert run(world, "accessctl", "undo", "--check").exit_code == 0
    finally:
        world.rooms.in_database("DROP FUNCTION find_subscribers(text)", "DROP FUNCTION stamped()")


def test_a_function_that_the_fence_cannot_take_away_leaves_it_unset(world: TenantsWorld) -> None:
    """It belongs to somebody else: the operator is told, nothing is changed, and nobody believes it closed."""
    world.break_with("definer-function")
    world.rooms.in_database("ALTER FUNCTION find_subscribers(text) OWNER TO CURRENT_USER")
    try:
        refused = run(world, "accessctl", "fence")
        assert refused.exit_code != 0
        assert look(world, "accessctl", "leaks")["exposed"] == ["find_subscribers(text)"]
        assert not any(each.startswith("A fence stands") for each in world.judge().problems)
    finally:
        world.rooms.in_database("DROP FUNCTION find_subscribers(text)")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["ALTER TABLE tenants DISABLE ROW LEVEL SECURITY"], {"rls_off": ["tenants"]}),
        (["CREATE POLICY seen ON tenants USING (true)"], {"extra_policies": ["tenants.seen"]}),
        (
            ["GRANT SELECT ON tenants TO anon"],
            {"extra_grants": ["SELECT ON public.tenants TO anon"]},
        ),
    ],
)
def test_what_is_changed_on_the_list_of_customers_is_named_and_restored(
    world: TenantsWorld, statements: list[str], expected: dict[str, list[str]]
) -> None:
    """Nobody is locked out by it and perhaps nobody sees a row yet; the comparison names it all the same."""
    world.rooms.in_database(*statements)
    compared = look(world, "accessctl", "compare")
    assert {name: compared[name] for name in expected} == expected
    assert look(world, "accessctl", "restore")["wrong_after"] == 0
    assert look(world, "accessctl", "compare")["differs"] == 0
    assert world.judge().problems == []


def test_a_policy_that_ends_in_an_error_hides_no_hole_and_no_cell_is_called_right_for_it(
    world: TenantsWorld,
) -> None:
    """What could not be tried is unknown, the hole is found and fenced, and the release heals both."""
    world.break_with("erring-and-leaking")
    seen = look(world, "accessctl", "leaks")
    assert (seen["leaks"] > 0, seen["unknown"] > 0) == (True, True)
    assert look(world, "accessctl", "fence")["leaks_after"] == 0
    assert any("Locked out: SQL" in each for each in world.judge().problems)
    assert look(world, "accessctl", "restore")["wrong_after"] == 0
    assert world.judge().problems == []


def test_what_a_fence_cannot_hold_is_said_and_changes_nothing(world: TenantsWorld) -> None:
    """Whoever owns a table passes over every policy."""
    world.break_with("clients-own-a-table")
    said = run(world, "accessctl", "fence")
    assert (said.exit_code, "Stop the API" in said.stderr) == (1, True)
    assert [each for each in world.judge().changed if "fence" in each] == []
    world.rooms.in_database("ALTER TABLE drafts OWNER TO rooms_owner")
    assert run(world, "accessctl", "restore").exit_code == 0


def test_edited_sql_is_never_put_in_force_and_does_not_keep_a_hole_open(world: TenantsWorld) -> None:
    """The digest in the register decides about a restore; a fence needs only the contract and its own text."""
    path = world.rooms.layout.policies("0007")
    released = path.read_text("utf-8")
    world.break_with("record-tampered")
    assert look(world, "accessctl", "verify")["match"] is False
    said = run(world, "accessctl", "restore")
    assert (said.exit_code, "not what was released" in said.stderr) == (1, True)
    world.rooms.in_database("CREATE POLICY open ON drafts USING (true)")
    assert run(world, "accessctl", "fence").exit_code == 0
    path.write_text(released, "utf-8")
    assert run(world, "accessctl", "restore").exit_code == 0
    assert world.judge().problems == []


HARM = {
    "a right that only one member lost": (
        f"CREATE POLICY odd ON drafts AS RESTRICTIVE FOR SELECT USING (auth.uid() <> '{people.PEOPLE[4].id}')",
        "DROP POLICY odd ON drafts",
        f"Locked out: SQL, {people.PEOPLE[4].name}, SELECT drafts",
    ),
    "a row that is open to everybody": (
        "CREATE POLICY odd ON members FOR SELECT TO anon USING (true); GRANT SELECT ON members TO anon",
        "DROP POLICY odd ON members; REVOKE SELECT ON members FROM anon",
        "Rows that are not theirs: HTTP, a stranger, GET members",
    ),
    "a write to rows that can't be seen": (
        "CREATE POLICY odd ON drafts FOR DELETE TO authenticated USING (true)",
        "DROP POLICY odd ON drafts",
        "Rows that are not theirs: SQL, watch-newcomer, DELETE drafts",
    ),
    "row level security off on a table for nobody": (
        "ALTER TABLE tenants DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tenants ENABLE ROW LEVEL SECURITY",
        "Row level security of tenants is off",
    ),
}


@pytest.mark.parametrize("what", HARM)
def test_the_oracle_sees_each_harm(world: TenantsWorld, what: str) -> None:
    """One odd policy or setting makes the department unwell, and the problem says who and what."""
    do, undo, words = HARM[what]
    world.break_with("nothing-broken")
    world.rooms.in_database(*do.split("; "))
    try:
        assert any(each.startswith(words) for each in world.judge().problems)
    finally:
        world.rooms.in_database(*undo.split("; "))


def test_the_oracle_names_what_was_touched_without_need(world: TenantsWorld) -> None:
    """A row, a role, the contract, a process; none of them makes anybody unwell."""
    world.break_with("nothing-broken")
    contract = world.rooms.layout.contract
    text = contract.read_text("utf-8")
    world.rooms.in_database("UPDATE drafts SET title = title || '!'", "CREATE ROLE extra")
    contract.write_text(text + "\n", "utf-8")
    world.rooms.restart("api")
    try:
        verdict = world.judge()
        told = " ".join(verdict.changed)
        assert verdict.problems == []
        for words in ("the rows of drafts", "the roles", "access/contract.json", "the process of api"):
            assert words in told
    finally:
        contract.write_text(text, "utf-8")
        world.rooms.in_database("UPDATE drafts SET title = rtrim(title, '!')", "DROP ROLE extra")


@pytest.mark.parametrize(
    ("argv", "exit_code", "words"),
    [
        (("accessctl", "release", "9999", "--by", "me"), 1, "no release 9999"),
        (("accessctl", "restore", "--release", "0008"), 1, "never a release 0008"),
        (("accessctl", "undo", "--sideways"), 2, "unrecognized arguments"),
        (("authctl", "hook"), 2, "required"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(
    world: TenantsWorld, argv: tuple[str, ...], exit_code: int, words: str
) -> None:
    """The exit code tells no from wrong usage; nothing is changed."""
    world.break_with("nothing-broken")
    said = run(world, *argv)
    assert (said.exit_code, words in said.stderr) == (exit_code, True), said
    assert world.judge().changed == []


def test_without_a_database_nobody_can_tell(world: TenantsWorld) -> None:
    """Exit code 3 is neither yes nor no."""
    world.break_with("database-down")
    try:
        for verb in ("leaks", "matrix", "compare"):
            assert run(world, "accessctl", verb).exit_code == 3
        assert look(world, "apictl", "health")["http_status"] == 503
    finally:
        assert run(world, "dbctl", "start").exit_code == 0


def test_no_command_shows_a_token_or_a_password(world: TenantsWorld) -> None:
    """Not the words, not the errors."""
    world.break_with("nothing-broken")
    said = [run(world, "authctl", "token", "check"), run(world, "accessctl", "matrix", "--json")]
    told = " ".join(each.stdout + each.stderr for each in said)
    hidden = [*world.rooms.passwords.values(), world.rooms.databases.auditor, "eyJ"]
    assert not [secret for secret in hidden if secret in told]


def test_nothing_survives_kill_9_of_the_process_that_started_it() -> None:
    """The keeper ends every process and removes the folder."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter.stdout as told:
        folder, keeper = told.readline().split()
    pids = [int(keeper), *children_of(int(keeper))]
    assert len(pids) >= 4
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    is_gone = wait_until(lambda: not Path(folder).exists() and not any(map(is_alive, pids)), PATIENCE_SECONDS)
    assert is_gone


def test_an_unknown_fault_is_refused(world: TenantsWorld) -> None:
    """The message names the faults that there are."""
    with pytest.raises(PracticeError, match="policy-dropped"):
        world.break_with("nonsense")
