"""How the local Stripe delivers, against an endpoint that answers as the test wishes."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from held_clock import HeldClock

from keys_practice.processes import wait_until
from keys_practice.signature import verify
from keys_practice.stripe.clock import DAY, HOUR, MINUTE, WorldClock
from keys_practice.stripe.courier import Courier
from keys_practice.stripe.store import Endpoint, Event, Store

SECRET = "whsec_courier"


class Receiver:
    """A real HTTP endpoint. It answers `status` and keeps what it got: body, signature header, moment."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[bytes, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((body, self.headers["Stripe-Signature"]))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
                """Stay silent."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Post:
    """A store, a courier at work, and the clock they live by (world seconds are its seconds)."""

    def __init__(self, folder: Path, url: str) -> None:
        self.time = HeldClock(0.0)
        self.store = Store(folder / "stripe.db")
        self.store.add_endpoint(Endpoint("we_1", url, SECRET, "enabled", "payments", ["invoice.paid"]))
        self.courier = Courier(self.store, WorldClock(1, monotonic=self.time))
        threading.Thread(target=self.courier.run, daemon=True).start()

    def happen(self, name: str, kind: str = "invoice.paid") -> Event:
        """Let an event happen."""
        event = Event(name, kind, 1, f'{{"id": "{name}"}}')
        self.courier.announce(event)
        return event

    def pass_time(self, seconds: float) -> None:
        """Move the clock."""
        self.time.seconds += seconds
        self.courier.wake()

    def delivery(self, name: str) -> tuple[str, int, float | None]:
        """State, attempts and next attempt of an event."""
        (row,) = self.store.rows(
            "SELECT state, attempts, next_attempt FROM deliveries WHERE event_id = ?", name
        )
        return row["state"], row["attempts"], row["next_attempt"]

    def becomes(self, is_true: Callable[[], bool]) -> None:
        """Wait for what the courier does in its threads."""
        assert wait_until(is_true, 5, pause=0.005)

    def endpoint(self) -> Endpoint:
        """The endpoint as it stands."""
        found = self.store.endpoint("we_1")
        assert found is not None
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An endpoint that listens."""
    listening = Receiver()
    yield listening
    listening.close()


@pytest.fixture
def post(tmp_path: Path, receiver: Receiver) -> Post:
    """A courier that delivers to the receiver."""
    return Post(tmp_path, receiver.url)


def test_an_event_is_delivered_signed_at_once(post: Post, receiver: Receiver) -> None:
    """The body arrives byte for byte and its signature verifies with the endpoint's secret, at the present time."""
    event = post.happen("evt_1")
    post.becomes(lambda: post.delivery("evt_1") == ("delivered", 1, None))
    ((body, header),) = receiver.got
    assert body == event.body.encode()
    (attempt,) = post.store.attempts("we_1")
    verify(SECRET, body, header, attempt["attempted_at"])
    assert attempt["status"] == 200


def test_an_endpoint_gets_only_the_types_it_wants(post: Post, receiver: Receiver) -> None:
    """Other events are kept by Stripe and delivered to nobody."""
    post.happen("evt_other", "customer.created")
    post.happen("evt_1")
    post.becomes(lambda: post.delivery("evt_1")[0] == "delivered")
    assert [body for body, _ in receiver.got] == [b'{"id": "evt_1"}']
    assert post.store.event("evt_other") is not None


def test_a_refused_event_is_tried_again_after_half_an_hour_and_not_before(
    post: Post, receiver: Receiver
) -> None:
    """The retry carries a new timestamp and signature of its own."""
    receiver.status = 500
    post.happen("evt_1")
    post.becomes(lambda: post.delivery("evt_1") == ("failed", 1, 30 * MINUTE))
    post.pass_time(30 * MINUTE - 1)
    receiver.status = 200
    post.happen("evt_2")
    post.becomes(lambda: post.delivery("evt_2")[0] == "delivered")
    assert post.delivery("evt_1") == ("failed", 1, 30 * MINUTE)
    post.pass_time(1)
    post.becomes(lambda: post.delivery("evt_1") == ("delivered", 2, None))


def test_a_success_ends_the_series_of_failures(post: Post, receiver: Receiver) -> None:
    """The three days to the disabling begin anew."""
    receiver.status = 503
    post.happen("evt_1")
    post.becomes(lambda: post.endpoint().failing_since == 0.0)
    receiver.status = 200
    post.happen("evt_2")
    post.becomes(lambda: post.endpoint().failing_since is None)


def test_an_endpoint_that_fails_for_three_days_is_disabled_and_gets_nothing_more(
    post: Post, receiver: Receiver
) -> None:
    """What was planned is given up, what happens then stays pending, and enabling alone sends neither."""
    receiver.status = 500
    post.happen("evt_1")
    post.becomes(lambda: post.delivery("evt_1")[0] == "failed")
    post.pass_time(3 * DAY)
    post.becomes(lambda: not post.endpoint().is_enabled)
    post.happen("evt_2")
    assert post.delivery("evt_2") == ("pending", 0, None)
    assert post.delivery("evt_1")[2] is None
    receiver.status = 200
    tried = len(receiver.got)
    post.store.enable("we_1")
    post.pass_time(30 * DAY)
    post.happen("evt_3")
    post.becomes(lambda: post.delivery("evt_3")[0] == "delivered")
    assert len(receiver.got) == tried + 1


def test_resending_delivers_what_failed_and_what_was_never_tried(post: Post, receiver: Receiver) -> None:
    """Each gets its answer, and a delivered event that is refused when sent again stays delivered."""
    receiver.status = 500
    events = [post.happen("evt_1"), post.happen("evt_2")]
    post.becomes(lambda: all(post.delivery(name)[0] == "failed" for name in ("evt_1", "evt_2")))
    receiver.status = 200
    assert [each.status for each in post.courier.resend(post.endpoint(), events)] == [200, 200]
    receiver.status = 400
    assert [each.status for each in post.courier.resend(post.endpoint(), events)] == [400, 400]
    assert post.delivery("evt_1")[0] == "delivered"


def test_a_rolled_secret_signs_at_once(post: Post, receiver: Receiver) -> None:
    """The old secret signs nothing any more."""
    post.store.set_secret("we_1", "whsec_new")
    post.happen("evt_1")
    post.becomes(lambda: post.delivery("evt_1")[0] == "delivered")
    body, header = receiver.got[0]
    verify("whsec_new", body, header, post.store.attempts("we_1")[0]["attempted_at"])


def test_a_silent_address_counts_as_a_failure_without_a_status(tmp_path: Path) -> None:
    """Nothing listens: the attempt says so in words."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        post = Post(tmp_path, f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        post.happen("evt_1")
        post.becomes(lambda: post.delivery("evt_1")[0] == "failed")
    (attempt,) = post.store.attempts("we_1")
    assert attempt["status"] is None
    assert "connection refused" in attempt["answer"]


def test_a_ping_is_no_delivery_and_plans_no_retry(post: Post, receiver: Receiver) -> None:
    """It is answered for, and left out of the attempts that are summed up."""
    receiver.status = 500
    attempt = post.courier.test(post.endpoint(), Event("evt_test_1", "ping", 1, "{}"))
    assert attempt.status == 500
    assert post.store.attempts("we_1") == []
    assert post.store.deliveries("we_1") == []
    post.pass_time(12 * HOUR)
    assert post.endpoint().failing_since is None
