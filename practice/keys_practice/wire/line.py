"""The wire between the checkout and its dependencies: a proxy for each, which ends TLS and passes requests on.

What a line does wrong is set over the control address: POST /practice {"line": NAME, "fault": FAULT}. Faults:

    none refused black-hole slow resets tls-expired rate-limited wrong-values wrong-orders flapping empty empty-done
    done-504
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.http_server import Reply, Request, Server, serve
from keys_practice.wire.layout import WireLayout, layout_of

FAULTS = (
    "none refused black-hole slow resets tls-expired rate-limited wrong-values wrong-orders flapping"
    " empty empty-done done-504"
).split()
THIRDS = ("empty", "empty-done", "done-504")
"""Faults of which every third POST is hit."""
SLOW_SECONDS = 2.5
HELD_SECONDS = 30
REQUESTS_A_SECOND = 1.0
RETRY_AFTER_SECONDS = 30
WELL_CALLS, BAD_CALLS = 30, 10
"""How a flapping line takes turns. By calls and not by time: whoever looks in the same rhythm sees both sides all the same."""
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST
FORWARDED = ("authorization", "idempotency-key", "content-type")


class Line:
    """One proxied address. Its listener is open unless the fault is `refused`."""

    def __init__(self, name: str, port: int, origin: str, layout: WireLayout) -> None:
        self.name, self.origin = name, origin
        self._port = port
        self._contexts = {each: _context(layout.tls / f"{each}.pem") for each in ("good", "expired")}
        self._server: Server | None = None
        self._lock = threading.Lock()
        self._connections, self._posts = 0, 0
        self._allowance, self._seen_at = 0.0, 0.0
        self.fault = "none"
        self.set_fault("none")

    def set_fault(self, fault: str) -> None:
        """Do this wrong from now on."""
        with self._lock:
            self.fault, self._allowance = fault, 0.0
            self._connections, self._posts = 0, 0
            if fault == "refused" and self._server is not None:
                self._server.shutdown()
                self._server.server_close()
                self._server = None
            elif fault != "refused" and self._server is None:
                self._server = self._listen()

    def now_wrong(self) -> str:
        """What is wrong for the connection that is made now."""
        with self._lock:
            self._connections += 1
            if self.fault == "resets":
                return "reset" if self._connections % 2 else "none"
            if self.fault == "flapping":
                is_bad = (self._connections - 1) % (WELL_CALLS + BAD_CALLS) >= WELL_CALLS
                return "reset" if is_bad else "none"
            return "none" if self.fault == "rate-limited" and self._is_allowed() else self.fault

    def is_third_post(self) -> bool:
        """Count one POST, and say whether it is the third of three."""
        with self._lock:
            self._posts += 1
            return self._posts % 3 == 0

    def context(self, wrong: str) -> ssl.SSLContext:
        """What the line presents itself with."""
        return self._contexts["expired" if wrong == "tls-expired" else "good"]

    def _is_allowed(self) -> bool:
        """A bucket that fills with REQUESTS_A_SECOND and holds one."""
        now = time.monotonic()
        self._allowance = min(1.0, self._allowance + (now - self._seen_at) * REQUESTS_A_SECOND)
        self._seen_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _listen(self) -> Server:
        server = _Listener(self._port, type("Passing", (_Passing,), {"line": self}))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


class _Listener(Server):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is no news on this wire."""


class _Passing(BaseHTTPRequestHandler):
    """One connection: TLS, one request, and whatever is wrong with the line."""

    line: Line
    timeout = 10

    def setup(self) -> None:
        self._wrong = self.line.now_wrong()
        if self._wrong == "black-hole":
            _hold(self.request)
        self.request = self.line.context(self._wrong).wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self) -> None:
        self._pass(b"")

    def do_POST(self) -> None:
        self._pass(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Stay silent."""

    def _pass(self, body: bytes) -> None:
        if self._wrong == "rate-limited":
            self._send(429, json.dumps({"error": "too many requests"}), RETRY_AFTER_SECONDS)
            return
        is_hit = self._wrong in THIRDS and self.command == "POST" and self.line.is_third_post()
        if is_hit and self._wrong == "empty":
            self._send(200, "{}")
            return
        if self._wrong == "slow":
            time.sleep(SLOW_SECONDS)
        headers = {name: self.headers[name] for name in FORWARDED if name in self.headers}
        try:
            answer = http_client.call(self.command, self.line.origin + self.path, body, headers, seconds=5)
        except Unreachable:
            self._send(502, json.dumps({"error": "bad gateway"}))
            return
        if self._wrong == "reset":
            # After the request was passed on: what it asked for has happened, and nobody is told.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.connection.close()
            raise ConnectionResetError
        # Where it is hit from here on, what it asked for has happened.
        if is_hit and self._wrong == "done-504":
            self._send(504, json.dumps({"error": "gateway timeout"}))
            return
        self._send(answer.status, "{}" if is_hit else _altered(answer.text, self._wrong, self.path))

    def _send(self, status: int, text: str, retry_after: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(text.encode())


def _altered(text: str, wrong: str, path: str) -> str:
    """The answer with another value, where the line is one that gets values wrong."""
    is_probe = path.startswith(("/v1/known-answer", "/v1/statement"))
    if wrong != "wrong-values" and (wrong != "wrong-orders" or is_probe):
        return text
    content = json.loads(text)
    if "value" in content:
        content["value"] += 100
    return json.dumps(content)


def _hold(connection: socket.socket) -> None:
    """Swallow what comes until the other side gives up."""
    connection.settimeout(HELD_SECONDS)
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            pass
    connection.close()
    raise ConnectionAbortedError


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Arguments: the control port, then NAME:PORT:ORIGIN_PORT for each line."""
    layout = layout_of(folder)
    named = [each.split(":") for each in arguments[1:]]
    lines = {
        name: Line(name, int(port), f"http://127.0.0.1:{origin}", layout) for name, port, origin in named
    }

    def control(request: Request) -> Reply:
        if request.method == "POST":
            asked = json.loads(request.body)
            if asked["fault"] not in FAULTS:
                return Reply(400, {"error": f"no such fault: {asked['fault']}"})
            lines[asked["line"]].set_fault(asked["fault"])
        return Reply(200, {name: line.fault for name, line in lines.items()})

    serve(int(arguments[0]), control)
    return 0
