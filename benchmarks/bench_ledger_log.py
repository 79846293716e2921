"""The public log: append in bulk, issue one by one, prove, verify, check.

python benchmarks/bench_ledger_log.py --leaves 1000000      (10 000 000 is the long form)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=20_000)
    count = parser.parse_args().leaves
    batch = parser.parse_args().batch
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer.generate("bench.example")
        log = Log(Path(folder), signer)
        bulk = 0.0
        for start in range(0, count, batch):
            leaves = [make_leaf(n) for n in range(start, min(start + batch, count))]
            bulk += timed(lambda rows=leaves: log.append(rows))
        extra = [make_leaf(n) for n in range(count, count + 200)]
        single = sum(timed(lambda x=x: log.ensure(x)) for x in extra) / 200
        head = log.head()
        sample = range(0, count, max(1, count // 1000))
        proofs: dict[int, list[bytes]] = {}
        prove = timed(lambda: proofs.update((i, log.inclusion_proof(i)) for i in sample)) / len(sample)
        hashes = {i: leaf_hash(make_leaf(i)) for i in sample}
        verify = timed(lambda: [verify_inclusion(i, head.size, hashes[i], proofs[i], head.root) for i in sample])
        opened = timed(lambda: Log(Path(folder), signer).ensure(make_leaf(0)))
        check = timed(lambda: fsck(Path(folder), [signer.verifier]).sound or exit("the log is damaged"))
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
