"""node-supabase-rls-guard: it finds what is open and what is locked, on a real database, and changes nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keys_practice.tenants.world import TenantsWorld

SLUG = "node-supabase-rls-guard"
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def world() -> Iterator[TenantsWorld]:
    """The letters rooms; each test mends what it broke."""
    with TenantsWorld.start() as started:
        yield started


def asked(world: TenantsWorld, call_key: Call, **more: object) -> Any:
    """The guard, asked as a person would."""
    given = {"contract": world.inputs()["ROOMS_CONTRACT"], "api_url": world.inputs()["ROOMS_API_URL"], **more}
    return call_key(SLUG, environment={"DATABASE": world.secrets()["ROOMS_DATABASE_AUDIT"]}, **given)


def test_where_all_is_well_it_says_so_and_leaves_no_trace(world: TenantsWorld, call_key: Call) -> None:
    """Strangers, newcomers, members and forgers: no cell is wrong; the oracle finds nothing changed; no secret is told."""
    world.break_with("nothing-broken")
    called = asked(world, call_key)
    assert (called.result["wrong"], called.result["tenants"], called.result["cells"] > 100) == (0, 3, True)
    assert world.judge().changed == []
    password = world.secrets()["ROOMS_DATABASE_AUDIT"].split(":")[2].partition("@")[0]
    assert password not in called.stdout + called.stderr


@pytest.mark.parametrize(
    ("statements", "mend", "expected"),
    [
        (
            ["ALTER POLICY drafts_read ON drafts USING (true)"],
            "restore",
            {"leaks": True, "tables": ["drafts"]},
        ),
        (
            ["ALTER POLICY drafts_change ON drafts USING (true)"],
            "restore",
            {"leaks": True, "tables": ["drafts"]},
        ),
        (["REVOKE SELECT ON drafts FROM authenticated"], "restore", {"leaks": False, "tables": ["drafts"]}),
        (
            ["ALTER TABLE subscribers DISABLE ROW LEVEL SECURITY"],
            "restore",
            {"leaks": True, "rls_off": ["subscribers"]},
        ),
        (
            ["CREATE VIEW seen AS SELECT * FROM drafts", "GRANT SELECT ON seen TO anon"],
            "DROP VIEW seen",
            {"leaks": True, "exposed": ["seen"]},
        ),
        (
            [
                (
                    "CREATE FUNCTION seen(part text) RETURNS SETOF drafts LANGUAGE sql SECURITY DEFINER AS"
                    " 'SELECT * FROM drafts'"
                )
            ],
            "DROP FUNCTION seen(text)",
            {"leaks": True, "definer_functions": ["seen(text)"]},
        ),
        (
            ["ALTER TABLE tenants DISABLE ROW LEVEL SECURITY"],
            "restore",
            {"leaks": True, "rls_off": ["tenants"]},
        ),
    ],
)
def test_what_is_open_or_locked_is_named(
    world: TenantsWorld, call_key: Call, statements: list[str], mend: str, expected: dict[str, object]
) -> None:
    """A policy too wide for reading or writing, a lost grant, row level security off, a view or a function of its owner."""
    world.rooms.in_database(*statements)
    try:
        found = asked(world, call_key).result
        assert {**{name: found[name] for name in expected}, "leaks": found["leaks"] > 0} == expected
        assert found["wrong"] > 0
    finally:
        _mend(world, mend)


@pytest.mark.parametrize(("fault", "is_leaking"), [("policy-errs", False), ("erring-and-leaking", True)])
def test_a_table_that_cannot_be_read_is_named_is_never_right_and_hides_no_leak(
    world: TenantsWorld, call_key: Call, fault: str, is_leaking: bool
) -> None:
    """An erring policy ends one cell and not the look; its words, which hold rows, are not told."""
    world.break_with(fault)
    try:
        found = asked(world, call_key).result
        table = "announcements" if is_leaking else "subscribers"
        assert f"SELECT {table} could not be asked: PostgreSQL ended with error 22007" in found["not_read"]
        assert (found["leaks"] > 0, found["unknown"] > 0, found["wrong"] > found["leaks"]) == (
            is_leaking,
            True,
            True,
        )
        assert "could not be asked" in found["answer"] or is_leaking
        assert "@" not in json.dumps(found)
    finally:
        _mend(world, "restore")


def test_functions_that_the_contract_lists_are_meant(
    world: TenantsWorld, call_key: Call, tmp_path: Path
) -> None:
    """A project may give clients a function with its owner's rights on purpose; a trigger's function nobody can call."""
    contract = json.loads(world.rooms.layout.contract.read_text("utf-8"))
    contract["definer_functions"] = ["counted(text,integer)"]
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(contract), "utf-8")
    world.rooms.in_database(
        "CREATE FUNCTION counted(text, integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'",
        "CREATE FUNCTION stamped() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN new; END'",
    )
    try:
        assert asked(world, call_key, contract=path).result["definer_functions"] == []
        assert asked(world, call_key).result["definer_functions"] == ["counted(text,integer)"]
    finally:
        world.rooms.in_database("DROP FUNCTION counted(text, integer)", "DROP FUNCTION stamped()")


def _mend(world: TenantsWorld, how: str) -> None:
    if how != "restore":
        world.rooms.in_database(how)
        return
    world.rooms.command("accessctl", "fence")
    world.rooms.command("accessctl", "restore")


def test_a_role_that_cannot_see_all_is_refused(world: TenantsWorld, call_key: Call) -> None:
    """Silence of a blind guard would look like health."""
    called = call_key(
        SLUG,
        environment={"DATABASE": world.rooms.databases.authenticator},
        contract=world.inputs()["ROOMS_CONTRACT"],
    )
    assert called.exit_code == 1
    assert "does not see all rows" in called.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda contract: contract.pop("members"), "where members stand"),
        (
            lambda contract: contract["tables"].update(nowhere=contract["tables"]["drafts"]),
            "no table nowhere",
        ),
        (lambda contract: contract["tables"]["drafts"]["anon"].update(SELECT="some"), "what anon may do"),
    ],
)
def test_a_contract_that_cannot_be_trusted_is_refused(
    world: TenantsWorld, call_key: Call, tmp_path: Path, change: Callable[[Any], object], words: str
) -> None:
    """Half of a contract would find half of the holes."""
    contract = json.loads(world.rooms.layout.contract.read_text("utf-8"))
    change(contract)
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(contract), "utf-8")
    called = asked(world, call_key, contract=path)
    assert (called.exit_code, words in called.stderr) == (1, True)
