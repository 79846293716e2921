"""``quanheng fleet listen``: readings by MQTT, or OCPP by WebSocket, into the store, until told to stop."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from quanheng.cli._platform import setup
from quanheng.cli.fleet_ingest import receiver_of, store_folder
from quanheng.errors import InputError
from quanheng.telemetry.ingest.push import Receiver
from quanheng.telemetry.store import Store


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb. A password is better given by QUANHENG_MQTT than on the command line."""
    parser.add_argument("broker", nargs="?", metavar="mqtt://HOST[:PORT]", help="default: QUANHENG_MQTT")
    parser.add_argument("--ocpp", metavar="HOST:PORT", help="instead of a broker: OCPP-J of charging stations, here")
    parser.add_argument("--areas", type=Path, metavar="AREAS.csv", help="the list of areas and meters")
    parser.add_argument(
        "--organisation",
        default="",
        metavar="CODE",
        help="instead of a list: the meters of a utility of the product, by its credit code",
    )
    parser.add_argument("--region", default="", metavar="CODE", help="region of the areas that name none")
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="folder of the store (default: readings in the data folder)"
    )
    parser.add_argument("--data-dir", type=Path, help="the data folder (default: QUANHENG_DATA or ./data)")
    parser.add_argument(
        "--topic", default="quanheng/readings/+", help="default %(default)s; the last level names the source"
    )
    parser.add_argument("--client", default="quanheng", help="name of the session that the broker keeps")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so long (0: never)")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit 0 when told to stop; what was taken is kept before."""
    if args.ocpp:
        return _stations(args)
    from quanheng.telemetry.ingest.mqtt import Listener

    address = args.broker or os.environ.get("QUANHENG_MQTT", "")
    if not address:
        raise InputError("usage", "name the broker, or set QUANHENG_MQTT", "broker")
    receiver, source_of = _of_the_product(args) if args.organisation else _of_a_list(args)
    listener = Listener(receiver, address, client_id=args.client, topic=args.topic, source_of=source_of)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    listener.start()
    stop.wait(args.seconds or None)
    listener.stop()
    receiver.journal.close()
    counts = vars(listener.counts)
    print(json.dumps(counts) if args.json else ", ".join(f"{n} {name}" for name, n in counts.items()))
    return 0


def _stations(args: argparse.Namespace) -> int:
    """Granian carries the WebSocket; the product judges and keeps what comes."""
    if args.broker or args.areas or args.store or args.organisation:
        raise InputError(
            "usage", "--ocpp takes neither a broker nor a list: tokens say whose stations they are", "--ocpp"
        )
    host, _colon, port = args.ocpp.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError("usage", "--ocpp takes HOST:PORT, such as 127.0.0.1:9000", "--ocpp")
    folder = setup(args.data_dir)
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--host", host.strip("[]"), "--port", port]
    command += ["--no-access-log", "--log-level", "warning", "quanheng.platform.project.ocpp:application"]
    server = subprocess.Popen(command, env={**os.environ, "QUANHENG_DATA": str(folder)})  # noqa: S603
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.terminate())
    try:
        return max(server.wait(args.seconds or None), 0)
    except subprocess.TimeoutExpired:
        server.terminate()
        server.wait()
        return 0


def _of_a_list(args: argparse.Namespace) -> tuple[Receiver, Callable[[str], str]]:
    """Judged by a file; the last level of the topic names the source."""
    if not args.areas:
        raise InputError(
            "usage", "name the list with --areas, or a utility of the product with --organisation", "--areas"
        )
    return receiver_of(args, Store(store_folder(args))), lambda name: name


def _of_the_product(args: argparse.Namespace) -> tuple[Receiver, Callable[[str], str]]:
    """Judged by the meters of a utility as they stand; what is set aside shows on its page."""
    if args.areas or args.store:
        raise InputError("usage", "--organisation brings its own list and store", "--organisation")
    setup(args.data_dir)
    listening = importlib.import_module("quanheng.platform.surveillance.listening")
    made: tuple[Receiver, Callable[[str], str]] = listening.receiver_of(args.organisation)
    return made
