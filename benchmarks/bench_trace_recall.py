"""Recall from the top of a network 25 levels deep.

python benchmarks/bench_trace_recall.py --edges 1000000
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time

import numpy as np
import polars as pl

from quanheng.evidence.trace import Graph

DEPTH = 25
DAY = dt.date(2026, 1, 1)


def make_graph(edges: int, seed: int) -> Graph:
    rng = np.random.default_rng(seed)
    width = edges // (4 * DEPTH)
    items = width * (DEPTH + 1)
    papers = np.arange(width, items)
    used = np.repeat(papers, 4)
    standard = (used // width - 1) * width + rng.integers(0, width, len(used))
    standard[:4] = 0
    none = pl.lit(None)
    nodes = pl.concat(
        [
            pl.DataFrame({"node_id": np.arange(items), "kind": "item", "is_root": np.arange(items) < width}),
            pl.DataFrame(
                {
                    "node_id": items + papers,
                    "kind": "certificate",
                    "item_id": papers,
                    "valid_from": DAY,
                    "basis": "proven",
                }
            ).with_columns(none.alias("is_root")),
        ],
        how="diagonal_relaxed",
    )
    return Graph.from_columns(
        nodes, pl.DataFrame({"certificate_id": items + used, "standard_id": standard, "used_on": DAY})
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    start = time.perf_counter()
    graph = make_graph(args.edges, args.seed)
    built = time.perf_counter()
    found = graph.recall(0, DAY, DAY)
    seconds = time.perf_counter() - built
    answer = {"edges": len(graph.uses), "affected": found.height, "depth": found["depth"].max()}
    print(json.dumps({**answer, "build_s": round(built - start, 2), "recall_s": round(seconds, 2)}))


if __name__ == "__main__":
    main()
