"""Many issuers at once: no duplicate number, no unexplained gap, none lost.

    QUANHENG_DATABASE_URL=postgresql://… python benchmarks/issue_parallel.py --issuers 50 --each 200 --data-dir DIR

Uses a fresh data folder and database (``quanheng migrate`` first). Prints one JSON object: rate, numbers, log.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
import uuid
from pathlib import Path


def setup(folder: Path) -> None:
    os.environ["QUANHENG_DATA"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quanheng.platform.project.settings")
    import django

    django.setup()


def prepare() -> uuid.UUID:
    """One institute with its keys."""
    from quanheng.platform.documents.keys import ensure_keys
    from quanheng.platform.kernel.actors import system
    from quanheng.platform.kernel.models import Organisation, Region
    from quanheng.platform.kernel.people import add_organisation

    region, _ = Region.objects.get_or_create(code="990100", defaults={"name": "衡川市", "prefix": "9901"})
    found = Organisation.objects.filter(name="并发测试所").first()
    one = found or add_organisation(actor=system("benchmark"), name="并发测试所", kind="institute", region=region)
    ensure_keys([one])
    return one.pk


def work(institute: uuid.UUID, count: int) -> int:
    """One issuer in a process of its own, with a connection of its own."""
    from quanheng.evidence.content import load
    from quanheng.platform.documents import services
    from quanheng.platform.documents.numbering import numbered, public_url
    from quanheng.platform.kernel import clock
    from quanheng.platform.kernel.actors import system
    from quanheng.platform.kernel.models import Organisation
    from tests.evidence.sample_content import make_data

    organisation, actor, today = Organisation.objects.get(pk=institute), system("benchmark"), clock.today()
    dates = {"issued_on": today, "performed_from": today, "performed_to": today, "valid_until": None}
    for _ in range(count):
        with numbered(organisation=organisation, kind="verification_certificate", on=today, actor=actor) as (
            number,
            code,
        ):
            services.issue(
                content=load(make_data(number=number, public_url=public_url(code), **dates)),
                organisation=organisation,
                owner=None,
                region=None,
                subject_type="benchmark",
                subject_id=uuid.uuid4(),
                actor=actor,
            )
    return count


def judge(before: int, wanted: int, seconds: float) -> dict[str, object]:
    """What the database and the log say afterwards."""
    from django.db.models import Count

    from quanheng.platform.documents import ledger
    from quanheng.platform.documents.models import Document, Leaf, NumberRecord

    ledger.merge_leaves()
    states = dict(NumberRecord.objects.values_list("state").annotate(n=Count("pk")).order_by())
    last = [int(n.rsplit("-", 1)[1]) for n in NumberRecord.objects.values_list("number", flat=True)]
    return {
        "issued": Document.objects.count() - before,
        "wanted": wanted,
        "per_second": round(wanted / seconds, 1),
        "numbers": states,
        "duplicates": len(last) - len(set(last)),
        "unexplained_gaps": max(last) - len(last),
        "leaves": Leaf.objects.count(),
        "unmerged": Leaf.objects.filter(index=None).count(),
        "log_size": ledger.log().size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issuers", type=int, default=50)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--data-dir", type=Path, required=True)
    args = parser.parse_args()
    setup(args.data_dir.resolve())
    from django.db import connection

    from quanheng.platform.documents.models import Document

    institute, before = prepare(), Document.objects.count()
    connection.close()
    if getattr(connection, "pool", None):
        connection.close_pool()
    started = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(args.issuers) as pool:
        pool.starmap(work, [(institute, args.each)] * args.issuers, chunksize=1)
    seconds = time.perf_counter() - started
    print(json.dumps(judge(before, args.issuers * args.each, seconds), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
