"""Prints what becomes of 2,000 rows where the service allows 100 requests a second and refuses others with 429.

The loopback server (a process of its own) sends `Retry-After: 1` with a refusal, and counts in one of two ways: a
"bucket" refills steadily and holds a second's worth, so that the first burst is free; a "window" is so many in each
second of the clock. Beside ours stand bare ChatOpenAI calls from as many workers, with their two retries.

    python tests/benchmarks/rate_limit.py [--rows 2000] [--in-flight 64 256] [--ours] [--timeline]

With `--kinds window` that alone is tried; with --ours the bare calls are left out; with --timeline each second's
requests stand below a run, as let in + refused.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

from throughput import Way, bare, ours, rows_of, running, told

SERVER: dict[str, Any] = {"median": 0.05, "sigma": 0.4, "seed": 7}
PER_SECOND = 100
BARS = {"rows lost": 0, "wall": 1.08}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--kinds", nargs="+", choices=("bucket", "window"), default=["bucket", "window"])
    parser.add_argument("--timeline", action="store_true", help="print each second's requests")
    parser.add_argument("--ours", action="store_true", help="leave the bare calls out")
    options = parser.parse_args()
    print(f"{options.rows} rows, {PER_SECOND} requests a second; wall / (rows / {PER_SECOND} s), and / the time that")
    print(f"the limit itself takes; bars: {BARS['rows lost']} lost, {BARS['wall']} x\n")
    print(f"{'kind':8}{'in flight':>9}  {'':18}{'lost':>5}{'wall':>9}{'ratio':>7}{'own':>7}{'refused':>9}")
    ways: dict[str, Way] = {"lc_scoring": ours} | ({} if options.ours else {"bare ChatOpenAI": bare})
    for kind in options.kinds:
        for width in options.in_flight:
            for name, way in ways.items():
                print(f"{kind:8}{width:9}  {name:18}", end="", flush=True)
                _measure(way, options.rows, width, kind, timeline=options.timeline)


def _measure(way: Way, count: int, width: int, kind: str, *, timeline: bool) -> None:
    rows = rows_of(count)
    with running(**SERVER, per_second=PER_SECOND, kind=kind) as url:
        work = way(url)
        start = time.perf_counter()
        scored = asyncio.run(work(rows, width))
        wall = time.perf_counter() - start
        stats = told(url, "/stats")
    # Both let a first burst through at once: the bucket is full, and the clock's first second may be all but over.
    own = (count - PER_SECOND) / PER_SECOND
    print(f"{count - scored:5}{wall:7.2f} s{wall / (count / PER_SECOND):7.3f}{wall / own:7.3f}{stats['refused']:9}")
    if timeline:
        print("  " + " ".join(f"{let_in}+{refused}" for let_in, refused in stats["seconds"]), flush=True)


if __name__ == "__main__":
    main()
