"""The replay: each event at most once, at the pace that was asked for, also after kill -9."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

SLUG = "node-stripe-webhook-replay"
ENDPOINT = "we_1SLarkspur"
Call = Callable[..., Any]


class _Stripe(BaseHTTPRequestHandler):
    """Takes `POST /v1/events/ID/retry` and remembers what it was asked, and with which idempotency key."""

    asked: ClassVar[list[tuple[str, str]]] = []
    answers: ClassVar[dict[str, list[int]]] = {}
    pause_seconds: ClassVar[float] = 0.0

    def do_POST(self) -> None:
        event = self.path.split("/")[3]
        assert self.rfile.read(int(self.headers["Content-Length"])) == f"webhook_endpoint={ENDPOINT}".encode()
        assert self.headers["Authorization"] == "Bearer sk_test_larkspur"
        self.asked.append((event, self.headers["Idempotency-Key"]))
        threading.Event().wait(self.pause_seconds)
        status = self.answers.get(event, [200])
        self.send_response(status.pop(0) if len(status) > 1 else status[0])
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Quiet."""


@pytest.fixture
def stripe() -> Iterator[str]:
    """The address of a Stripe of our own."""
    _Stripe.asked, _Stripe.answers, _Stripe.pause_seconds = [], {}, 0.0
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stripe)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def replay(call_key: Call, stripe: str, tmp_path: Path) -> Call:
    """Calls the KEY over the API with these events."""

    def call(events: str, *options: str, **arguments: object) -> Any:
        (tmp_path / "events").write_text(events)
        asked = {
            "endpoint": ENDPOINT,
            "events": tmp_path / "events",
            "state_folder": tmp_path / "replay",
            "via": "api",
            "base_url": stripe,
            "per_second": 100,
        }
        return call_key(SLUG, *options, environment={"API_KEY": "sk_test_larkspur"}, **(asked | arguments))

    return call


def ids(number: int) -> list[str]:
    """Names of events."""
    return [f"evt_{n:04d}" for n in range(number)]


def lines(number: int) -> str:
    """The same as a file."""
    return "\n".join(ids(number))


def test_every_event_is_sent_once(replay: Call) -> None:
    """Also when the list names one twice."""
    result = replay(lines(5) + "\n" + lines(5)).result
    assert [event for event, _ in _Stripe.asked] == ids(5)
    assert (result["listed"], result["requested"], result["remaining"]) == (5, 5, 0)


def test_a_long_replay_gathers_no_listeners(stripe: str, tmp_path: Path) -> None:
    """Each pause between two events leaves nothing behind, so Node has nothing to warn of."""
    (tmp_path / "events").write_text(lines(15))
    process = _started(stripe, tmp_path, per_second=20)
    assert process.wait(timeout=60) == 0
    assert (len(_Stripe.asked), (tmp_path / "complaints").read_text()) == (15, "")


def test_a_second_call_sends_nothing_again(replay: Call) -> None:
    """The state folder knows what was done."""
    replay(lines(5))
    result = replay(lines(7)).result
    assert Counter(event for event, _ in _Stripe.asked) == Counter(ids(7))
    assert (result["skipped_replayed"], result["selected"]) == (5, 2)


def test_what_the_service_applied_is_never_sent(replay: Call, tmp_path: Path) -> None:
    """With the applied list, in the shape that appctl prints."""
    (tmp_path / "applied").write_text("# as of 2026-01-31T03:00:00+00:00\nevt_0001\nevt_0003\n")
    result = replay(lines(5), applied=tmp_path / "applied").result
    assert [event for event, _ in _Stripe.asked] == ["evt_0000", "evt_0002", "evt_0004"]
    assert result["skipped_applied"] == 2


def test_an_empty_applied_list_is_refused(replay: Call, tmp_path: Path) -> None:
    """More likely its command failed than that nothing was ever applied."""
    (tmp_path / "applied").write_text("\n")
    assert "Nothing was sent" in replay(lines(5), applied=tmp_path / "applied").stderr
    assert not _Stripe.asked


def test_what_was_delivered_after_the_list_was_made_is_left_alone(replay: Call, tmp_path: Path) -> None:
    """It is not in the list because the list is older, not because it was lost."""
    (tmp_path / "applied").write_text(json.dumps({"as_of": "2026-01-31T03:00:00Z", "event_ids": []}))
    events = [
        {"id": "evt_1", "state": "delivered", "last_attempt_at": "2026-01-31T03:00:01Z"},
        {"id": "evt_2", "state": "delivered", "last_attempt_at": "2026-01-31T02:59:59Z"},
        {"id": "evt_3", "state": "sending", "last_attempt_at": None},
        {"id": "evt_4", "state": "failed", "last_attempt_at": "2026-01-31T03:00:01Z"},
    ]
    result = replay(json.dumps({"events": events}), select="all", applied=tmp_path / "applied").result
    assert [event for event, _ in _Stripe.asked] == ["evt_2", "evt_4"]
    assert result["skipped_too_new"] == 2


def test_all_without_an_applied_list_is_refused(replay: Call) -> None:
    """Everything again, without knowing what is there, is no recovery."""
    assert replay(lines(3), select="all").exit_code != 0
    assert not _Stripe.asked


def test_a_dry_run_sends_nothing_and_leaves_nothing(replay: Call, tmp_path: Path) -> None:
    """It names what would be sent; there is no state file and no folder."""
    result = replay(lines(4), "--dry-run").result
    assert (result["would_send"], result["dry_run"]) == (ids(4), True)
    assert not _Stripe.asked
    assert not (tmp_path / "replay").exists()


