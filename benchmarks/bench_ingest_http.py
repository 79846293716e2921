"""Readings per second pushed over HTTP to a running server, each answer given when they are on disk.

    python benchmarks/bench_ingest_http.py --url http://127.0.0.1:8000 --token qh_… --meters METERS.csv --seconds 10

METERS.csv names meters of the token's utility in its first column (the export of the list of meters).
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import threading
import time
import urllib.request
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True)
    parser.add_argument("--meters", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument(
        "--size", type=int, default=2000, help="readings in one push; a token may push 600 times a minute"
    )
    args = parser.parse_args()
    with args.meters.open(encoding="utf-8-sig") as stream:
        meters = [row[0] for row in list(csv.reader(stream))[1:]]
    start = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(days=1500)
    stop, counts, waits = time.monotonic() + args.seconds, [0] * args.threads, [[] for _ in range(args.threads)]

    def push(thread: int) -> None:
        n = 0
        while time.monotonic() < stop:
            lines = []
            for i in range(args.size):
                at = start + dt.timedelta(hours=(thread * 8_000 + n + i // len(meters)) % 32_000)
                lines.append(json.dumps({"meter_id": meters[i % len(meters)], "ts": at.isoformat(), "kwh": 0.5}))
            n += args.size // len(meters) + 1
            request = urllib.request.Request(
                f"{args.url}/api/v1/readings",
                data="\n".join(lines).encode(),
                headers={"Authorization": f"Bearer {args.token}", "Content-Type": "application/x-ndjson"},
            )
            sent = time.monotonic()
            with urllib.request.urlopen(request) as answer:
                told = json.load(answer)
            waits[thread].append(time.monotonic() - sent)
            counts[thread] += told["accepted"]

    begun = time.monotonic()
    threads = [threading.Thread(target=push, args=(t,)) for t in range(args.threads)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    took, every = time.monotonic() - begun, sorted(w for part in waits for w in part)
    print(
        json.dumps(
            {"accepted": sum(counts), "per_second": sum(counts) / took, "pushes": len(every),
             "median_answer_s": every[len(every) // 2], "longest_answer_s": every[-1]}, indent=2
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
