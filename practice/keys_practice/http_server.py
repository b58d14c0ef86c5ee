"""The little HTTP server that all services of the world are made of: JSON in, JSON out, loopback only."""

import json
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple

LARGEST_BODY = 1024 * 1024
READ_SECONDS = 15
MOST_AT_ONCE = 64


class Request(NamedTuple):
    """What a service is asked. Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """What a service answers: an HTTP status and an object that becomes JSON."""

    status: int
    content: Any


Service = Callable[[Request], Reply]


class _Handler(BaseHTTPRequestHandler):
    service: Service
    timeout = READ_SECONDS

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self._send(
                Reply(413, {"error": f"a body of 0 to {LARGEST_BODY} bytes with Content-Length is expected"})
            )
            return
        self._handle(self.rfile.read(int(length)))

    def do_PATCH(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self._handle(b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Stay silent: each service writes its own log."""

    def _handle(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(type(self).service(Request(self.command, self.path, headers, body)))

    def _send(self, reply: Reply) -> None:
        content = json.dumps(reply.content).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(HTTPServer):
    """Answers in threads that are kept: starting one takes longer than most answers."""

    request_queue_size = 64

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Let a thread answer, and go on taking requests."""
        self._threads.submit(self._answer, request, client_address)

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:  # noqa: BLE001 - as the library's own servers do
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)

    def server_close(self) -> None:
        """Take no more; answers under way go on."""
        super().server_close()
        self._threads.shutdown(wait=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else goes to the service's own stderr."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def serve(port: int, service: Service) -> None:
    """Answer requests on 127.0.0.1:`port`, each in a thread, until SIGTERM ends the process."""
    handler = type("Handler", (_Handler,), {"service": staticmethod(service)})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Server(port, handler) as server:
        server.serve_forever(poll_interval=5)
