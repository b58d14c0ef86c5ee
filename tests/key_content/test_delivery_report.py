"""The delivery report from exports of Stripe's side."""

import json
from pathlib import Path
from typing import Any

import deliveries
import delivery_answer
import delivery_pictures
import pytest


def event(number: int, state: str = "delivered", **fields: Any) -> dict[str, Any]:
    """One entry as stripectl prints it; delivered ones took `number` seconds."""
    known = {
        "id": f"evt_{number:05d}",
        "type": "invoice.paid",
        "created_at": "2026-01-31T03:00:00+00:00",
        "state": state,
        "attempts": 0 if state == "pending" else 1,
        "last_status": 200 if state == "delivered" else 500,
        "last_attempt_at": f"2026-01-31T03:{number // 60:02d}:{number % 60:02d}+00:00",
    }
    return known | fields


def reported(
    tmp_path: Path, events: Any, endpoint: Any = None, as_of_ms: int | None = None
) -> dict[str, Any]:
    """The report for these entries."""
    (tmp_path / "events.json").write_text(
        events if isinstance(events, str) else json.dumps({"events": events})
    )
    (tmp_path / "endpoint.json").write_text(json.dumps(endpoint or {}))
    facts = deliveries.endpoint_facts(str(tmp_path / "endpoint.json") if endpoint else "")
    return delivery_answer.result(deliveries.count(tmp_path / "events.json"), facts, as_of_ms)


def test_every_state_is_counted_and_what_waits_is_named(tmp_path: Path) -> None:
    """Delivered, failing, never tried, under way; the last three are not delivered."""
    events = [event(1), event(2, "failed"), event(3, "pending", last_attempt_at=None), event(4, "sending")]
    found = reported(tmp_path, events)
    assert [found[name] for name in ("delivered", "failing", "pending", "sending")] == [1, 1, 1, 1]
    assert found["never_delivered_events"] == ["evt_00002", "evt_00003", "evt_00004"]
    assert found["delivered_share"] == 0.25
    assert found["attempts"] == 3


def test_times_to_delivery_are_right_within_three_percent(tmp_path: Path) -> None:
    """One to a thousand seconds: the median is 500, nine of ten within 900, the slowest exact."""
    found = reported(tmp_path, [event(number) for number in range(1, 1001)])
    assert found["time_to_delivery_p50_seconds"] == pytest.approx(500, rel=0.03)
    assert found["time_to_delivery_p90_seconds"] == pytest.approx(900, rel=0.03)
    assert found["time_to_delivery_p99_seconds"] == pytest.approx(990, rel=0.03)
    assert found["time_to_delivery_max_seconds"] == 1000


def test_a_disabled_endpoint_is_said_in_the_answer(tmp_path: Path) -> None:
    """With since when; without an endpoint's export nothing is claimed."""
    endpoint = {"status": "disabled", "disabled_at": "2026-01-31T03:10:00+00:00", "failing_for_days": 3.5}
    found = reported(tmp_path, [event(1, "failed")], endpoint)
    assert "disabled the endpoint since 2026-01-31 03:10 UTC" in found["answer"]
    assert reported(tmp_path, [event(1)])["endpoint_status"] is None


def test_waiting_is_measured_at_the_moment_of_the_export(tmp_path: Path) -> None:
    """Two hours after the event, whatever the clock says today."""
    found = reported(tmp_path, [event(1, "failed")], as_of_ms=1769828400000 + 7_200_000)
    assert (found["longest_waiting_seconds"], found["oldest_waiting_at"]) == (
        7200,
        "2026-01-31T03:00:00+00:00",
    )
    assert "2 h" in found["answer"]


def test_a_list_of_stripes_api_is_read(tmp_path: Path) -> None:
    """pending_webhooks says whether an endpoint still waits."""
    page = {
        "object": "list",
        "data": [
            {"id": "evt_1", "created": 1769828400, "type": "a.b", "pending_webhooks": n} for n in (0, 1)
        ],
    }
    found = reported(tmp_path, json.dumps(page))
    assert (found["delivered"], found["failing"]) == (1, 1)


def test_no_event_is_not_the_same_as_nothing_to_deliver(tmp_path: Path) -> None:
    """An empty list has no share; an empty file is refused."""
    assert reported(tmp_path, [])["delivered_share"] is None
    with pytest.raises(ValueError, match="empty"):
        reported(tmp_path, "\n")


def test_strange_entries_are_left_out_and_counted(tmp_path: Path) -> None:
    """Unknown states, no date, no object; hostile types stay text."""
    entries = [
        event(1),
        event(2, "exploded"),
        event(3, created_at="yesterday"),
        7,
        None,
        event(4, "failed", type="<script>" * 99),
    ]
    found = reported(tmp_path, entries)
    assert (found["events"], found["entries_left_out"]) == (2, 4)
    assert len(found["never_delivered_types"][0]["type"]) == 80


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    """A hundred thousand events over years: bounded buckets, a thousand ids, every event counted."""
    lines = (
        json.dumps(event(5, "failed") | {"created": 10**9 + n * 3600, "created_at": None, "id": f"evt_{n}"})
        for n in range(50_000)
    )
    (tmp_path / "events.json").write_text(
        "\n".join(line.replace('"created_at": null, ', "") for line in lines)
    )
    tally = deliveries.count(tmp_path / "events.json")
    assert len(tally.buckets) <= deliveries.MOST_BUCKETS
    assert (tally.events, len(tally.never)) == (50_000, 1000)


def test_pictures_can_be_drawn_of_nothing_of_one_and_of_hostile_words(tmp_path: Path) -> None:
    """Mathematics in a type is text; every picture is a PNG."""
    for events in ([], [event(0)], [event(n, "failed", type=r"$\frac{a}{$\x1b[2J") for n in range(3)]):
        found = reported(tmp_path, events)
        tally = deliveries.count(tmp_path / "events.json")
        pictures = (
            delivery_pictures.answer(found),
            delivery_pictures.over_time(tally),
            delivery_pictures.time_to_delivery(tally),
        )
        assert all(picture._repr_png_().startswith(b"\x89PNG") for picture in pictures)
