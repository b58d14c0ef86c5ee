"""Each event counts once, however often and in whatever order it arrives."""

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from keys_practice import http_client, stripe_state
from keys_practice.endpoints import OUR_EVENTS
from keys_practice.layout import read_env
from keys_practice.signature import sign
from keys_practice.snapshot import SECRET
from keys_practice.world import World

TIMES = 6
AT_ONCE = 8


def send(world: World, event: dict[str, object]) -> int:
    """Deliver an event as Stripe would; the HTTP status."""
    body = json.dumps(event).encode()
    secret = read_env(world.company.layout.env_file)[SECRET]
    headers = {"Stripe-Signature": sign(secret, body, int(time.time()))}
    return http_client.call("POST", f"{world.inputs()['APP_URL']}/webhooks/stripe", body, headers, 30).status


@pytest.fixture
def held_back(world: World) -> list[dict[str, object]]:
    """Events that happened and that Stripe delivers by itself to nobody."""
    stripe, ours = world.company.stripe, world.company.endpoint_id
    stripe.post(f"/{ours}", disabled=True)
    happened = world.company.let_happen(12)
    stripe.post(f"/{ours}", disabled=False)
    return [
        event for event in stripe_state.events_of(world.company.layout, OUR_EVENTS) if event["id"] in happened
    ]


def test_an_event_that_arrives_many_times_at_once_counts_once(
    world: World, held_back: list[dict[str, object]]
) -> None:
    """Twelve events, six times each, eight at a time, shuffled: all answers are 200 and every row is right."""
    assert not world.judge(settle_seconds=0.1).is_healthy
    copies = held_back * TIMES
    random.Random(3).shuffle(copies)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = Counter(pool.map(lambda event: send(world, event), copies))
    assert statuses == {200: len(copies)}
    assert world.judge().problems == []


def test_events_in_reverse_order_come_to_the_same_rows(
    world: World, held_back: list[dict[str, object]]
) -> None:
    """A late update does not undo a newer one, and a payment may come before its subscription."""
    assert [send(world, event) for event in reversed(held_back)] == [200] * len(held_back)
    assert world.judge().problems == []


def test_an_event_that_fails_half_way_leaves_nothing_behind(
    world: World, held_back: list[dict[str, object]]
) -> None:
    """The note that it was applied and the change itself are one transaction."""
    event = held_back[0]
    broken = {
        **event,
        "data": {"object": {"object": "subscription"}},
        "type": "customer.subscription.updated",
    }
    assert send(world, broken) == 500
    with psycopg.connect(world.company.databases.reader) as connection:
        query = "SELECT count(*) FROM processed_events WHERE event_id = %s"
        assert connection.execute(query, (event["id"],)).fetchone() == (0,)
    for each in held_back:
        assert send(world, each) == 200
    assert world.judge().problems == []


def test_a_signed_body_that_is_no_event_is_refused(world: World) -> None:
    """It is answered with 400 and changes nothing."""
    secret = read_env(world.company.layout.env_file)[SECRET]
    for body in (b"", b"[]", b'"evt"', b"\xff", b"{}"):
        headers = {"Stripe-Signature": sign(secret, body, int(time.time()))}
        url = f"{world.inputs()['APP_URL']}/webhooks/stripe"
        assert http_client.call("POST", url, body, headers).status in (400, 413)
    assert world.judge().problems == []
