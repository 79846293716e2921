"""List and search pages over 100 000 instruments (budget p95 1 s): ``python -m benchmarks.bench_lists [ROWS]``."""

from __future__ import annotations

import random
import subprocess
import sys
import time

from benchmarks import product

PAGES = {
    "first page": "/instruments/",
    "overdue chip": "/instruments/?status=overdue",
    "two characters": "/instruments/?q=粮油",
    "serial": "/instruments/?q=S{n:06d}",
    "page 40": "/instruments/?page=40",
    "sorted by validity": "/instruments/?sort=valid_until",
    "palette": "/search/?q=粮油",
    "districts": "/instruments/districts/",
}


def fill(rows: int) -> object:
    """Instruments over forty shops and four counties, and a regulator of the city."""
    import datetime as dt

    from quanheng.platform.catalog.models import InstrumentCategory
    from quanheng.platform.instruments.models import Instrument
    from quanheng.platform.instruments.services.keeping import fresh_codes, refresh
    from tests.platform import makers

    rng = random.Random(7)
    regions = [makers.make_region(f"99010{n}", f"第{n}县") for n in range(1, 5)]
    words = ["粮油", "副食", "水产", "五金", "百货", "药店", "加油", "供水"]
    owners = [makers.make_organisation(f"{words[n % 8]}商行{n}", region=regions[n % 4]) for n in range(40)]
    category = InstrumentCategory.objects.filter(code="nonautomatic-weighing").first()
    today = dt.date.today()
    codes = fresh_codes(rows)
    batch = []
    for n in range(rows):
        owner = owners[rng.randrange(40)]
        day = today - dt.timedelta(days=rng.randrange(700))
        item = Instrument(
            code=codes[n], organisation=owner, name="电子计价秤", category=category, specification="ACS-30", serial_number=f"S{n:06d}",
            manufacturer="衡川衡器厂", region=owner.region, use="trade", state="in_use", mandatory=True, location=f"{n % 90} 号",
            verified_on=day, valid_until=day + dt.timedelta(days=364), last_verdict="pass",
        )  # fmt: skip
        refresh(item, owner.name)
        batch.append(item)
    Instrument.objects.bulk_create(batch, batch_size=2000)
    bureau = makers.make_organisation("市局", "regulator", region=regions[0].parent)
    return makers.make_user("市监管", bureau, "regulator")


def measure(database: str, rows: int) -> None:
    product.start(database)
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS.append("testserver")
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    client = Client()
    client.force_login(fill(rows))
    rng = random.Random(3)
    print(f"{database}: {rows} instruments")
    for name, address in PAGES.items():
        times = []
        for _ in range(20):
            path = address.format(n=rng.randrange(rows))
            begun = time.perf_counter()
            answer = client.get(path)
            times.append(time.perf_counter() - begun)
            if answer.status_code != 200:
                raise SystemExit(f"{path}: {answer.status_code}")
        print(f"  {name:20} {product.spread(times)}")
    product.drop()


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2:
        measure(sys.argv[2], count)
    else:
        for kind in product.databases():
            subprocess.run(
                [sys.executable, "-m", "benchmarks.bench_lists", str(count), kind], check=True, cwd=product.ROOT
            )
