"""The three KEYS of reconciliation: what differs, since when, and how it is made right."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[2] / "library"
COMPARISON = LIBRARY / "jupyter" / "jupyter-stripe-subscription-reconciliation"
DRIFT = LIBRARY / "jupyter" / "jupyter-data-drift-analysis"
CORRECTION = LIBRARY / "node" / "node-background-reconciliation"
for folder in (COMPARISON, DRIFT):
    sys.path.append(str(folder))

import differing_records  # noqa: E402
import drift_answer  # noqa: E402
import reconciliation_answer  # noqa: E402
import writing_log  # noqa: E402

Call = Callable[..., Any]
Row = dict[str, Any]
SECOND = 1000


def invoice(key: str, **fields: Any) -> Row:
    """An invoice; every one is alike but for its id and what the test says."""
    return {"id": key, "customer": "cus", "amount_cents": 500, "currency": "eur", **fields}


def subscription(key: str, **fields: Any) -> Row:
    """A subscription."""
    return {
        "id": key,
        "customer": "cus",
        "status": "active",
        "plan": "weekly",
        "paid_total_cents": 0,
        **fields,
    }


def side(invoices: list[Row], subscriptions: list[Row] | None = None) -> dict[str, Any]:
    """One side of a comparison."""
    return {"invoices": invoices, "subscriptions": subscriptions or []}


@pytest.mark.parametrize(
    ("held", "must_be", "kind"),
    [
        (side([]), side([invoice("in_1")]), "missing_here"),
        (side([invoice("in_x", customer="x")]), side([]), "orphaned"),
        (side([invoice("in_1"), invoice("copy")]), side([invoice("in_1")]), "duplicated"),
        (
            side([], [subscription("s", status="ended", plan="x")]),
            side([], [subscription("s")]),
            "status_differs",
        ),
        (side([invoice("in_1", amount_cents=5)]), side([invoice("in_1")]), "amount_differs"),
        (side([invoice("in_1", currency="usd")]), side([invoice("in_1")]), "details_differ"),
    ],
)
def test_each_way_to_differ_is_named(held: dict[str, Any], must_be: dict[str, Any], kind: str) -> None:
    """One record, one kind: the first that fits."""
    assert [kind] == [each.kind for each in differing_records.differences(held, must_be)]
    assert [] == differing_records.differences(must_be, must_be)


def test_a_column_that_was_added_is_no_difference() -> None:
    """Only what Stripe's events tell is compared, for a copy too, and in both languages alike."""
    held = side(
        [
            invoice("in_1", region="PT"),
            invoice("copy", region="PT"),
            invoice("in_2", currency="usd", region=None),
        ]
    )
    must_be = side([invoice("in_1"), invoice("in_2")])
    expected = [("copy", "duplicated"), ("in_2", "details_differ")]
    assert expected == [(each.key, each.kind) for each in differing_records.differences(held, must_be)]
    changes = in_node(f"d.differences({json.dumps(held)}, {json.dumps(must_be)})")
    assert expected == [(each["id"], each["kind"]) for each in changes]


@pytest.mark.parametrize(
    ("held", "must_be", "oldest", "older"),
    [
        ([invoice("in_x", paid_at=9)], [], 10, 1),
        ([invoice("in_x", paid_at=10)], [], 10, 0),
        ([invoice("in_x", paid_at=9)], [], None, 1),
        ([invoice("in_x")], [], 10, 1),
        ([invoice("in_1", paid_at=9)], [invoice("in_1", paid_at=20)], 10, 1),
        ([invoice("in_1", paid_at=9, currency="usd")], [invoice("in_1", paid_at=9)], 10, 0),
        ([], [invoice("in_1", paid_at=20)], 10, 0),
    ],
)
def test_records_that_stripe_may_have_forgotten_are_counted(
    held: list[Row], must_be: list[Row], oldest: int | None, older: int
) -> None:
    """Older than the oldest event, or of no known time; what is of the same event on both sides is not forgotten.

    The correction, which leaves them alone, counts as the notebook does.
    """
    found = differing_records.differences(side(held), side(must_be))
    assert older == reconciliation_answer.result(found, 1, 0, oldest)["older_than_events"]
    changes = f"d.differences({json.dumps(side(held))}, {json.dumps(side(must_be))})"
    assert older == in_node(f"{changes}.filter((each) => d.isOlder(each, {json.dumps(oldest)})).length")


def drifted(wrong: set[str], times: dict[str, int], released_s: int, now_s: int = 100) -> dict[str, Any]:
    """The answer where these invoices are wrong and were written at these seconds."""
    held = side([invoice(key, amount_cents=5 if key in wrong else 500) for key in times])
    found = differing_records.differences(held, side([invoice(key) for key in times]))
    release = writing_log.Release("r2", released_s * SECOND)
    return drift_answer.result(
        found, {key: at * SECOND for key, at in times.items()}, release, now_s * SECOND, 24
    )


