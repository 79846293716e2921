"""The public log: append in bulk, issue one by one, prove, verify, check.

python benchmarks/bench_ledger_log.py --leaves 1000000 --stages 4     (10 000 000 is the long form; nice -n 19)

``--stages`` prints a line at each size on the way, so that what grows with the log can be told from what does not. Beside the time on
the wall stands that of the processor, which says more on a machine that others use; the rest is waiting for the disk.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from quanheng.evidence.ledger import Log, Signer, fsck, leaf, leaf_hash, verify_inclusion

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def make_leaf(number: int) -> bytes:
    digest = hashlib.sha256(number.to_bytes(8, "big")).hexdigest()
    return leaf("certificate_issued", digest, digest[::-1], None, AT)


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def grow(log: Log, numbers: range, batch: int) -> float:
    """Append them in batches, the last twenty one by one; print what the log costs at that size."""
    took, used, last = 0.0, 0.0, numbers.stop - 20
    for start in range(numbers.start, last, batch):
        leaves = [make_leaf(n) for n in range(start, min(start + batch, last))]
        begin = time.process_time()
        took += timed(lambda rows=leaves: log.append(rows))
        used += time.process_time() - begin
    begin = time.process_time()
    one = [timed(lambda n=n: log.ensure(make_leaf(n))) for n in range(last, numbers.stop)]
    one_used = time.process_time() - begin
    begin = time.process_time()
    for index in range(0, log.size, max(1, log.size // 100)):
        log.inclusion_proof(index)
    proof_used = time.process_time() - begin
    row = {
        "leaves": log.size,
        "bulk_leaves_per_s": round((len(numbers) - 20) / took),
        "bulk_leaves_per_cpu_s": round((len(numbers) - 20) / used),
        "one_more_ms": round(sorted(one)[10] * 1e3, 2),
        "one_more_cpu_ms": round(one_used * 50, 2),
        "proof_cpu_ms": round(proof_used * 10, 2),
        "peak_rss_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(row), flush=True)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=20_000)
    parser.add_argument("--stages", type=int, default=1)
    args = parser.parse_args()
    count, batch = args.leaves, args.batch
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer.generate("bench.example")
        log = Log(Path(folder), signer)
        bulk = 0.0
        stage = max(batch, count // args.stages)
        for first in range(0, count, stage):
            bulk += grow(log, range(first, min(first + stage, count)), batch)
        extra = [make_leaf(n) for n in range(count, count + 200)]
        single = sum(timed(lambda x=x: log.ensure(x)) for x in extra) / 200
        head = log.head()
        sample = range(0, count, max(1, count // 1000))
        proofs: dict[int, list[bytes]] = {}
        prove = timed(lambda: proofs.update((i, log.inclusion_proof(i)) for i in sample)) / len(sample)
        hashes = {i: leaf_hash(make_leaf(i)) for i in sample}
        verify = timed(lambda: [verify_inclusion(i, head.size, hashes[i], proofs[i], head.root) for i in sample])
        opened = timed(lambda: Log(Path(folder), signer).ensure(make_leaf(0)))
        begin = time.process_time()
        check = timed(lambda: fsck(Path(folder), [signer.verifier]).sound or exit("the log is damaged"))
        check_used = time.process_time() - begin
        public = [p.stat().st_size for p in Path(folder).rglob("*") if p.is_file() and ".local" not in p.parts]
        print(
            json.dumps(
                {
                    "leaves": head.size,
                    "bulk_leaves_per_s": round(count / bulk),
                    "ensure_one_ms": round(single * 1000, 2),
                    "open_and_find_ms": round(opened * 1000, 2),
                    "prove_ms": round(prove * 1000, 3),
                    "verify_per_s": round(len(sample) / verify),
                    "fsck_s": round(check, 2),
                    "fsck_cpu_s": round(check_used, 2),
                    "files": len(public),
                    "public_bytes_per_leaf": round(sum(public) / head.size, 1),
                    "index_bytes_per_leaf": round(
                        (Path(folder) / ".local" / "index.sqlite").stat().st_size / head.size, 1
                    ),
                    "peak_rss_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                }
            )
        )


if __name__ == "__main__":
    main()
