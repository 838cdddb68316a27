"""Servers on 127.0.0.1 that answer the real SDKs in tests; here is the HTTP they share.

The standard library alone, one thread per connection. Leaving `serving` hangs up on idle keep-alive
connections and joins every thread, so that a test run under `-W error` sees no ResourceWarning.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

_POLL = 0.01  # seconds between looks at the stop flag: what leaving a server costs a test at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came over the wire; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What to send back; `cut` is the share of its bytes, in [0, 1], after which the line goes dead."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: float = 1.0


Answer = Callable[[Request], Response]


def json_response(value: Any, *, status: int = 200) -> Response:
    """A response whose body is `value` as JSON; no body at all for None."""
    body = b"" if value is None else json.dumps(value, default=str).encode()
    return Response(status=status, body=body)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve `answer` on a free port of 127.0.0.1 and yield the URL.

    An exception raised by `answer` cuts its connection and is raised again on leaving, so that a mistake in
    a server, or an assert in a test's own reply function, fails the test instead of looking like an outage.
    """
    with _Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL,), name="loopback")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()
    if server.faults:
        raise server.faults[0]


class _Server(ThreadingTCPServer):
    # ThreadingHTTPServer would ask the resolver for this host's name, which is slow where there is none.
    daemon_threads = False  # so that closing joins the threads
    allow_reuse_address = True
    request_queue_size = 512  # many tests open all their connections at once

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.faults: list[BaseException] = []
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._lines.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):  # a client may hang up at will
            self.faults.append(error)

    def hang_up(self) -> None:
        """End the connections that clients keep alive: their threads wait in a read."""
        with self._lock:
            for line in self._lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's signature
        """Keep test output clean; each server has its own log."""

    def _exchange(self) -> None:
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=url.path,
            query=parse_qs(url.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )
        response = cast("_Server", self.server).answer(request)
        raw = _wire(response)
        if response.cut < 1.0:
            raw = raw[: int(len(raw) * response.cut)]
            self.close_connection = True
        self.wfile.write(raw)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _exchange  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionError("The client hung up within its request.")
            return body
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)


def _wire(response: Response) -> bytes:
    # One write for head and body: two would wait for each other's acknowledgement.
    headers = {
        "Content-Type": "application/json",
        **response.headers,
        "Content-Length": str(len(response.body)),
    }
    head = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1") + b"\r\n" + response.body
