"""The public page at a steady rate (budget: p95 200 ms at 200 requests/s), over HTTP, every visitor another address.

    python -m benchmarks.bench_public_check --data-dir DIR [--rate 200] [--seconds 20]

DIR is a folder made by ``quanheng demo --no-serve --data-dir DIR``. The rate does not wait for answers: a page that
comes late makes no room, and its delay counts from the moment it was due.
"""

from __future__ import annotations

import argparse
import http.client
import os
import queue
import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from benchmarks import product

VISITORS = 48


def codes(folder: Path) -> list[str]:
    """Codes on labels and on certificates, and some that nobody issued."""
    with sqlite3.connect(f"file:{folder / 'quanheng.sqlite3'}?mode=ro", uri=True) as db:
        found = [row[0] for row in db.execute("SELECT code FROM instruments_instrument ORDER BY id LIMIT 2000")]
        found += [row[0] for row in db.execute("SELECT public_code FROM documents_document LIMIT 300")]
    return [*found, *(f"NOSUCH{n:06d}" for n in range(len(found) // 20))]


def visit(port: int, due: queue.Queue[tuple[float, str, str] | None], took: list[float], bad: list[int]) -> None:
    """One connection that is kept, as behind a proxy."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while (one := due.get()) is not None:
        at, code, address = one
        link.request("GET", f"/v/{code}/", headers={"X-Forwarded-For": address, "Accept-Language": "zh-CN"})
        answer = link.getresponse()
        answer.read()
        took.append(time.perf_counter() - at)
        if answer.status not in (200, 404):
            bad.append(answer.status)


def run(port: int, known: list[str], rate: int, seconds: float) -> tuple[list[float], list[int]]:
    """Send at the rate; how long each took from when it was due, and answers that were none."""
    due: queue.Queue[tuple[float, str, str] | None] = queue.Queue()
    took: list[float] = []
    bad: list[int] = []
    threads = [threading.Thread(target=visit, args=(port, due, took, bad)) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    rng, begun = random.Random(7), time.perf_counter()
    for n in range(int(rate * seconds)):
        at = begun + n / rate
        time.sleep(max(0.0, at - time.perf_counter()))
        due.put((at, rng.choice(known), f"198.51.{n // 250 % 250}.{n % 250}"))
    for _thread in threads:
        due.put(None)
    for thread in threads:
        thread.join()
    return took, bad


def main() -> None:
    """Serve the folder, warm it, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    args = parser.parse_args()
    port = product.free_port()
    env = {**os.environ, "QUANHENG_TRUSTED_PROXIES": "1"}
    command = [sys.executable, "-m", "quanheng.cli", "serve", "--no-worker", "--port", str(port)]
    server = subprocess.Popen([*command, "--data-dir", str(args.data_dir)], env=env, stdout=subprocess.DEVNULL)
    try:
        known = codes(args.data_dir)
        product.await_port(port)
        run(port, known, 20, 3)
        begun = time.perf_counter()
        took, bad = run(port, known, args.rate, args.seconds)
        print(f"{len(took) / (time.perf_counter() - begun):.0f} answers/s, asked {args.rate}; {len(bad)} refused")
        print(product.spread(took))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
