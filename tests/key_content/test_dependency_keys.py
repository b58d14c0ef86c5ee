"""Breaker and fallback KEYS on a service that is asked over HTTP, and the analysis of what users got."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[2] / "library"
BREAKER, FALLBACK = "node-circuit-breaker", "node-graceful-degradation"
ANALYSIS = "jupyter-dependency-impact-analysis"

Call = Callable[..., Any]


class Service:
    """Two switches as the KEYS expect them; notes what is set, and what users get is written by the test."""

    def __init__(self) -> None:
        self.breaker = {"mode": "auto", "state": "closed", "trips": 0}
        self.fallback = {"value": "off"}
        self.said: list[dict[str, str]] = []
        self.closes = True
        self.users: Callable[[], None] = lambda: None

    def switch(self, path: str, said: dict[str, str]) -> None:
        """Take a new value."""
        self.said.append(said)
        if "breakers" in path:
            state = "open" if said["value"] == "open" or not self.closes else "closed"
            self.breaker = {"mode": said["value"], "state": state, "trips": 0}
        else:
            self.fallback = {"value": said["value"]}
            threading.Timer(0.5, self.users).start()


@pytest.fixture
def service() -> Iterator[Service]:
    """A service on loopback; `url` is where."""
    state = Service()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(state.breaker if "breakers" in self.path else state.fallback)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.switch(self.path, json.loads(body))
            self._send({})

        def log_message(self, *words: object) -> None:
            pass

        def _send(self, content: dict[str, Any]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_dry_run_sets_nothing(service: Any, call_key: Call) -> None:
    """It says what would change, and the service was never told."""
    asked = {"service_url": service.url, "breaker": "payments", "value": "open"}
    result = call_key(BREAKER, "--dry-run", **asked).result
    assert (result["dry_run"], result["changed"], result["verified"]) == (True, True, False)
    assert service.said == []
    example = json.loads((LIBRARY / "node" / BREAKER / "examples" / "result.json").read_text())
    assert result == example


def test_a_breaker_is_held_open_and_given_back_by_undo(service: Any, call_key: Call, tmp_path: Path) -> None:
    """Undo sets the mode of before; a second call changes nothing."""
    asked = {"service_url": service.url, "breaker": "payments", "value": "open", "reason": 'it\'s "down"'}
    first = call_key(BREAKER, **asked)
    assert first.result["verified"]
    assert not call_key(BREAKER, **asked).result["changed"]
    before = tmp_path / "done.json"
    before.write_text(first.stdout)
    undone = call_key(BREAKER, "--undo", "--before", str(before), **asked).result
    assert (undone["mode"], undone["state"]) == ("auto", "closed")
    assert [each["reason"] for each in service.said] == ['it\'s "down"'] * 2


def test_a_breaker_that_does_not_close_is_a_result_and_not_verified(service: Any, call_key: Call) -> None:
    """The mode is set; that the dependency still fails is for the caller to judge."""
    service.breaker, service.closes = {"mode": "open", "state": "open", "trips": 0}, False
    asked = {"service_url": service.url, "breaker": "payments", "value": "auto", "wait_seconds": 1}
    result = call_key(BREAKER, **asked).result
    assert (result["mode"], result["state"], result["verified"]) == ("auto", "open", False)


@pytest.mark.parametrize(
    ("notice", "is_verified"), [("We will write to you.", True), ("", False)], ids=["marked", "hidden"]
)
def test_degraded_answers_must_say_what_they_are(
    service: Any, call_key: Call, tmp_path: Path, notice: str, is_verified: bool
) -> None:
    """Only answers after the change count; one that hides that it is degraded spoils the result."""
    log = tmp_path / "answers.jsonl"
    log.write_text('{"status": 503}\n')
    line = json.dumps({"status": 202, "degraded": True, "notice": notice}) + "\n"

    def answer_three() -> None:
        with log.open("a") as file:
            file.write(line * 3)

    service.users = answer_three
    asked = {"service_url": service.url, "dependency": "payments", "value": "on", "answers_log": log}
    result = call_key(FALLBACK, answers=3, wait_seconds=20, **asked).result
    assert (result["answers"], result["refused"]) == (3, 0)
    assert (result["marked"], result["verified"]) == (is_verified, is_verified)


def test_a_service_that_does_not_answer_is_an_error_in_words(call_key: Call) -> None:
    """Nothing was changed, and it says who gave no answer."""
    asked = {"service_url": "http://127.0.0.1:9", "dependency": "payments", "value": "on"}
    called = call_key(FALLBACK, **asked)
    assert called.exit_code != 0
    assert "gives no answer" in called.stderr


def test_the_analysis_answers_its_example(call_key: Call, tmp_path: Path) -> None:
    """Called for real: the result that the example promises, and a page without script."""
    folder = LIBRARY / "jupyter" / ANALYSIS / "examples"
    called = call_key(ANALYSIS, "--out", str(tmp_path / "out"), answers=folder / "answers.jsonl")
    assert called.result == json.loads((folder / "result.json").read_text())
    assert "<script" not in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_hostile_lines_are_left_out_and_counted(call_key: Call, tmp_path: Path) -> None:
    """No JSON, no object, no number, a half line: the analysis goes on without them."""
    log = tmp_path / "answers.jsonl"
    good = '{"at": 1780282800.5, "status": 503, "order": "a", "because": "<script>alert(1)</script>"}\n'
    bad = (
        '[]\nnull\n{"at": "x", "status": 1}\n{"at": 1e999, "status": 200}\n\xff\n{"at": 1, "status": true}\n'
    )
    log.write_bytes((good + bad).encode("latin-1") + b'{"at": 178')
    result = call_key(ANALYSIS, answers=log).result
    assert (result["answers"], result["refused"], result["entries_left_out"]) == (1, 1, 6)
    assert result["customers_without_order"] == 1
