"""MQTT with a real broker: nothing is acknowledged before it is kept, nothing is lost by a restart."""

from __future__ import annotations

import json
import os
import socket
import time
import uuid

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from quanheng.errors import InputError
from quanheng.telemetry.ingest.mqtt import Listener, objects
from tests.telemetry.ingest.test_push import make_receiver

ADDRESS = os.environ.get("QUANHENG_MQTT", "mqtt://127.0.0.1:1883")


@pytest.fixture
def broker() -> str:
    host, _colon, port = ADDRESS.removeprefix("mqtt://").partition(":")
    try:
        socket.create_connection((host, int(port or 1883)), timeout=1).close()
    except OSError:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no MQTT broker answers at {ADDRESS}; set QUANHENG_MQTT")
        pytest.skip(f"no MQTT broker answers at {ADDRESS}, so this test did not run; set QUANHENG_MQTT")
    return ADDRESS


def publish(topic: str, payloads: list[bytes]) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.max_inflight_messages_set(200)
    host, _colon, port = ADDRESS.removeprefix("mqtt://").partition(":")
    client.connect(host, int(port or 1883))
    client.loop_start()
    for info in [client.publish(topic, p, qos=1) for p in payloads]:
        info.wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


def reading(meter: str, hour: int) -> dict[str, object]:
    return {"meter_id": meter, "ts": f"2026-05-{3 + hour // 24:02d}T{hour % 24:02d}:00:00Z", "kwh": hour}


def wait_for(listener: Listener, messages: int) -> None:
    limit = time.monotonic() + 30
    while listener.counts.messages < messages and time.monotonic() < limit:
        time.sleep(0.05)


def test_messages_become_readings_and_bad_ones_dead_letters(broker, tmp_path):
    name = uuid.uuid4().hex
    receiver = make_receiver(tmp_path)
    listener = Listener(receiver, broker, client_id=name, topic=f"{name}/+")
    listener.start()
    several = json.dumps([reading("m1", h) for h in range(5)]).encode()
    publish(f"{name}/north", [several, b"{broken", json.dumps(reading("M", 1)).encode(), b'{"x": 1}'])
    wait_for(listener, 4)
    listener.stop()
    assert listener.counts.accepted == 6
    assert listener.counts.rejected == 2
    assert receiver.store.read()["source"].unique().to_list() == ["north"]
    assert receiver.letters.read(source="north").height == 2


def test_what_came_while_nobody_listened_comes_after_the_restart(broker, tmp_path):
    name = uuid.uuid4().hex
    receiver = make_receiver(tmp_path)
    for hours in (range(3), range(3, 6)):
        listener = Listener(receiver, broker, client_id=name, topic=f"{name}/+")
        listener.start()
        if hours.start:
            wait_for(listener, 3)
        listener.stop()
        if not hours.start:
            publish(f"{name}/s", [json.dumps(reading("m1", h)).encode() for h in hours])
    assert receiver.store.read()["kwh"].to_list() == [0.0, 1.0, 2.0]


def test_readings_that_could_not_be_kept_are_not_acknowledged_and_come_again(broker, tmp_path, monkeypatch):
    name = uuid.uuid4().hex
    receiver = make_receiver(tmp_path)
    first = Listener(receiver, broker, client_id=name, topic=f"{name}/+")

    def full(_rows: object) -> int:
        raise InputError("storage", "the disk is full", "journal")

    with monkeypatch.context() as patched:
        patched.setattr(receiver.journal, "append", full)
        first.start()
        publish(f"{name}/s", [json.dumps(reading("m1", 7)).encode()])
        time.sleep(0.5)
        first.stop()
    assert receiver.store.read().height == 0
    second = Listener(receiver, broker, client_id=name, topic=f"{name}/+")
    second.start()
    wait_for(second, 1)
    second.stop()
    assert receiver.store.read()["kwh"].to_list() == [7.0]


def test_a_broker_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="no broker answers"):
        Listener(make_receiver(tmp_path), "mqtt://127.0.0.1:1").start()


@pytest.mark.parametrize("address", ["http://x", "mqtt://", "127.0.0.1"])
def test_an_address_that_is_none_is_refused(tmp_path, address):
    with pytest.raises(InputError, match="address"):
        Listener(make_receiver(tmp_path), address)


def test_a_payload_may_be_an_object_a_list_or_lines():
    assert objects(b'{"a": 1}') == [{"a": 1}]
    assert objects(b'[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]
    assert objects(b'{"a": 1}\n{"a": 2}\n') == [{"a": 1}, {"a": 2}]
    assert objects(b"{") == ["{"]
