"""The chat API for benchmarks: a process of its own, with lognormal latency that the request's text decides.

    $ python tests/loopback/latency_server.py --median 0.3 --sigma 0.4 --seed 7
    38123

The first line is the port on 127.0.0.1; it serves until its standard input closes. POST
/v1/chat/completions answers a judge's reply after the latency; GET /stats answers {"count", "refused", "in_flight",
"max_in_flight", "latency_sum", "seconds"}: the sum in seconds, and how many were let in and refused in each second from
the first request on. GET /asked answers the keys of all that were let in, in the order they came.

With --per-second it allows only so many requests, and refuses others with 429 and `Retry-After: 1`: a "bucket" refills
steadily up to --burst (by default as many as a second allows), a "window" is that many in each second of the clock.

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
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from statistics import NormalDist
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_NORMAL = NormalDist()
_BACKLOG = 2048  # a benchmark opens all its connections in one burst
_TOO_MANY = {
    "error": {"message": "too many requests", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
}
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
def running(
    *,
    median: float,
    sigma: float,
    seed: int,
    per_second: float | None = None,
    burst: float | None = None,
    kind: str = "bucket",
) -> Iterator[str]:
    """Run the server in a process of its own; yield its base URL, which ends in /v1."""
    options = ["--median", str(median), "--sigma", str(sigma), "--seed", str(seed), "--kind", kind]
    for name, value in (("--per-second", per_second), ("--burst", burst)):
        options += [] if value is None else [name, str(value)]
    with subprocess.Popen(  # noqa: S603 - this file, run by this interpreter
        [sys.executable, __file__, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server's pipes are missing")
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.stdin.close()


def told(url: str, route: str) -> Any:
    """What the server tells at "/stats" or "/asked", by its base URL."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        connection.request("GET", route)
        return json.loads(connection.getresponse().read())


def _draw(key: str | bytes, seed: int, *, purpose: str) -> int:
    """53 bits: as many as a float in (0, 1) can tell apart."""
    data = key.encode() if isinstance(key, str) else key
    digest = hashlib.blake2b(data, digest_size=8, key=f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest) >> 11


class _Bucket:
    """Refills steadily, up to its brim; each request takes one."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate, self._brim = per_second, burst
        self._left, self._looked = burst, -math.inf

    def admits(self, now: float) -> bool:
        self._left = min(self._brim, self._left + (now - self._looked) * self._rate)
        self._looked = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _Window:
    """So many in each second of the clock."""

    def __init__(self, per_second: float) -> None:
        self._most = per_second
        self._second, self._taken = -1, 0

    def admits(self, now: float) -> bool:
        if int(now) != self._second:
            self._second, self._taken = int(now), 0
        self._taken += 1
        return self._taken <= self._most


@dataclass(slots=True, kw_only=True)
class _Service:
    """What all connections share."""

    median: float
    sigma: float
    seed: int
    limit: _Bucket | _Window | None = None
    refused: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    latency_sum: float = 0.0
    asked: list[str] = field(default_factory=list)
    began: float | None = None
    let_in: Counter[int] = field(default_factory=Counter)
    sent_off: Counter[int] = field(default_factory=Counter)

    def admits(self, now: float) -> bool:
        """Count a request, and say whether it is let in."""
        self.began = now if self.began is None else self.began
        admitted = self.limit is None or self.limit.admits(now)
        (self.let_in if admitted else self.sent_off)[int(now - self.began)] += 1
        self.refused += not admitted
        return admitted

    def enter(self, key: str) -> float:
        """Count a request that was let in, and return the seconds it waits."""
        wait = latency_of(key, median=self.median, sigma=self.sigma, seed=self.seed)
        self.asked.append(key)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self.latency_sum += wait
        return wait

    def stats(self) -> dict[str, Any]:
        last = max([*self.let_in, *self.sent_off], default=-1)
        return {
            "count": len(self.asked),
            "refused": self.refused,
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "latency_sum": self.latency_sum,
            "seconds": [(self.let_in[second], self.sent_off[second]) for second in range(last + 1)],
        }

    def completion(self, body: bytes, key: str) -> dict[str, Any]:
        text = reply_of(key, seed=self.seed)
        prompt, completion = len(body) // 4, len(text) // 4  # about four characters make a token
        return {
            "id": f"chatcmpl-{len(self.asked)}",
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
        service, loop = self._service, asyncio.get_running_loop()
        if (method, path) == (b"GET", b"/stats"):
            self._write(200, service.stats())
        elif (method, path) == (b"GET", b"/asked"):
            self._write(200, service.asked)
        elif (method, path) == (b"POST", b"/v1/chat/completions"):
            if not service.admits(loop.time()):
                self._write(429, _TOO_MANY, "Retry-After: 1\r\n")
                return
            key = key_of(body)
            wait = service.enter(key)
            self._waiting = loop.call_later(wait, self._finish, service.completion(body, key))
        else:
            self._write(404, {"error": {"message": f"no route for {path!r}", "code": "not_found"}})

    def _finish(self, value: dict[str, Any]) -> None:
        self._waiting = None
        self._service.in_flight -= 1
        self._write(200, value)
        self._next()

    def _write(self, status: int, value: Any, headers: str = "") -> None:
        if self._transport is None:
            return
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n{headers}"
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
    parser.add_argument("--per-second", type=float, help="requests that are allowed; by default all")
    parser.add_argument("--burst", type=float, help="of a bucket: how many at once; by default as many as in a second")
    parser.add_argument("--kind", choices=("bucket", "window"), default="bucket", help="how the requests are counted")
    given = parser.parse_args()
    service = _Service(median=given.median, sigma=given.sigma, seed=given.seed, limit=_limit(given))
    asyncio.run(_serve_until_stdin_closes(service))


def _limit(given: argparse.Namespace) -> _Bucket | _Window | None:
    if given.per_second is None:
        return None
    if given.kind == "window":
        return _Window(given.per_second)
    return _Bucket(given.per_second, given.per_second if given.burst is None else given.burst)


if __name__ == "__main__":
    _main()
