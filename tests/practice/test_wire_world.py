"""The selling department: faults show, recoveries heal, the oracle sees harm, and everything ends."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from keys_practice.errors import PracticeError
from keys_practice.layout import Layout
from keys_practice.processes import children_of, is_alive, wait_until
from keys_practice.wire.calling import call
from keys_practice.wire.commands import usersctl
from keys_practice.wire.company import Company
from keys_practice.wire.dependencies import dependencies
from keys_practice.wire.layout import PAYMENTS, layout_of
from keys_practice.wire.world import WireWorld

PATIENCE_SECONDS = 15
EARLY = "ord_000003"
STARTER = """
import sys, time
from keys_practice.wire.world import WireWorld
world = WireWorld.start()
print(world.folder, world.keeper_pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def sold() -> Iterator[WireWorld]:
    """One department for every test that leaves it as it was."""
    with WireWorld.start() as started:
        started.break_with("nothing-broken")
        yield started


def said(world: WireWorld, *argv: str) -> tuple[int, Any]:
    """Exit code and JSON of one command."""
    done = subprocess.run(
        [str(world.folder / "bin" / argv[0]), *argv[1:], "--json"],
        env=world.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None


@contextmanager
def wire(world: WireWorld, fault: str) -> Iterator[None]:
    """The line to the payment provider does this wrong for a while."""
    world.company.put_into_wire(PAYMENTS, fault)
    try:
        yield
    finally:
        world.company.put_into_wire(PAYMENTS, "none")


@pytest.mark.parametrize(
    ("fault", "kind", "least"),
    [
        ("refused", "refused", 10),
        ("black-hole", "timed_out", 10),
        ("slow", "slow", 10),
        ("resets", "reset", 1),
        ("tls-expired", "tls_failed", 10),
        ("rate-limited", "rate_limited", 8),
        ("wrong-values", "bad_checksum", 10),
    ],
)
def test_each_fault_of_the_wire_is_seen_by_its_own_name(
    sold: WireWorld, fault: str, kind: str, least: int
) -> None:
    """A probe past the breaker says refused, timed_out and so on, and the service's users are not asked."""
    with wire(sold, fault):
        exit_code, found = said(sold, "depctl", "probe", PAYMENTS)
    assert (exit_code, found["is_well"]) == (1, False)
    assert found[kind] >= least, found


def test_a_name_that_is_not_found_is_not_called_a_reset(sold: WireWorld) -> None:
    """The connection was never begun, so nothing was sent either."""
    known = next(each for each in dependencies(sold.company.layout).values() if each.name == PAYMENTS)
    heard = call(known._replace(url="https://payments.larkspur.invalid:443"), "GET", "/v1/known-answer")
    assert ("unresolved", False) == (heard.how, heard.is_sent)


def test_wrong_answers_with_a_fitting_checksum_are_told_by_the_known_answer(sold: WireWorld) -> None:
    """The dependency itself is wrong: only what must come back tells."""
    sold.company.set_flaws(PAYMENTS, "wrong")
    try:
        _, found = said(sold, "depctl", "probe", PAYMENTS)
    finally:
        sold.company.set_flaws(PAYMENTS)
    assert (found["bad_checksum"], found["wrong_value"]) == (0, 10)


def test_a_recovery_leaves_no_order_lost_or_doubled_and_the_oracle_says_so() -> None:
    """Resets after the charge, fallback, open breaker, provider back, five by name, two drains at once: each charged once."""
    with WireWorld.start() as world:
        world.break_with("resets")
        assert any("Users get" in words for words in world.judge(0).problems)
        world.company.command("featurectl", "on", PAYMENTS)
        world.company.command("breakerctl", "open", PAYMENTS)
        world.company.await_answers(8, 202)
        world.company.put_into_wire(PAYMENTS, "none")
        world.company.command("breakerctl", "auto", PAYMENTS)
        assert said(world, "breakerctl", "settle", PAYMENTS)[0] == 0
        named = world.company.command("ordersctl", "first", PAYMENTS, "--orders", "5").strip()
        assert said(world, "ordersctl", "waiting", PAYMENTS, "--of", named)[1]["waiting"] == 5
        code, drained = said(world, "ordersctl", "drain", PAYMENTS, "--of", named)
        assert (0, 5, 0) == (code, drained["found"], drained["left"])
        assert said(world, "ordersctl", "waiting", PAYMENTS, "--of", "")[1]["waiting"] == 0
        drains = [
            subprocess.Popen([world.folder / "bin" / "ordersctl", "drain", PAYMENTS, "--per-second", "50"])
            for _ in range(2)
        ]
        assert [each.wait(4 * PATIENCE_SECONDS) for each in drains] == [0, 0]
        world.company.command("featurectl", "off", PAYMENTS)
        assert said(world, "ordersctl", "compare", PAYMENTS)[0] == 0
        verdict = world.judge()
        assert [each for each in verdict.problems if "line" not in each] == []
        assert [each for each in verdict.changed if not each.startswith("the line to payments")] == []
        assert len(verdict.recovered) == 2


def test_a_charge_of_an_order_that_nobody_placed_is_found_and_one_of_ours_alone_is_none() -> None:
    """Made on the provider's own page, or by a program that lost its row: our records alone never show it."""
    with WireWorld.start() as world:
        world.break_with("nothing-broken")
        assert said(world, "ordersctl", "compare", PAYMENTS)[1]["unnoted"] == 0
        world.company.charge_on_their_page("never-ordered", 4200)
        code, found = said(world, "ordersctl", "compare", PAYMENTS)
        assert (code, found["unnoted"], found["not_once"], found["ids"]) == (1, 1, 1, ["never-ordered"])


def test_an_empty_answer_while_draining_is_told_and_the_order_still_waits() -> None:
    """Status 200 with nothing in it says neither done nor not done: the drain stops, nothing is noted, and it can go on."""
    with WireWorld.start() as world:
        world.break_with("breaker-left-open")
        world.company.command("breakerctl", "auto", PAYMENTS)
        with wire(world, "empty"):
            drained = said(world, "ordersctl", "drain", PAYMENTS)[1]
        assert (drained["failed"], drained["why"]) == (1, "it answered 200 without saying what it did")
        assert drained["left"] > 0
        world.company.command("featurectl", "off", PAYMENTS)
        assert said(world, "breakerctl", "settle", PAYMENTS)[0] == 0
        assert said(world, "ordersctl", "drain", PAYMENTS)[1]["left"] == 0


def test_cancelled_orders_are_those_of_the_last_hours_with_their_time(sold: WireWorld) -> None:
    """Those of another incident would be written to again."""
    rows = [("now", "0 hours"), ("last-week", "7 days")]
    with psycopg.connect(sold.company.databases.superuser) as connection:
        for name, age in rows:
            connection.execute(
                "INSERT INTO orders (id, amount_cents, postcode, state) VALUES (%s, 1, '1', 'cancelled')",
                (name,),
            )
            connection.execute(
                "INSERT INTO deferred VALUES (%s, 'payments', false, 'cancelled', now(), now() - %s::interval)",
                (name, age),
            )
    try:
        code, found = said(sold, "ordersctl", "cancelled", "--hours", "4")
        assert (code, [each["id"] for each in found["orders"]]) == (0, ["now"])
        assert found["orders"][0]["cancelled_at"].endswith("+00:00")
        assert len(said(sold, "ordersctl", "cancelled", "--hours", "200")[1]["orders"]) == 2
    finally:
        with psycopg.connect(sold.company.databases.superuser) as connection:
            connection.execute("DELETE FROM deferred WHERE order_id IN ('now', 'last-week')")
            connection.execute("DELETE FROM orders WHERE id IN ('now', 'last-week')")


def test_a_contained_outage_is_the_best_that_the_dependency_allows() -> None:
    """With fallback and breaker set, only the dependency itself stays on the list of problems."""
    with WireWorld.start() as world:
        world.break_with("rate-limited")
        world.company.command("featurectl", "on", PAYMENTS)
        world.company.command("breakerctl", "open", PAYMENTS)
        world.company.await_answers(8, 202)
        verdict = world.judge()
    assert verdict.problems == ["The dependency payments is not well: rate-limited."]
    assert verdict.changed == []


def sql(statement: str) -> Callable[[Company], None]:
    """A tampering in the database as its superuser."""

    def tamper(company: Company) -> None:
        with psycopg.connect(company.databases.superuser, autocommit=True) as connection:
            connection.execute(statement)

    return tamper


def books(statement: str) -> Callable[[Company], None]:
    """A tampering in the payment provider's own books."""

    def tamper(company: Company) -> None:
        connection = sqlite3.connect(company.layout.ledger(PAYMENTS), timeout=10)
        connection.execute(statement)
        connection.commit()
        connection.close()

    return tamper


def run(*lines: str) -> Callable[[Company], None]:
    """What a person did with the department's commands."""

    def tamper(company: Company) -> None:
        for line in lines:
            company.command(*line.split())

    return tamper


HARM = {
    "an order lost": (
        sql(f"UPDATE orders SET state = 'refused' WHERE id = '{EARLY}'"),
        sql(f"UPDATE orders SET state = 'paid' WHERE id = '{EARLY}'"),
        "Orders that customers have and we do not",
    ),
    "a charge doubled": (
        books(
            f"INSERT INTO done SELECT 'op_twice', 'k', order_id, value, at FROM done WHERE order_id = '{EARLY}'"
        ),
        books("DELETE FROM done WHERE id = 'op_twice'"),
        "Orders charged more than once",
    ),
    "a wrong amount noted": (
        sql(f"UPDATE orders SET charged_cents = charged_cents + 1 WHERE id = '{EARLY}'"),
        sql(f"UPDATE orders SET charged_cents = charged_cents - 1 WHERE id = '{EARLY}'"),
        "Orders charged wrongly, or noted wrongly",
    ),
    "a charge never made": (
        books(f"UPDATE done SET order_id = 'x{EARLY}' WHERE order_id = '{EARLY}'"),
        books(f"UPDATE done SET order_id = '{EARLY}' WHERE order_id = 'x{EARLY}'"),
        "Orders paid that were never charged",
    ),
    "an order left waiting": (
        sql(f"INSERT INTO deferred VALUES ('{EARLY}', 'payments', true)"),
        sql(f"DELETE FROM deferred WHERE order_id = '{EARLY}'"),
        "Orders that still wait",
    ),
    "a wrong zone": (
        sql(f"UPDATE orders SET zone = zone + 1 WHERE id = '{EARLY}'"),
        sql(f"UPDATE orders SET zone = zone - 1 WHERE id = '{EARLY}'"),
        "Orders with a wrong delivery zone",
    ),
    "a breaker left open": (
        run("breakerctl open addresses"),
        run("breakerctl auto addresses", "breakerctl settle addresses"),
        "The breaker of addresses is open",
    ),
}


@pytest.mark.parametrize("harm", HARM)
def test_the_oracle_sees_each_kind_of_harm(sold: WireWorld, harm: str) -> None:
    """Each is done behind the commands' back, and is gone when it is taken back."""
    do, undo, words = HARM[harm]
    do(sold.company)
    try:
        problems = sold.judge(0).problems
    finally:
        undo(sold.company)
    assert any(each.startswith(words) for each in problems), problems


def test_what_was_touched_without_need_is_named(sold: WireWorld) -> None:
    """A breaker that was opened and closed again has changed, although it stands as before."""
    sold.company.command("breakerctl", "open", PAYMENTS)
    sold.company.command("breakerctl", "auto", PAYMENTS)
    sold.company.command("breakerctl", "settle", PAYMENTS)
    assert any("the breaker payments was auto after 0 changes" in each for each in sold.judge(0).changed)


def test_commands_keep_their_exit_codes(sold: WireWorld) -> None:
    """0 yes, 1 no, 2 wrong usage, 3 could not find out."""
    assert said(sold, "usersctl", "served", "--last", "1")[0] in (0, 1)
    assert said(sold, "depctl", "probe", "nobody")[0] == 1
    assert said(sold, "breakerctl", "status")[0] == 2
    hidden = sold.company.layout.dependencies_file.with_suffix(".away")
    sold.company.layout.dependencies_file.rename(hidden)
    try:
        assert said(sold, "depctl", "probe", PAYMENTS)[0] == 3
    finally:
        hidden.rename(sold.company.layout.dependencies_file)


def test_who_tries_again_after_a_crash_still_counts_as_crashed(tmp_path: Path) -> None:
    """The service says 409, known already; only where nothing crashed does that mean that somebody works on it."""
    layout = Layout(tmp_path)
    got = [("a", 500), ("a", 409), ("b", 409), ("a", 409), ("c", 201)]
    lines = [{"order": order, "status": status, "ms": 5, "at": 1.0} for order, status in got]
    layout_of(layout).answers.parent.mkdir()
    layout_of(layout).answers.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    counted = usersctl.summary(layout, Namespace(answers=4)).content
    assert (counted["answers"], counted["crashed"], counted["paid"]) == (4, 2, 1)


def test_an_unknown_fault_is_refused_by_name(sold: WireWorld) -> None:
    """Nothing is broken by a typing mistake."""
    with pytest.raises(PracticeError, match="There is no fault 'refusd'"):
        sold.break_with("refusd")


def test_nothing_survives_kill_9_of_the_process_that_started_it() -> None:
    """The keeper sees its pipe end, ends every process and removes the folder."""
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        folder, keeper = starter.stdout.readline().split()
        pids = [int(keeper), *children_of(int(keeper))]
        assert len(pids) >= 7
        os.kill(starter.pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, pids)) and not Path(folder).exists(), PATIENCE_SECONDS)