def test_an_endpoint_that_keeps_refusing_is_left_in_peace(replay: Call) -> None:
    """Three failures in a row end the call; the rest is remaining, and a later call sends it with another key."""
    _Stripe.answers = {event: [404] for event in ids(10)}
    result = replay(lines(10)).result
    assert (result["failed"], result["remaining"], result["stopped_early"]) == (3, 10, True)
    first_keys = dict(_Stripe.asked)
    _Stripe.answers = {}
    assert replay(lines(10)).result["requested"] == 10
    assert dict(_Stripe.asked)["evt_0000"] != first_keys["evt_0000"]


def test_too_many_requests_are_repeated_with_the_same_key(replay: Call) -> None:
    """429 and 503 pass; Stripe knows a repeated request by its idempotency key."""
    _Stripe.answers = {"evt_0000": [429, 503, 200]}
    assert replay(lines(1)).result["requested"] == 1
    assert len(_Stripe.asked) == 3
    assert len({key for _, key in _Stripe.asked}) == 1


def test_a_refused_api_key_ends_the_call_at_once(replay: Call) -> None:
    """One try, one sentence, and the key is not in it."""
    _Stripe.answers = {event: [401] for event in ids(5)}
    called = replay(lines(5))
    assert "API key" in called.stderr
    assert "sk_test_larkspur" not in called.stdout + called.stderr
    assert len(_Stripe.asked) == 1


@pytest.mark.parametrize(
    "text", ["evt_1\n--endpoint=we_2\n", "evt_1; reboot", '{"events": 7}', '[{"id": "cus_1"}]', "[]x"]
)
def test_what_is_no_list_of_events_is_refused(replay: Call, text: str) -> None:
    """Options, shell words, other objects: nothing is sent, not even the entries that are right."""
    assert replay(text).exit_code != 0
    assert not _Stripe.asked


def test_without_a_state_folder_the_applied_list_alone_holds_back(
    call_key: Call, stripe: str, tmp_path: Path
) -> None:
    """The call still works by its state, which ends with it; nothing is left in the caller's folder."""
    (tmp_path / "events").write_text(lines(2))
    result = call_key(
        SLUG,
        environment={"API_KEY": "sk_test_larkspur"},
        endpoint=ENDPOINT,
        events=tmp_path / "events",
        via="api",
        base_url=stripe,
    ).result
    assert result["requested"] == 2
    assert not Path(result["state_file"]).exists()


def test_a_key_never_travels_in_the_clear(replay: Call) -> None:
    """http is for this machine only."""
    assert "https" in replay(lines(1), base_url="http://stripe.larkspur.example").stderr


def test_kill_9_at_any_moment_loses_and_doubles_nothing(replay: Call, stripe: str, tmp_path: Path) -> None:
    """Killed four times on its way: in the end each event was asked for, and a second time only with the same key."""
    _Stripe.pause_seconds = 0.03
    (tmp_path / "events").write_text(lines(40))
    for kill_after in (1, 9, 17, 26):
        _killed_after(kill_after, stripe, tmp_path)
    result = replay(lines(40)).result
    assert result["remaining"] == 0
    keys: dict[str, set[str]] = {}
    for event, key in _Stripe.asked:
        keys.setdefault(event, set()).add(key)
    assert sorted(keys) == ids(40)
    assert all(len(each) == 1 for each in keys.values())
    assert len(_Stripe.asked) <= 40 + 4


def test_a_torn_last_line_is_cut_off_and_a_damaged_middle_is_refused(replay: Call, tmp_path: Path) -> None:
    """A crash tears the end only; anything else was done by a person, and guessing would send twice."""
    replay(lines(3))
    state = tmp_path / "replay" / f"replay-{ENDPOINT}.jsonl"
    whole = state.read_text()
    state.write_text(whole + '{"event":"evt_0003","outco')
    assert replay(lines(4)).result["skipped_replayed"] == 3
    state.write_text(whole.replace('"outcome":"sending"', '"outcome":', 1))
    assert "damaged" in replay(lines(5)).stderr


def test_two_replays_at_once_are_refused(replay: Call, stripe: str, tmp_path: Path) -> None:
    """The second says which process is at work and sends nothing."""
    _Stripe.pause_seconds = 0.05
    (tmp_path / "events").write_text(lines(60))
    first = _started(stripe, tmp_path)
    _wait_until(lambda: len(_Stripe.asked) > 1)
    assert "Another replay" in replay(lines(60)).stderr
    first.kill()
    first.wait()


NODE = """
import run from '{entry}';
const args = JSON.parse(process.env.ARGS);
await run(args, {{ mode: 'run', progress() {{}}, signal: new AbortController().signal }});
"""


def _started(stripe: str, tmp_path: Path, per_second: int = 100) -> "subprocess.Popen[bytes]":
    """The KEY's own process without anything around it, so that kill -9 hits it alone."""
    entry = Path(__file__).parents[2] / "library" / "node" / SLUG / "main.mjs"
    args = {
        "endpoint": ENDPOINT,
        "events": str(tmp_path / "events"),
        "state_folder": str(tmp_path / "replay"),
        "via": "api",
        "base_url": stripe,
        "per_second": per_second,
        "api_key": "sk_test_larkspur",
    }
    code = NODE.format(entry=entry.as_uri())
    command = ["node", "--input-type=module", "--eval", code]
    with (tmp_path / "complaints").open("wb") as complaints:
        return subprocess.Popen(command, env={**os.environ, "ARGS": json.dumps(args)}, stderr=complaints)


def _killed_after(number: int, stripe: str, tmp_path: Path) -> None:
    process = _started(stripe, tmp_path)
    _wait_until(lambda: len(_Stripe.asked) >= number)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)
