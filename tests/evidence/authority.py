"""A real time-stamp authority on this machine: openssl signs, a loopback server passes it on, or misbehaves."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

SETTINGS = """
[req]
distinguished_name = nobody
[nobody]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = critical,CA:false
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = own
[own]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """Root, certificate and key in `folder`; `stamped` answers requests (DER)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.root = folder / "root.pem"
        (folder / "tsa.cnf").write_text(SETTINGS)
        (folder / "serial").write_text("01\n")
        for name in ("root", "tsa"):
            self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        own = ("-config", "tsa.cnf", "-days", "30")
        self._openssl("req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=Larkspur root", "-extensions", "root", *own, "-out", "root.pem")  # fmt: skip
        self._openssl(
            "req", "-new", "-key", "tsa.key", "-subj", "/CN=Larkspur time", *own[:2], "-out", "tsa.csr"
        )
        by_root = ("-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2", "-days", "30")
        leaf = ("-extfile", "tsa.cnf", "-extensions", "leaf", "-out", "tsa.pem")
        self._openssl("x509", "-req", "-in", "tsa.csr", *by_root, *leaf)

    def stamped(self, request: bytes) -> bytes:
        """The answer to a request."""
        (self.folder / "request").write_bytes(request)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def stamp_of(self, content: bytes) -> bytes:
        """A time-stamp of `content`, as if somebody had asked for it."""
        (self.folder / "content").write_bytes(content)
        self._openssl("ts", "-query", "-data", "content", "-sha256", "-cert", "-out", "query")
        return self.stamped((self.folder / "query").read_bytes())

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


Answer = Callable[[BaseHTTPRequestHandler, bytes], None]
"""What a server does with a request, given its body."""


@contextmanager
def served(answer: Answer, tls: Authority | None = None) -> Iterator[str]:
    """The address of a server that answers so; over TLS with this authority's certificate, which names no server."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One request."""
            with suppress(ConnectionError):  # who asked may have had enough
                answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_arguments: object) -> None:  # type: ignore[override]
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.folder / "tsa.pem", tls.folder / "tsa.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/tsr"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answering(content: bytes, status: int = 200, **headers: str) -> Answer:
    """Always the same."""

    def answer(to: BaseHTTPRequestHandler, _body: bytes) -> None:
        to.send_response(status)
        for name, value in headers.items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(content)

    return answer


def stamping(authority: Authority) -> Answer:
    """What an honest authority does."""

    def answer(to: BaseHTTPRequestHandler, body: bytes) -> None:
        answering(authority.stamped(body))(to, body)

    return answer


def hanging(until: Event) -> Answer:
    """Takes the request and says nothing."""

    def answer(_to: BaseHTTPRequestHandler, _body: bytes) -> None:
        until.wait(60)

    return answer


def dripping(until: Event) -> Answer:
    """One byte now and then, so that no wait on the network ever takes long."""

    def answer(to: BaseHTTPRequestHandler, _body: bytes) -> None:
        to.send_response(200)
        to.end_headers()
        while not until.wait(0.05):
            to.wfile.write(b"x")

    return answer


def flooding(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """A hundred megabytes."""
    to.send_response(200)
    to.end_headers()
    for _ in range(100):
        to.wfile.write(bytes(1 << 20))
