"""Network audit from Parquet: time and peak memory for N items and M edges.

    python benchmarks/bench_trace_audit.py --items 1000000 --edges 5000000

A region in six layers, each calibrated with the one above; the bottom holds nearly all items. A few links are spoiled
so that every reason code occurs. The same question answered item by item is timed on a sample, as a ratio.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

AT = dt.date(2026, 6, 30)
SHARES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)  # cumulative share of items in the layers above the bottom


def generate(folder: Path, items: int, edges: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    today = (AT - dt.date(1970, 1, 1)).days
    bounds = [0, *(max(int(items * share), i + 1) for i, share in enumerate(SHARES)), items]
    layer = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)).astype(np.int8)
    holders = np.arange(1, items)  # every item below the root has a certificate
    depth = (layer.max() - layer[1:]).astype(int)  # what is above was calibrated before
    spread = rng.random(items - 1) * np.where(depth > 0, 50, 360)
    valid_from = today - spread.astype(int) - np.where(depth > 0, 310 + 60 * depth, 0)
    write_nodes(folder, items, holders, valid_from, rng)
    write_edges(folder, items, edges, bounds, layer, valid_from, rng)


def write_nodes(
    folder: Path, items: int, holders: np.ndarray, valid_from: np.ndarray, rng: np.random.Generator
) -> None:
    count = len(holders)
    things = pl.DataFrame(
        {
            "node_id": np.arange(items),
            "kind": pl.repeat("item", items, eager=True),
            "is_root": np.arange(items) == 0,
            "condemned_from": pl.Series(rng.random(items) < 2e-4).replace_strict(
                {True: dt.date(2026, 3, 1), False: None}
            ),
        }
    )
    void = pl.Series(rng.random(count) < 5e-4).replace_strict({True: dt.date(2026, 2, 1), False: None})
    papers = pl.DataFrame(
        {
            "node_id": items + np.arange(count),
            "kind": pl.repeat("certificate", count, eager=True),
            "item_id": holders,
            "valid_from": pl.Series(valid_from, dtype=pl.Int32).cast(pl.Date),
            "valid_to": pl.Series(valid_from + 1460, dtype=pl.Int32).cast(pl.Date),
            "void_from": void,
            "basis": pl.Series(rng.random(count) < 0.9).replace_strict({True: "proven", False: "declared"}),
            "range_low": rng.uniform(0, 0.5, count),
            "range_high": rng.uniform(9.5, 10, count),
        }
    )
    pl.concat([things, papers], how="diagonal").write_parquet(folder / "nodes.parquet")


def write_edges(
    folder: Path,
    items: int,
    edges: int,
    bounds: list[int],
    layer: np.ndarray,
    valid_from: np.ndarray,
    rng: np.random.Generator,
) -> None:
    share = edges / (items - 1)
    per = np.full(items - 1, int(share))
    per[: edges - int(per.sum())] += 1
    certificate = np.repeat(np.arange(items - 1, dtype=np.int32), per)
    above = layer[certificate + 1] - 1
    low, high = np.array(bounds)[above], np.array(bounds)[above + 1]
    standard = (low + rng.random(len(certificate)) * (high - low)).astype(np.int64)
    pl.DataFrame(
        {
            "certificate_id": certificate.astype(np.int64) + items,
            "standard_id": standard,
            "used_on": pl.Series(valid_from[certificate], dtype=pl.Int32).cast(pl.Date),
            "u_ratio": rng.uniform(0.05, 0.33, len(certificate)) + (rng.random(len(certificate)) < 1e-4),
            "use_low": rng.uniform(0.5, 1, len(certificate)),
            "use_high": rng.uniform(9, 9.50005, len(certificate)),
        }
    ).write_parquet(folder / "edges.parquet")


def measure(folder: Path, sample: int) -> dict[str, float | int | str]:
    """Runs in its own process, so that the peak is that of the audit alone."""
    from quanheng.evidence.trace import audit_files, load_files

    start = time.perf_counter()
    table = audit_files(folder / "nodes.parquet", folder / "edges.parquet", AT)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    answer = {
        "items": len(table),
        "audit_seconds": round(seconds, 2),
        "peak_gib": round(peak, 2),
        "holds": int(table["holds"].sum()),
        "codes": {row[0] or "ok": row[1] for row in table["code"].value_counts(sort=True).rows()},
    }
    if sample:
        graph = load_files(folder / "nodes.parquet", folder / "edges.parquet")
        rows = table.sample(min(sample, len(table)), seed=1)
        start = time.perf_counter()
        for row in rows.iter_rows(named=True):
            one = graph.prove(row["item"], AT)
            broken = one["broken"] or {"at": None, "code": None}
            same = (one["holds"], one["proven"], broken["code"], broken["at"])
            if same != (row["holds"], row["proven"], row["code"], row["broken_at"]):
                raise AssertionError(f"item {row['item']}: {one} against {row}")
        each = (time.perf_counter() - start) / len(rows)
        answer["one_by_one_ms"] = round(each * 1000, 3)
        answer["times_faster"] = round(each * len(table) / seconds, 1)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--sample", type=int, default=2000, help="items also proven one by one and compared; 0 for none"
    )
    parser.add_argument("--folder", type=Path, help="keep the files here")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.folder, args.sample)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "edges.parquet").exists():
            generate(folder, args.items, args.edges, args.seed)
        command = [sys.executable, __file__, "--measure", "--folder", str(folder), "--sample", str(args.sample)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    main()
