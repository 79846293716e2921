"""On a real standalone cluster: verdicts equal to the last digit, and kill −9 of the driver loses no finished area."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest

from quanheng.telemetry.fleets.simulate import FleetPlan
from quanheng.telemetry.fleets.simulate.fleet import write
from tests.telemetry.engines.cluster import Cluster, command, make_cluster, need_spark
from tests.telemetry.engines.makers import write_store

pytestmark = pytest.mark.long
AREAS = 24
LEAST = ("--spark-conf", "spark.executor.memory=512m", "--spark-conf", "spark.driver.memory=512m")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    need_spark()
    with make_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    plan = FleetPlan(areas=AREAS, days=30, seed=4, meters=(20, 40), faults=("none", "none", "none", "theft"))
    write(plan, folder, say=None)
    rows = pl.read_parquet(folder / "readings.parquet").sample(fraction=1.0, shuffle=True, seed=1)
    rows.write_parquet(folder / "readings.parquet", row_group_size=50_000)
    done = subprocess.run(judge(folder, "here"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(folder / "here.parquet")["error"].count() > 100, "there are digits to compare"
    return folder


def judge(folder: Path, name: str, *words: str) -> list[str]:
    return command(folder / "readings.parquet", folder / "areas.csv", folder / f"{name}.parquet", *words)


def on(cluster: Cluster, areas_per_part: int) -> tuple[str, ...]:
    return ("--engine", "spark", "--master", cluster.address, "--areas-per-part", str(areas_per_part), *LEAST)


def same_as_here(folder: Path, name: str) -> None:
    for ending in (".parquet", ".areas.json"):
        assert (folder / (name + ending)).read_bytes() == (folder / ("here" + ending)).read_bytes()


def test_two_workers_give_the_verdicts_of_one_machine_byte_by_byte(cluster, fleet):
    done = subprocess.run(judge(fleet, "there", *on(cluster, 4)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    same_as_here(fleet, "there")
    assert done.stderr == ""
    assert not (fleet / "there.parquet.work").exists()
    executors = [log for number in range(2) for log in (cluster.folder / f"worker{number}").glob("app-*/*/stderr")]
    assert len({log.parts[-4] for log in executors}) == 2, "both workers ran executors"


def test_a_store_in_regions_and_days_is_read_by_both_workers(cluster, tmp_path):
    store, areas = write_store(tmp_path)
    for name, words in (("here", ()), ("there", on(cluster, 2))):
        done = subprocess.run(
            command(store, areas, tmp_path / f"{name}.parquet", *words), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    same_as_here(tmp_path, "there")


def test_a_driver_killed_half_way_resumes_and_measures_no_finished_area_again(cluster, fleet):
    words = judge(fleet, "killed", *on(cluster, 1))
    work = fleet / "killed.parquet.work"
    driver = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while len(list(work.glob("measured-*/[0-9]*.json"))) < 3:
        assert driver.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.02)
    driver.kill()
    driver.wait()
    time.sleep(5)  # the driver's Java sees that it is alone, and its executors end
    kept = {path: path.stat().st_mtime_ns for path in work.glob("measured-*/[0-9]*.json")}
    whole = {path: json.loads(path.read_text())["sha256"] for path in kept}
    assert 3 <= len(kept) < AREAS
    assert not (fleet / "killed.parquet").exists()
    again = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen: dict[Path, int] = {}
    while again.poll() is None:
        seen |= {path: path.stat().st_mtime_ns for path in kept if path.exists()}
        time.sleep(0.05)
    said, errors = again.communicate()
    assert again.returncode == 0, errors
    assert f"measured: {len(kept)} of {AREAS} parts kept from an earlier run" in said
    assert seen == kept, "no finished part was written again"
    assert len(set(whole.values())) == len(whole)
    same_as_here(fleet, "killed")


def test_a_worker_that_cannot_read_the_file_ends_the_run_with_one_line(cluster, fleet):
    data = bytearray((fleet / "readings.parquet").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4_000] = bytes(4_000)
    (fleet / "torn.parquet").write_bytes(data)
    words = command(fleet / "torn.parquet", fleet / "areas.csv", fleet / "t.parquet", *on(cluster, 8))
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("unreadable: the readings cannot be read to their end")
    assert done.stderr.count("\n") == 1
    assert not (fleet / "t.parquet").exists()
