"""An HTTP server that answers POST /api/v2/write with what InfluxDB 2 documents, one fault at a time. Faults only: what
is written and read back is tested with a real server.
"""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.broker import HOST


@dataclass(frozen=True)
class Reply:
    """A status, its headers and its body. `dripping`: a byte at a time, for ever; `silent`: never."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    dripping: bool = False
    silent: bool = False


STORED = Reply(204)


@dataclass
class Contract:
    """`answer` is given the lines of a request and says what comes of it; it may `store` some of them."""

    answer: "Callable[[Contract, list[str]], Reply]" = lambda server, lines: server.store(lines)
    token: str = ""
    keeps_connections: bool = True
    stored: list[str] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)  # how many lines each had
    connections: int = 0
    port: int = 0
    scheme: str = "http"
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{HOST}:{self.port}"

    def store(self, lines: list[str]) -> Reply:
        self.stored += lines
        return STORED


@contextmanager
def serving(contract: Contract, certificate: Path | None = None, key: Path | None = None) -> Iterator[Contract]:
    """Serves for the length of the block; over TLS with a certificate. Its connections end with it."""
    open_sockets: list[socket.socket] = []
    contract.ended.clear()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            contract.connections += 1
            open_sockets.append(self.connection)

        def do_GET(self) -> None:
            self._reply(STORED)

        def do_POST(self) -> None:
            body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            lines = body.decode().splitlines()
            contract.requests.append(len(lines))
            if contract.token and self.headers["Authorization"] != f"Token {contract.token}":
                self._reply(Reply(401, body='{"code":"unauthorized","message":"unauthorized access"}'))
            else:
                self._reply(contract.answer(contract, lines))

        def _reply(self, reply: Reply) -> None:
            if reply.silent:
                contract.ended.wait()
                return
            if reply.dripping:
                self.wfile.write(b"HTTP/1.1 204 No")
                while not contract.ended.wait(0.1):
                    self.wfile.write(b" ")
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if not contract.keeps_connections:
                self.send_header("Connection", "close")
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body.encode())))
            self.end_headers()
            self.wfile.write(reply.body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
            """Says nothing."""

    server = ThreadingHTTPServer((HOST, contract.port), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        contract.scheme = "https"
    contract.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield contract
    finally:
        contract.ended.set()
        server.shutdown()
        server.server_close()
        for one in open_sockets:
            with suppress(OSError):  # the other side was first
                one.shutdown(socket.SHUT_RDWR)
