"""LangSmith's HTTP API on 127.0.0.1: enough for datasets, evaluate(), tracing and feedback.

    with LangSmithServer() as server:
        client = server.client()                    # a real langsmith.Client, closed with the server
        client.evaluate(target, data="my-dataset", evaluators=[judge])
        client.flush()                              # runs and feedback travel in the background
        server.store["feedback"], server.requests, server.unhandled

What is kept, and the routes that read and change it: langsmith_store.py.
"""

from __future__ import annotations

import copy
import gzip
import json
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

import zstandard
from langsmith import Client

from loopback import Request, Response, json_response, serving
from loopback.langsmith_store import Store, new_store, route

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLOSE = 10.0  # seconds a client gets to send what it still holds
_KEY = "test-key"


class Part(NamedTuple):
    """One part of a multipart body; `value` is parsed JSON, or bytes for an attachment."""

    name: str
    headers: dict[str, str]
    value: Any


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and what was answered."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    json: Any
    parts: list[Part]
    status: int = 0
    response: Any = None

    def __str__(self) -> str:
        query = "&".join(f"{name}={','.join(values)}" for name, values in self.query.items())
        return f"{self.method} {self.path}{'?' + query if query else ''} -> {self.status}"


class LangSmithServer:
    """LangSmith for a `with` block.

    Args:
        multipart_examples: examples travel as multipart parts; False for the older POST /examples/bulk.
        zstd: the SDK may compress what it sends.
        smithdb_only: a workspace on the newer store, where feedback on a run needs its session_id.
        version: what /info says; from "0.8.10" on the SDK queues feedback with the runs.
        fail: statuses to answer instead, one per matching request: {("POST", "/datasets"): [429, 500]}.
            The path is a prefix. More may be added while the server runs.

    Attributes:
        url: Where it listens, while inside the `with` block.
        requests: Every exchange in order.
        unhandled: Those no route was found for (answered 404).
        store: Datasets, examples, sessions, runs, feedback and comparative experiments.
        fail: The statuses still to be answered.
    """

    def __init__(
        self,
        *,
        multipart_examples: bool = True,
        zstd: bool = True,
        smithdb_only: bool = False,
        version: str = "0.13.0",
        fail: Mapping[tuple[str, str], list[int]] | None = None,
    ) -> None:
        self.url = ""
        self.requests: list[Exchange] = []
        self.unhandled: list[Exchange] = []
        self.store: Store = new_store()
        self.fail = {where: list(statuses) for where, statuses in (fail or {}).items()}
        flags = {"dataset_examples_multipart_enabled": multipart_examples, "zstd_compression_enabled": zstd}
        if smithdb_only:
            flags |= {"ch_query_enabled": False, "sdb_query_enabled": True}
        self._info = _info(version, flags)
        self._lock = threading.RLock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.url = self._stack.enter_context(serving(self._answer))
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def client(self, **options: Any) -> Client:
        """A real client of this server; it is flushed and closed when the server is left."""
        client = Client(**{"api_url": self.url, "api_key": _KEY, **options})
        self._stack.callback(client.close, timeout=_CLOSE)
        return client

    def env(self) -> dict[str, str]:
        """The environment variables that send traces here.

        The SDK caches what it reads: after setting them, also call
        `langsmith.utils.get_env_var.cache_clear()` and set `langsmith.run_trees._CLIENT` and
        `langchain_core.tracers.langchain._CLIENT` to None.
        """
        return {"LANGSMITH_ENDPOINT": self.url, "LANGSMITH_API_KEY": _KEY, "LANGSMITH_TRACING": "true"}

    def _answer(self, request: Request) -> Response:
        exchange = _read(request)
        with self._lock:
            self.requests.append(exchange)
            exchange.status, reply = self._reply(exchange)
            exchange.response = copy.deepcopy(reply)  # the store goes on changing
            return json_response(reply, status=exchange.status)

    def _reply(self, exchange: Exchange) -> tuple[int, Any]:
        for (method, prefix), statuses in self.fail.items():
            if statuses and exchange.method == method and exchange.path.startswith(prefix):
                return statuses.pop(0), {"detail": "the test asked for this status"}
        if exchange.path == "/info":
            return 200, self._info
        answer = route(self.store, exchange)
        if answer is None:
            self.unhandled.append(exchange)
            return 404, {"detail": f"no route for {exchange.method} {exchange.path}"}
        return answer


def _info(version: str, flags: dict[str, bool]) -> dict[str, Any]:
    return {
        "version": version,
        "license_expiration_time": None,
        "instance_flags": flags,
        "batch_ingest_config": {
            "use_multipart_endpoint": True,
            "scale_up_qsize_trigger": 1000,
            "scale_up_nthreads_limit": 16,
            "scale_down_nempty_trigger": 4,
            "size_limit": 100,
            "size_limit_bytes": 20_971_520,
        },
    }


def _read(request: Request) -> Exchange:
    exchange = Exchange(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        json=None,
        parts=[],
    )
    body = _decompressed(request.body, request.headers.get("content-encoding", ""))
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/"):
        exchange.parts = _parts(body, content_type)
    elif body:
        exchange.json = json.loads(body)
    return exchange


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True).read()
    return body


def _parts(body: bytes, content_type: str) -> list[Part]:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts: list[Part] = []
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = cast("bytes", part.get_payload(decode=True))
        is_json = part.get_content_type() == "application/json"
        headers = {header.lower(): str(value) for header, value in part.items()}
        parts.append(Part(name, headers, json.loads(data) if is_json else data))
    return parts
