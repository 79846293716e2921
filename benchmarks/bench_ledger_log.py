"""The public log: append in bulk, issue one by one, prove, verify, check.

python benchmarks/bench_ledger_log.py --leaves 200000
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
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
    parser.add_argument("--leaves", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=20_000)
    count = parser.parse_args().leaves
    batch = parser.parse_args().batch
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer.generate("bench.example")
        log = Log(Path(folder), signer)
        leaves = [make_leaf(n) for n in range(count + 200)]
        bulk = sum(timed(lambda s=s: log.append(leaves[s : min(s + batch, count)])) for s in range(0, count, batch))
        single = sum(timed(lambda x=x: log.ensure(x)) for x in leaves[count:]) / 200
        head = log.head()
        sample = range(0, count, max(1, count // 1000))
        proofs: dict[int, list[bytes]] = {}
        prove = timed(lambda: proofs.update((i, log.inclusion_proof(i)) for i in sample)) / len(sample)
        hashes = {i: leaf_hash(leaves[i]) for i in sample}
        verify = timed(lambda: [verify_inclusion(i, head.size, hashes[i], proofs[i], head.root) for i in sample])
        check = timed(lambda: fsck(Path(folder), [signer.verifier]).sound or exit("the log is damaged"))
        print(
            json.dumps(
                {
                    "leaves": head.size,
                    "bulk_leaves_per_s": round(count / bulk),
                    "ensure_one_ms": round(single * 1000, 2),
                    "prove_ms": round(prove * 1000, 3),
                    "verify_per_s": round(len(sample) / verify),
                    "fsck_s": round(check, 2),
                }
            )
        )


if __name__ == "__main__":
    main()
