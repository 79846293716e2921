"""throwaway"""

import re

import pytest
from django.db import transaction
from django.test import Client

from quanheng.platform.kernel import clock
from tests.platform.access.scene import make_scene
from tests.platform.certificates import steps
from tests.platform.web.test_open_addresses import routes


@pytest.mark.django_db
def test_probe():
    with clock.at(steps.TODAY):
        s = make_scene()
        h = s.ours

        def args(route):
            m = {
                "administration/people/<uuid:user_id>": h.cast.verifier.pk,
                "administration/organisations/<uuid": h.cast.institute.pk,
                "notices/": h.notice.pk,
                "law/": 1,
                "catalog/norms": h.task.norm_id,
                "catalog/": h.instrument.category_id,
                "instruments/imports/": h.batch.pk,
                "instruments/": h.instrument.pk,
                "standards/": h.standard.pk,
                "trace/": h.standard.pk,
                "verification/applications": h.task.application_id,
                "verification/tasks": h.task.pk,
                "certificates/records": h.record.pk,
                "certificates/": h.document.pk,
            }
            route = re.sub(r"<slug:kind>", "instruments", route)
            route = re.sub("<int:grant_id>", str(h.grant.pk), route)
            for k, v in m.items():
                if route.startswith(k):
                    return "/" + re.sub(r"<\w+:\w+>", str(v), route, 1)
            return "/" + re.sub(r"<[\w:]+>", "x", route)

        mem = s.members()
        out = []
        for r in routes():
            if r.startswith("accounts/") or r.startswith(("api/",)):
                continue
            line = []
            for name, u in mem.items():
                c = Client(raise_request_exception=False)
                c.force_login(u)
                with transaction.atomic():
                    g = c.get(args(r)).status_code
                    p = c.post(args(r)).status_code
                    transaction.set_rollback(True)
                line.append((name, g, p))
            from collections import defaultdict

            d = defaultdict(list)
            for n, g, p in line:
                d[g, p].append(n)
            out.append(f"{r}: " + " | ".join(f"{k}: {', '.join(v)}" for k, v in d.items()))
        open("/tmp/probe.txt", "w").write("\n".join(out))
