"""The chat API for benchmarks: a process of its own, with lognormal latency that the request's text decides.

    $ python tests/loopback/latency_server.py --median 0.3 --sigma 0.4 --seed 7
    38123

The first line is the port on 127.0.0.1; it serves until its standard input closes. POST
/v1/chat/completions answers a judge's reply after the latency; GET /stats answers {"count", "in_flight",
"max_in_flight", "latency_sum"}, the sum in seconds.

Latency and rating hang on the last user message and the seed alone. So two runs over the same requests
wait the same times in any order, and a benchmark can say what the ideal is:

    with running(median=0.3, sigma=0.4, seed=7) as url:
        ...
    serial = sum(latency_of(text, median=0.3, sigma=0.4, seed=7) for text in texts)
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NORMAL = NormalDist()
_BACKLOG = 2048  # a benchmark opens all its connections in one burst
_REPLY = (
    "The answer was read against the question and, where one was given, the reference. Its main statement "
    "(mark {mark}) is taken up first: it addresses what was asked, and its facts can be followed one by one. "
    "Two smaller points lower the judgment. One supporting detail is stated with more certainty than the "
    "material allows, and the closing sentence repeats what was said before without adding to it. Against "
    "that stands a clear order of thought, plain wording, and no claim that would mislead a reader who acts "
    "on it. Weighing these together, the answer deserves the following mark.\n\nRating: [[{rating}]]"
)


def latency_of(key: str | bytes, *, median: float, sigma: float, seed: int) -> float:
    """Seconds that a request waits: lognormal, and the same at every call.

    Args:
        key: What `key_of` gives for the request: the text of its last user message.
        median: Median latency in seconds; 0 waits never.
        sigma: Standard deviation of the latency's logarithm; 0 waits the median always.
        seed: Another seed is another draw.

    Returns:
        median * exp(sigma * z), z the standard normal quantile of a hash of key and seed.
    """
    uniform = (_draw(key, seed, purpose="latency") + 0.5) / 2**53
    return median * math.exp(sigma * _NORMAL.inv_cdf(uniform))


def reply_of(key: str | bytes, *, seed: int) -> str:
    """The judge's reply to a request: about 600 characters that end in a rating of 1 to 10."""
    draw = _draw(key, seed, purpose="rating")
    return _REPLY.format(mark=f"{draw % 0xFFFF:04x}", rating=draw // 0xFFFF % 10 + 1)


def key_of(body: str | bytes) -> str:
    """The text of the last user message of a chat request, "" where there is none."""
    for message in reversed(json.loads(body)["messages"]):
        if message["role"] == "user":
            content = message["content"]
            return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    return ""


@contextmanager
def running(*, median: float, sigma: float, seed: int) -> Iterator[str]:
    """Run the server in a process of its own; yield its base URL, which ends in /v1."""
    options = ["--median", str(median), "--sigma", str(sigma), "--seed", str(seed)]
    with subprocess.Popen(  # noqa: S603 - this file, run by this interpreter
        [sys.executable, __file__, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server's pipes are missing")
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.stdin.close()


def _draw(key: str | bytes, seed: int, *, purpose: str) -> int:
    """53 bits: as many as a float in (0, 1) can tell apart."""
    data = key.encode() if isinstance(key, str) else key
    digest = hashlib.blake2b(data, digest_size=8, key=f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest) >> 11


@dataclass(slots=True, kw_only=True)
class _Service:
    """What all connections share."""

    median: float
    sigma: float
    seed: int
    count: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    latency_sum: float = 0.0

    def stats(self) -> dict[str, float]:
        return {
            "count": self.count,
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "latency_sum": self.latency_sum,
        }

    def completion(self, body: bytes, key: str) -> dict[str, Any]:
        text = reply_of(key, seed=self.seed)
        prompt, completion = len(body) // 4, len(text) // 4  # about four characters make a token
        return {
            "id": f"chatcmpl-{self.count}",
            "object": "chat.completion",
            "created": 1,
            "model": json.loads(body).get("model", "judge"),
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text, "refusal": None},
                    "finish_reason": "stop",
                    "logprobs": None,
                }
            ],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        }


class _Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its wait, its answer, then the next."""

    def __init__(self, service: _Service) -> None:
        self._service = service
        self._buffer = b""
        self._waiting: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        if self._waiting is not None:
            self._waiting.cancel()
            self._service.in_flight -= 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._waiting is None:
            self._next()

    def _next(self) -> None:
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        first, *lines = head.split(b"\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, path, _ = first.split(b" ", 2)
        self._serve(method, path, rest[:length])

    def _serve(self, method: bytes, path: bytes, body: bytes) -> None:
        service = self._service
        if (method, path) == (b"GET", b"/stats"):
            self._write(200, service.stats())
        elif (method, path) == (b"POST", b"/v1/chat/completions"):
            key = key_of(body)
            wait = latency_of(key, median=service.median, sigma=service.sigma, seed=service.seed)
            service.count += 1
            service.in_flight += 1
            service.max_in_flight = max(service.max_in_flight, service.in_flight)
            service.latency_sum += wait
            value = service.completion(body, key)
            self._waiting = asyncio.get_running_loop().call_later(wait, self._finish, value)
        else:
            self._write(404, {"error": {"message": f"no route for {path!r}", "code": "not_found"}})

    def _finish(self, value: dict[str, Any]) -> None:
        self._waiting = None
        self._service.in_flight -= 1
        self._write(200, value)
        self._next()

    def _write(self, status: int, value: dict[str, Any]) -> None:
        if self._transport is None:
            return
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def _serve_until_stdin_closes(service: _Service) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(service), "127.0.0.1", 0, backlog=_BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how the caller learns the port
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()  # not wait_closed(): from Python 3.12 on it waits for the clients to hang up


def _main() -> None:
    parser = argparse.ArgumentParser(description="A judge's chat API with lognormal latency, for benchmarks.")
    parser.add_argument("--median", type=float, default=0.3, help="median latency in seconds")
    parser.add_argument("--sigma", type=float, default=0.4, help="standard deviation of its logarithm")
    parser.add_argument("--seed", type=int, default=7, help="which draw")
    given = parser.parse_args()
    service = _Service(median=given.median, sigma=given.sigma, seed=given.seed)
    asyncio.run(_serve_until_stdin_closes(service))


if __name__ == "__main__":
    _main()
