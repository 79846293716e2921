"""Readings by MQTT, QoS 1: a message is acknowledged to the broker only when its readings are on disk.

Topic ``quanheng/readings/SOURCE``; the payload is a JSON object, an array of objects, or NDJSON. Messages that arrive
while others are being kept are kept together with the next ones, so one disk flush serves many.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from quanheng.errors import InputError
from quanheng.telemetry.ingest.push import Receiver, from_objects

log = logging.getLogger("quanheng.telemetry.mqtt")
TOPIC = "quanheng/readings/+"
TOGETHER = 4_000  # messages kept with one flush
LARGEST = 1024 * 1024
INFLIGHT = 20_000
CONNECTIONS = 16
_SESSION = 7 * 86_400  # seconds the broker keeps what came while nobody listened


@dataclass(frozen=True)
class Counts:
    """What a listener did so far."""

    messages: int = 0
    accepted: int = 0
    rejected: int = 0


class Listener:
    """Some connections to a broker that share one subscription, because a broker lets each have only a few messages
    open at once (Mosquitto: 20). ``start`` returns when all are subscribed, ``stop`` when everything taken is kept.
    """

    def __init__(
        self,
        receiver: Receiver,
        address: str,
        *,
        client_id: str = "quanheng",
        topic: str = TOPIC,
        connections: int = CONNECTIONS,
        source_of: Callable[[str], str] = str,
    ) -> None:
        self.receiver, self.topic = receiver, f"$share/{client_id}/{topic}"
        self.counts, self._source_of = Counts(), source_of
        self._host, self._port, prepare = _address(address)
        self._waiting: queue.Queue[tuple[paho.Client, paho.MQTTMessage]] = queue.Queue()
        self._ready, self._stop = threading.Semaphore(0), threading.Event()
        self._refused = ""
        self._clients = []
        for number in range(connections):
            client = paho.Client(
                CallbackAPIVersion.VERSION2, client_id=f"{client_id}-{number}", protocol=paho.MQTTv5, manual_ack=True
            )
            prepare(client)
            client.on_connect, client.on_subscribe = self._connected, self._subscribed
            client.on_message = self._message
            self._clients.append(client)
        self._keeper = threading.Thread(target=self._keep, name="mqtt-keeper", daemon=True)

    def start(self, timeout: float = 10.0) -> None:
        """Connect and subscribe, or ``InputError('broker')``."""
        place = f"{self._host}:{self._port}"
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION
        properties.ReceiveMaximum = INFLIGHT
        try:
            for client in self._clients:
                client.connect(self._host, self._port, clean_start=False, properties=properties)
        except OSError as error:
            raise InputError("broker", f"no broker answers: {error}", place) from error
        self._keeper.start()
        for client in self._clients:
            client.loop_start()
        answered = all(self._ready.acquire(timeout=timeout) for _client in self._clients)
        if not answered or self._refused:
            self.stop()
            raise InputError("broker", self._refused or "the broker did not answer in time", place)

    def stop(self) -> None:
        """Keep what was taken, then leave."""
        self._stop.set()
        if self._keeper.is_alive():
            self._keeper.join(timeout=30)
        for client in self._clients:
            client.disconnect()
            client.loop_stop()

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = f"the broker refused: {reason}"
            self._ready.release()
            return
        client.subscribe(self.topic, qos=1)

    def _subscribed(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if any(r.is_failure for r in reasons):
            self._refused = f"the broker refused the subscription: {reasons[0]}"
        self._ready.release()

    def _message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._waiting.put((client, message))

    def _keep(self) -> None:
        while not (self._stop.is_set() and self._waiting.empty()):
            try:
                taken = [self._waiting.get(timeout=0.2)]
            except queue.Empty:
                continue
            while len(taken) < TOGETHER and not self._waiting.empty():
                taken.append(self._waiting.get_nowait())
            self._keep_together(taken)

    def _keep_together(self, taken: list[tuple[paho.Client, paho.MQTTMessage]]) -> None:
        by_source: dict[str, list[tuple[paho.Client, paho.MQTTMessage]]] = {}
        for client, message in taken:
            by_source.setdefault(self._source_of(message.topic.rsplit("/", 1)[-1][:80]), []).append((client, message))
        for source, pairs in by_source.items():
            messages = [message for _client, message in pairs]
            try:
                table = from_objects(list(enumerate((o for m in messages for o in objects(bytes(m.payload))), start=1)))
                done = self.receiver.receive(table, source=source, now=dt.datetime.now(dt.UTC))
            except InputError as error:  # not kept: without an acknowledgement the broker sends it again
                if error.code == "storage":
                    log.error("readings of %s were not kept: %s", source, error.message)
                    continue
                done = self._unusable(messages, source, error)
            for client, message in pairs:
                client.ack(message.mid, message.qos)
            c = self.counts
            self.counts = Counts(c.messages + len(messages), c.accepted + done.accepted, c.rejected + done.rejected)

    def _unusable(self, messages: list[paho.MQTTMessage], source: str, error: InputError) -> Any:
        """None of the messages names what a reading needs: all of them go aside."""
        log.warning("messages of %s are no readings: %s", source, error.message)
        texts = [(n, m.payload.decode("utf-8", "replace")) for n, m in enumerate(messages, start=1)]
        table = from_objects([*texts, (0, {"meter_id": "", "ts": "", "value": "", "area_id": "", "role": ""})])
        return self.receiver.receive(table.filter(table["row"] > 0), source=source, now=dt.datetime.now(dt.UTC))


def _address(address: str) -> tuple[str, int, Callable[[paho.Client], None]]:
    """Host, port, and what a client needs before it connects."""
    url = urlsplit(address)
    if url.scheme not in ("mqtt", "mqtts") or not url.hostname:
        raise InputError("usage", "a broker's address is mqtt://[user:password@]host[:port]", url.hostname or "")

    def prepare(client: paho.Client) -> None:
        if url.username:
            client.username_pw_set(unquote(url.username), unquote(url.password or ""))
        if url.scheme == "mqtts":
            client.tls_set()

    return url.hostname, url.port or (8883 if url.scheme == "mqtts" else 1883), prepare


def objects(payload: bytes) -> list[Any]:
    """The objects of a payload; what cannot be read stays text and is told apart later."""
    if len(payload) > LARGEST:
        return [f"{len(payload)} bytes are more than a message may have"]
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        lines = payload.split(b"\n")
        return [_object(line) for line in lines if line.strip()] or [""]
    return found if isinstance(found, list) and found else [found]


def _object(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line.decode("utf-8", "replace")
