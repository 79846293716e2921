"""The product in a process that forks workers on demand, so that each may be killed without starting Python anew.

``python -m tests.platform.documents.killable`` prepares the folder QUANHENG_DATA and then reads one word a line: ``issue``
and ``merge`` work until killed, ``pending`` dies right after one commit, ``settle`` merges what is left. The
answer is the process id. An issuer writes every number into ACKNOWLEDGED once its transaction has committed.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace


def main() -> None:
    """Prepare, then fork whatever is asked for."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "quanheng.platform.project.settings"
    import django

    django.setup()
    from django.db import connections

    from quanheng.platform.documents.keys import ensure_keys
    from quanheng.platform.kernel import clock
    from quanheng.platform.project import operations
    from tests.platform.cast import make_cast

    with clock.at(dt.date(2020, 1, 1)):
        list(operations.prepare())
        ensure_keys([make_cast().institute])
    for slow in ("pyhanko.sign.signers", "pyhanko.sign.validation", "tests.platform.documents.steps"):
        importlib.import_module(slow)  # so that forked issuers need not load it
    connections.close_all()
    print("prepared", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            work(line.strip())
            os._exit(0)
        print(child, flush=True)
        if line.strip() in ("pending", "settle"):
            os.waitpid(child, 0)
            print("done", flush=True)


def work(role: str) -> None:
    """What a forked process does until it is killed."""
    from quanheng.platform.documents import ledger
    from quanheng.platform.kernel.models import Organisation, User
    from quanheng.platform.kernel.people import actor_of
    from tests.platform.documents.steps import issue_one

    if role == "settle":
        ledger.merge_leaves()
        return
    while role == "merge":
        ledger.merge_leaves()
        time.sleep(0.01)
    if role == "pending":
        ledger.merge_leaves = lambda: os._exit(9)
    cast = SimpleNamespace(
        institute=Organisation.objects.get(name="衡川市计量测试所"),
        shop=Organisation.objects.get(name="东陵商贸有限公司"),
        actor=lambda _: actor_of(User.objects.get(name="郑签发")),
    )
    acknowledged = os.open(Path(os.environ["QUANHENG_DATA"]) / "ACKNOWLEDGED", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while True:
        os.write(acknowledged, f"{issue_one(cast).number}\n".encode())


if __name__ == "__main__":
    main()
