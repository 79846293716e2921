"""A province's ledger under load: 2.1 M instruments on PostgreSQL, 100 people, each asking once in ten seconds.

    QUANHENG_BENCH_POSTGRES=postgresql://user@host/postgres python -m benchmarks.bench_lists_load [--keep NAME]

Budget: p95 1 s for lists and search, 3 s for statistics. With ``--keep`` the database stays and is used again.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import subprocess
import sys
import threading
import time
from typing import Any

from benchmarks import product
from benchmarks.bench_lists import PAGES, fill

FIRST, TIMES = 100_000, 21
PEOPLE, PAUSE = 100, 10.0
STATISTICS = "districts"


def multiply() -> None:
    """The first hundred thousand twenty times more, with codes and serial numbers of their own."""
    from django.db import connection

    from quanheng.platform.instruments.models import Instrument

    number = "lpad((substr(serial_number, 2)::int + {n} * 100000)::text, 7, '0')"
    own = {
        "id": "gen_random_uuid()",
        "code": "substr(md5(code || {n}), 1, 12) || {n}",
        "serial_number": f"'S' || {number}",
        "search": f"replace(search, lower(serial_number), 's' || {number})",
    }
    names = [str(f.column) for f in Instrument._meta.concrete_fields if not f.generated]
    values = ", ".join(own.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        for n in range(1, TIMES):
            cursor.execute(
                f"INSERT INTO instruments_instrument ({columns}) SELECT {values.format(n=n)}"
                " FROM instruments_instrument WHERE length(serial_number) = 7"
            )
            print(f"{(n + 1) * FIRST} instruments", flush=True)
        cursor.execute("VACUUM ANALYZE")


def people() -> list[str]:
    """Sessions of sixty shopkeepers, thirty regulators of counties and ten of the city."""
    from django.conf import settings
    from django.test import Client

    from quanheng.platform.kernel.models import Organisation, Region
    from tests.platform import makers

    shops = list(Organisation.objects.filter(kind="enterprise", name__contains="商行"))
    counties = list(Region.objects.filter(name__contains="县", code__startswith="9901"))
    bureaus = [makers.make_organisation(f"县局{n}", "regulator", region=r) for n, r in enumerate(counties)]
    city = makers.make_organisation("市局二", "regulator", region=counties[0].parent)
    wanted = [(shops, "enterprise")] * 60 + [(bureaus, "regulator")] * 30 + [([city], "regulator")] * 10
    found = []
    for n, (places, role) in enumerate(wanted):
        client = Client()
        client.force_login(makers.make_user(f"用户{n}", places[n % len(places)], role))
        found.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    return found


def use(port: int, session: str, regulator: bool, until: float, took: dict[str, list[float]], seed: int) -> None:
    """One person at work until the time is over."""
    rng = random.Random(seed)
    time.sleep(rng.random() * PAUSE)
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while (begun := time.perf_counter()) < until:
        name = rng.choice([name for name in PAGES if regulator or name != STATISTICS])
        path = PAGES[name].replace("{n:06d}", f"{rng.randrange(FIRST * TIMES):07d}")
        link.request("GET", path.replace("粮油", "%E7%B2%AE%E6%B2%B9"), headers={"Cookie": f"sessionid={session}"})
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}")
        took[name].append(time.perf_counter() - begun)
        time.sleep(max(0.0, begun + PAUSE - time.perf_counter()))


def measure(seconds: float, sessions: list[str]) -> None:
    port = product.free_port()
    command = [sys.executable, "-m", "quanheng.cli", "serve", "--no-worker", "--port", str(port)]
    server = subprocess.Popen([*command, "--data-dir", os.environ["QUANHENG_DATA"]], stdout=subprocess.DEVNULL)
    try:
        product.await_port(port)
        time.sleep(5)
        took: dict[str, list[float]] = {name: [] for name in PAGES}
        until = time.perf_counter() + seconds
        arguments: list[tuple[Any, ...]] = [
            (port, session, n >= 60, until, took, n) for n, session in enumerate(sessions)
        ]
        threads = [threading.Thread(target=use, args=given) for given in arguments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        server.terminate()
        server.wait()
    for name, times in took.items():
        print(f"  {name:20} {product.spread(times)}")
    print(f"  {'lists and search':20} {product.spread([t for n, ts in took.items() if n != STATISTICS for t in ts])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", default="", help="name of a database that stays")
    parser.add_argument("--seconds", type=float, default=120)
    args = parser.parse_args()
    if not product.POSTGRES:
        raise SystemExit("name a server: QUANHENG_BENCH_POSTGRES=postgresql://user@host/postgres")
    product.start("postgresql", product.kept(args.keep) if args.keep else "")
    from quanheng.platform.instruments.models import Instrument

    if not Instrument.objects.exists():
        fill(FIRST)
        multiply()
    measure(args.seconds, people())
    if not args.keep:
        product.drop()


if __name__ == "__main__":
    main()
