"""The store: whole batches, one valid reading for each meter and moment, whatever the order they came in."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.telemetry.store import Store
from tests.telemetry.makers import RECORDED, START, make_pushed, make_readings


def put(store: Store, rows: pl.DataFrame, batch: str, *, later: int = 0, **more: str):
    return store.write(
        rows, batch=batch, recorded_at=RECORDED + dt.timedelta(minutes=later), source="test", region="990101", **more
    )


def test_a_batch_is_read_back_as_it_was_written(tmp_path):
    store = Store(tmp_path)
    receipt = put(store, make_readings(3, 30), "one")
    assert (receipt.rows, receipt.partitions, receipt.repeated) == (120, 2, False)
    found = store.read()
    assert found.select("area_id", "meter_id", "role", "ts", "kwh").equals(
        make_readings(3, 30).sort("area_id", "meter_id", "ts")
    )
    assert found["region"].unique().to_list() == ["990101"]


def test_the_same_batch_again_does_nothing(tmp_path):
    store = Store(tmp_path)
    put(store, make_readings(), "one", digest="aa")
    again = put(store, make_readings(kwh=5), "one", later=9, digest="aa")
    assert again.repeated
    assert store.read()["kwh"].unique().to_list() == [1.0]


def test_other_content_under_the_name_of_a_batch_is_refused(tmp_path):
    store = Store(tmp_path)
    put(store, make_readings(), "one", digest="aa")
    with pytest.raises(InputError, match="other content"):
        put(store, make_readings(kwh=5), "one", digest="bb")


def test_what_was_recorded_later_is_valid_and_a_replay_of_the_older_batch_does_not_undo_it(tmp_path):
    store = Store(tmp_path)
    put(store, make_readings(kwh=1), "one")
    put(store, make_readings(kwh=2), "correction", later=10)
    put(store, make_readings(kwh=1), "one", later=99)
    assert store.read()["kwh"].unique().to_list() == [2.0]
    store.compact(now=RECORDED)
    put(store, make_readings(kwh=1), "one", later=200)
    assert store.read()["kwh"].unique().to_list() == [2.0]


def test_a_pushed_replay_of_a_settled_and_compacted_batch_does_not_undo_a_correction(tmp_path):
    store, later = Store(tmp_path), RECORDED + dt.timedelta(hours=1)
    journal = store.journal()
    journal.append(make_pushed(1.0, batch="b1"))
    journal.append(make_pushed(2.0, batch="b2", recorded_at=later))
    journal.close()
    assert store.settle() == 1  # one meter and moment
    store.compact(now=RECORDED, least_files=1)
    journal = store.journal()
    journal.append(make_pushed(1.0, batch="b1", recorded_at=later + dt.timedelta(days=1)))
    journal.close()
    assert store.read()["kwh"].to_list() == [2.0]
    store.settle()
    assert store.read()["kwh"].to_list() == [2.0]


def test_a_filter_leaves_out_other_regions_days_and_areas(tmp_path):
    store = Store(tmp_path)
    put(store, make_readings(1, 48), "one")
    store.write(make_readings(1, 48, area="B"), batch="two", recorded_at=RECORDED, source="t", region="990102")
    assert store.read(regions=["990102"])["area_id"].unique().to_list() == ["B"]
    assert store.read(since=dt.date(2026, 5, 2))["ts"].min() == START + dt.timedelta(days=1)
    assert store.read(until=dt.date(2026, 5, 1), areas=["A1"]).height == 48


def test_files_of_an_attempt_that_never_finished_do_not_count(tmp_path, monkeypatch):
    store = Store(tmp_path)
    from quanheng.telemetry.store import registry

    def die(*_args: object) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patched:
        patched.setattr(registry, "commit", die)
        with pytest.raises(OSError, match="no space"):
            put(store, make_readings(), "one")
    assert list(tmp_path.glob("parts/*/*/*.parquet"))
    assert store.read().height == 0
    assert not put(store, make_readings(), "one").repeated
    assert store.read().height == 120


def test_compaction_leaves_one_file_for_each_day_and_the_same_table(tmp_path):
    store = Store(tmp_path)
    for n in range(4):
        put(store, make_readings(2, 30, kwh=n), f"b{n}", later=n)
    before = store.read()
    assert store.compact(now=RECORDED) == 2
    assert len(list(tmp_path.glob("parts/*/*/*.parquet"))) == 2
    assert store.read().equals(before)
    assert store.compact(now=RECORDED) == 0


def test_days_beyond_the_retention_are_removed_and_named(tmp_path):
    store = Store(tmp_path)
    put(store, make_readings(1, 48), "one")
    gone = store.expire(today=dt.date(2026, 6, 1), keep=dt.timedelta(days=30))
    assert gone == [("990101", dt.date(2026, 5, 1))]
    assert store.read()["ts"].min() == START + dt.timedelta(days=1)


@pytest.mark.parametrize("region", ["../etc", "", "a/b", "x" * 40])
def test_a_region_that_is_no_code_is_refused(tmp_path, region):
    with pytest.raises(InputError, match="region is a code"):
        Store(tmp_path).write(make_readings(), batch="b", recorded_at=RECORDED, source="t", region=region)
    assert Store(tmp_path).read().height == 0


def test_moments_without_a_time_zone_are_refused(tmp_path):
    naive = make_readings().with_columns(pl.col("ts").dt.replace_time_zone(None))
    with pytest.raises(InputError, match="time zone"):
        put(Store(tmp_path), naive, "b")


def test_a_torn_end_of_the_journal_is_left_out_and_kept_aside(tmp_path):
    store = Store(tmp_path)
    journal = store.journal()
    journal.append(make_pushed(1.0))
    journal.append(make_pushed(2.0, hour=1))
    journal.close()
    segment = next(store.journals.glob("*.journal"))
    segment.write_bytes(segment.read_bytes()[:-7])
    assert store.read()["kwh"].to_list() == [1.0]
    assert store.settle() == 1
    assert len(list(store.dead.glob("journal/*.torn"))) == 1
    assert store.read()["kwh"].to_list() == [1.0]


def test_a_segment_is_never_taken_for_left_between_its_creation_and_its_lock(tmp_path, monkeypatch):
    from quanheng.telemetry.store import journal as module

    store, lock = Store(tmp_path), module.fcntl.flock

    def settled_first(file, how):
        if how == module.fcntl.LOCK_EX and str(getattr(file, "name", "")).endswith((".journal", ".opening")):
            store.settle()  # another thread tidies up at the worst moment
        return lock(file, how)

    writer = store.journal()
    with monkeypatch.context() as patched:
        patched.setattr(module.fcntl, "flock", settled_first)
        writer.append(make_pushed(1.0))
    assert store.read()["kwh"].to_list() == [1.0]
    writer.close()
    assert store.settle() == 1


EVENT = st.tuples(st.integers(0, 4), st.booleans())  # which batch, and whether it is pushed
VALUES = {n: (float(n), RECORDED + dt.timedelta(minutes=n % 3)) for n in range(5)}  # two pairs share a recorded time


def bring(order: list[tuple[int, bool]], steps: list[int]) -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for at, (n, pushed) in enumerate(order):
            value, moment = VALUES[n]
            rows = make_pushed(value, hour=n % 2, batch=f"b{n}", recorded_at=moment)
            if pushed:
                journal = store.journal()
                journal.append(
                    rows.with_columns(pl.lit(f"b{n}").map_elements(_slug, return_dtype=pl.String).alias("batch"))
                )
                journal.close()
            else:
                store.write(
                    rows.drop("batch", "source", "recorded_at"), batch=f"b{n}", recorded_at=moment, source="push"
                )
            if at in steps:
                store.settle()
                store.compact(now=RECORDED)
        return store.read()


def _slug(text: str) -> str:
    from quanheng.telemetry.store.layout import slug

    return slug(text)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(5)), st.lists(EVENT, max_size=5), st.sets(st.integers(0, 9), max_size=3), st.data())
def test_any_order_of_batches_and_replays_by_either_way_gives_the_same_table(order, replays, steps, data):
    events = [(n, data.draw(st.booleans())) for n in order] + list(replays)
    plain = bring([(n, False) for n in range(5)], [])
    assert bring(events, sorted(steps)).equals(plain)