def test_a_release_that_wrote_all_that_differs_is_suspected() -> None:
    """What ran before wrote right records, and one factor explains the amounts."""
    found = drifted({"c", "d"}, {"a": 1, "b": 2, "c": 11, "d": 12}, released_s=10)
    assert found["newest_release_suspected"] is True
    assert (2, 2, 2, 0) == tuple(
        found[name]
        for name in (
            "written_since_release",
            "differ_since_release",
            "written_before_release",
            "differ_before_release",
        )
    )
    assert 0.01 == found["amount_factor"]


@pytest.mark.parametrize(
    ("wrong", "released_s", "now_s"),
    [
        ({"a", "c"}, 10, 100),  # one of them was wrong before
        ({"c"}, 10, 10 + 86_500),  # the release is older than a day
        (set(), 10, 100),
        ({"c"}, 50, 100),  # the release came after all of it
    ],
)
def test_a_release_that_does_not_explain_it_is_not_suspected(
    wrong: set[str], released_s: int, now_s: int
) -> None:
    """Rolling back an innocent release helps nobody."""
    found = drifted(wrong, {"a": 1, "b": 2, "c": 11, "d": 12}, released_s, now_s)
    assert found["newest_release_suspected"] is False


def test_a_rollback_is_never_suspected() -> None:
    """Suspecting it would bring the bad release back, while the records of both times are still wrong."""
    history = [
        {"deployed_at": "2026-01-31T03:00:00+00:00", "action": "rollback", "release": "r41"},
        {"deployed_at": "2026-01-31T02:00:00+00:00", "action": "deploy", "release": "r47"},
    ]
    release = writing_log.newest_release(history)
    assert (release and (release.name, release.is_rollback)) == ("r41", True)
    times = {"a": 0, "b": (release.at_ms if release else 0) + 1}
    found = differing_records.differences(
        side([invoice("a"), invoice("b", amount_cents=5)]), side([invoice("a"), invoice("b")])
    )
    told = drift_answer.result(found, times, release, times["b"], 24)
    assert (1, False) == (told["differ_since_release"], told["newest_release_suspected"])


def test_only_lines_that_say_so_are_writings(tmp_path: Path) -> None:
    """Refused events wrote nothing; an event that came again counts with its newest line."""
    log = tmp_path / "app.log"
    log.write_text(
        "2026-01-31T03:00:00.000Z INFO evt_1 invoice.paid applied 200\n"
        "2026-01-31T03:00:09.000Z INFO evt_1 invoice.paid duplicate 200\n"
        "2026-01-31T03:00:10.000Z ERROR evt_2 invoice.paid not applied, database: gone 503\n"
        "evt_3 invoice.paid applied 200\n"
    )
    times = writing_log.event_times(log)
    assert ["evt_1"] == list(times)
    assert {"in_1": times["evt_1"]} == writing_log.record_times(
        {"in_1": ["evt_1", "evt_2"], "in_2": ["evt_2"]}, times
    )


@pytest.mark.parametrize(
    "name", ["differing_records.py", "company_desk.py", "instants.py", "picture_style.py"]
)
def test_what_two_notebooks_share_is_the_same(name: str) -> None:
    """Copies that drift apart would be two ways to compare."""
    assert (COMPARISON / name).read_bytes() == (DRIFT / name).read_bytes()


@pytest.mark.parametrize("folder", [COMPARISON, DRIFT, CORRECTION], ids=lambda folder: folder.name)
def test_the_example_gives_its_result(folder: Path, call_key: Call) -> None:
    """The call that the page names, on the files beside it."""
    arguments = json.loads((folder / "examples" / "call.json").read_text())
    paths = {
        name: str(folder / value) if str(value).startswith("examples/") else value
        for name, value in arguments.items()
    }
    options = ["--dry-run"] if folder == CORRECTION else []
    assert (
        json.loads((folder / "examples" / "result.json").read_text())
        == call_key(folder.name, *options, **paths).result
    )


def in_node(code: str) -> Any:
    """What an expression over the KEY's own module comes to."""
    script = f"import * as d from '{CORRECTION / 'differences.mjs'}'; console.log(JSON.stringify({code}));"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script], capture_output=True, text=True, timeout=30, check=True
    )
    return json.loads(done.stdout)


def test_the_correction_compares_as_the_notebook_does() -> None:
    """Two languages, one answer: what the notebook names is what the correction would change."""
    held, ledger = (
        json.loads((CORRECTION / "examples" / f"{name}.json").read_text()) for name in ("records", "ledger")
    )
    changes = in_node(f"d.differences({json.dumps(held)}, {json.dumps(ledger)})")
    assert [(each["table"], each["id"], each["kind"]) for each in changes] == [
        (each.table, each.key, each.kind) for each in differing_records.differences(held, ledger)
    ]


def test_half_an_export_is_refused(tmp_path: Path, call_key: Call) -> None:
    """A table that is not there would look like agreement, or like a thousand missing records."""
    (tmp_path / "records.json").write_text('{"invoices": []}')
    called = call_key(
        CORRECTION.name,
        "--dry-run",
        run="rec-1",
        endpoint="we_1",
        records=str(tmp_path / "records.json"),
        ledger=str(CORRECTION / "examples" / "ledger.json"),
    )
    assert called.exit_code != 0
    assert "Nothing was changed" in called.stderr
