"""Readings into the store from Parquet, by push and by MQTT: readings per second, wall and CPU.

    python benchmarks/bench_ingest.py --areas 60 --seconds 10 --mqtt mqtt://127.0.0.1:1883

Parquet is measured beside what a user would write without any judgement or durability (``polars`` reads the file and
writes it partitioned by day), as a ratio.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import multiprocessing
import tempfile
import threading
import time
import uuid
from pathlib import Path

import polars as pl

from quanheng.telemetry.ingest import Mapping, ingest_file
from quanheng.telemetry.ingest.push import Receiver, read_ndjson
from quanheng.telemetry.ingest.topology import areas_checked
from quanheng.telemetry.store import Store

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make(folder: Path, areas: int, days: int) -> tuple[Path, pl.DataFrame, int]:
    ts = pl.DataFrame(
        {"ts": pl.datetime_range(START, START + dt.timedelta(hours=24 * days - 1), "1h", time_zone="UTC", eager=True)}
    )
    meters = pl.DataFrame(
        [(f"A{a:05d}", f"A{a:05d}-{i:03d}", "sub" if i else "master") for a in range(areas) for i in range(101)],
        schema=["area_id", "meter_id", "role"],
        orient="row",
    )
    rows = meters.join(ts, how="cross").with_columns(kwh=pl.lit(0.5) + pl.int_range(pl.len()) % 97 / 100)
    rows.write_parquet(folder / "readings.parquet")
    listed = meters.with_columns(pl.lit("990101").alias("region"))
    return folder / "readings.parquet", areas_checked(listed, "areas"), rows.height


def clocked(work: object) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()  # type: ignore[operator]
    return time.perf_counter() - wall, time.process_time() - cpu


def parquet(folder: Path, areas: int) -> dict[str, float]:
    path, listed, count = make(folder, areas, 90)
    store = Store(folder / "store")
    ours = clocked(
        lambda: ingest_file(path, store=store, mapping=Mapping(), areas=listed, region="", source="bench", now=NOW)
    )

    def plain() -> None:
        table = pl.read_parquet(path).with_columns(day=pl.col("ts").dt.date())
        for (day,), part in table.partition_by("day", as_dict=True).items():
            part.write_parquet(folder / f"plain-{day}.parquet", compression="zstd", compression_level=1)

    theirs = clocked(plain)
    return {
        "readings": count,
        "per_second": count / ours[0],
        "per_cpu_second": count / ours[1],
        "plain_per_second": count / theirs[0],
        "cpu_ratio_to_plain": ours[1] / theirs[1],
    }


def push(folder: Path, seconds: float, *, size: int, threads: int) -> dict[str, float]:
    store = Store(folder / "pushed")
    _path, listed, _n = make(folder, 5, 1)
    receiver = Receiver(store, store.journal(), lambda: listed)
    kept = [0] * threads
    stop = time.monotonic() + seconds

    def send(thread: int) -> None:
        n = 0
        while time.monotonic() < stop:
            n += 1
            rows = [
                {
                    "meter_id": f"A{i // 20 % 5:05d}-{thread * 20 + i % 20 + 1:03d}",
                    "ts": str(START + dt.timedelta(hours=n % 3000 + i // 100)),
                    "kwh": 1,
                }
                for i in range(size)
            ]
            body = "\n".join(json.dumps(r) for r in rows).encode()
            done = receiver.receive(
                read_ndjson(body), source="bench", now=NOW, mapping=Mapping(seconds=3600, oldest_days=9999)
            )
            kept[thread] += done.accepted + done.rejected

    workers = [threading.Thread(target=send, args=(t,)) for t in range(threads)]
    wall, cpu = clocked(lambda: ([w.start() for w in workers], [w.join() for w in workers]))
    return {"readings": sum(kept), "per_second": sum(kept) / wall, "per_cpu_second": sum(kept) / cpu}


def publish(address: str, topic: str, messages: int, together: int) -> None:
    """The sender: a process of its own, as the meters are."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    sender = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    sender.max_inflight_messages_set(2000)
    host, _colon, port = address.removeprefix("mqtt://").partition(":")
    sender.connect(host, int(port or 1883))
    sender.loop_start()
    sent = []
    for m in range(messages):
        numbers = range(m * together, (m + 1) * together)
        rows = [
            (f"A{i // 100 % 5:05d}-{i % 100 + 1:03d}", str(START + dt.timedelta(hours=i // 500)), i) for i in numbers
        ]
        body = json.dumps([dict(zip(("meter_id", "ts", "kwh"), row, strict=True)) for row in rows])
        sent.append(sender.publish(topic, body, qos=1))
    for info in sent:
        info.wait_for_publish(120)
    sender.disconnect()
    sender.loop_stop()


def mqtt(folder: Path, address: str, messages: int, together: int) -> dict[str, float]:
    """From the first message sent to the last reading on disk."""
    from quanheng.telemetry.ingest.mqtt import Listener

    store, name = Store(folder / f"mqtt{together}"), uuid.uuid4().hex
    _path, listed, _n = make(folder, 5, 1)
    listener = Listener(Receiver(store, store.journal(), lambda: listed), address, client_id=name, topic=f"{name}/+")
    listener.start()
    sender = multiprocessing.get_context("spawn").Process(
        target=publish, args=(address, f"{name}/bench", messages, together)
    )
    sender.start()
    while not listener.counts.messages:
        time.sleep(0.001)
    begun, cpu, first = time.perf_counter(), time.process_time(), listener.counts.accepted
    while listener.counts.messages < messages and time.perf_counter() - begun < 120:
        time.sleep(0.02)
    took, spent = time.perf_counter() - begun, time.process_time() - cpu
    sender.join()
    listener.stop()
    rows = listener.counts.accepted - first
    return {
        "messages": messages,
        "readings sent": messages * together,
        "kept": store.read().height,
        "per_second": rows / took,
        "per_cpu_second": rows / spent,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--mqtt", default="")
    parser.add_argument("--messages", type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {
            "parquet": parquet(folder, args.areas),
            "push, 500 readings each, 4 threads": push(folder, args.seconds, size=500, threads=4),
        }
        if args.mqtt:
            for together in (1, 20):
                name = f"mqtt, QoS 1, readings a message: {together}"
                found[name] = mqtt(folder, args.mqtt, args.messages // (5 if together > 1 else 1), together)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
