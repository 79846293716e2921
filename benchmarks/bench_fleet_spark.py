"""One fleet judged by one process and by a standalone cluster (master, two workers of one core) on this machine.

Wall time depends on who else uses the machine, so processor time stands beside it: of the command here, of the
estimator on the workers by the parts' own receipts, and of all processes of the cluster with their start and end.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from quanheng.telemetry.fleets.simulate import FleetPlan
from quanheng.telemetry.fleets.simulate.fleet import write
from tests.telemetry.engines.cluster import command, lacking, make_cluster

AREAS, METERS, DAYS = int(os.environ.get("BENCH_AREAS", "24")), 100, 90
PROVINCE = 400_000


def spent() -> float:
    """Processor seconds of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def timed(words: list[str]) -> tuple[float, float, str]:
    """Wall seconds, processor seconds and what the command said."""
    before, began = spent(), time.perf_counter()
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return time.perf_counter() - began, spent() - before, said


def main() -> int:
    """Print the figures."""
    if lacking():
        print(f"{' and '.join(lacking())} missing: nothing was measured; `make test-long` installs pyspark")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(FleetPlan(areas=AREAS, days=DAYS, seed=9, meters=(METERS, METERS)), folder, say=None)
        readings, areas = folder / "readings.parquet", folder / "areas.csv"
        rows = AREAS * (METERS + 1) * DAYS * 24
        print(
            f"{AREAS} areas × {METERS} meters × {DAYS} days hourly: {rows / 1e6:.1f} M rows, load {os.getloadavg()[0]:.1f}"
        )
        wall, cpu, _said = timed(command(readings, areas, folder / "here.parquet"))
        print(f"local            {wall:7.1f} s wall {cpu:7.1f} s processor  {1000 * cpu / AREAS:6.0f} ms/area")
        before = spent()
        with make_cluster(folder) as cluster:
            wall, driver, said = timed(command(
                readings, areas, folder / "there.parquet", "--engine", "spark", "--master", cluster.address,
                "--areas-per-part", "4",
            ))  # fmt: skip
        total = spent() - before
        kernels = [float(text) for text in re.findall(r"took ([\d.]+) s of processors", said)]
        print(f"spark, 2 workers {wall:7.1f} s wall {total:7.1f} s processor, of it driver {driver:.1f}")
        for word, cost in zip(("measure", "conclude"), kernels, strict=True):
            print(
                f"  {word:9} {1000 * cost / AREAS:6.0f} ms/area  province {cost / AREAS * PROVINCE / 3600:6.1f} core-hours"
            )
        same = (folder / "here.parquet").read_bytes() == (folder / "there.parquet").read_bytes()
        print(f"verdicts byte for byte equal: {same}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
