"""An instrument without a certificate in the graph stands outside the chain; one whose chain broke is broken."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from argparse import Namespace
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.cli import trace as trace_verb
from quanheng.platform.instruments.queries import chain_states, visible
from quanheng.platform.kernel import clock
from quanheng.platform.standards.services import enter_upper_certificate
from quanheng.platform.trace.services import record_certificate, register_item
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def entered(cast: Cast, *, standards: list[uuid.UUID] | None = None) -> uuid.UUID:
    """An instrument of the shop in the graph, with a certificate where standards are named."""
    item = makers.make_instrument(cast.shop, verified_on=dt.date(2026, 6, 1), valid_until=dt.date(2027, 5, 31))
    register_item(
        kind="instrument", id=item.pk, label=str(item), organisation=cast.shop, region=item.region, actor=makers.SYSTEM
    )
    if standards is not None:
        uses = [{"standard_id": s, "used_on": dt.date(2026, 6, 1), "u_ratio": 0.2} for s in standards]
        record_certificate(
            item_id=item.pk,
            document_id=uuid.uuid4(),
            number="C-1",
            issuer_name="衡川市计量测试所",
            basis="proven",
            valid_from=dt.date(2026, 6, 1),
            valid_to=dt.date(2027, 5, 31),
            uses=uses,
            actor=makers.SYSTEM,
        )
    return item.pk


def test_no_certificate_in_the_graph_is_grey_and_a_broken_chain_is_red(cast: Cast) -> None:
    loose = makers.make_standard(cast.institute, makers.make_norm())
    outside, broken, whole = (
        entered(cast),
        entered(cast, standards=[loose.pk]),
        entered(cast, standards=[steps.make_root()]),
    )
    rows = list(visible(cast.actor("keeper")))
    tones = {pk: status.tone for pk, status in chain_states(rows).items()}
    assert (tones[outside], tones[broken], tones[whole]) == ("off", "bad", "ok")


def test_the_chain_page_says_why_nothing_is_known(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.keeper)
    page = client.get(reverse("instruments:instrument", args=[entered(cast)]), {"tab": "chain"}).content.decode()
    assert "未入溯源链" in page
    assert "下次检定后入链" in page
    assert "alert-danger" not in page


def test_one_certificate_is_drawn_once_with_all_its_standards(cast: Cast) -> None:
    first, second = (steps.make_weights(cast, number=f"LX-{n}") for n in (1, 2))
    client = Client()
    client.force_login(cast.keeper)
    item = entered(cast, standards=[first.pk, second.pk])
    page = client.get(reverse("instruments:instrument", args=[item]), {"tab": "chain"}).content.decode()
    drawing = page.split('class="trace-chain"')[1].split("</ol>")[0]
    assert drawing.count("C-1") == 1
    assert drawing.count('class="trace-uses"') == 3
    assert str(first) in drawing
    assert str(second) in drawing


@pytest.mark.parametrize("query", [{}, {"sort": "valid_until"}, {"sort": "-valid_until"}])
def test_rows_without_a_date_stand_last(cast: Cast, query: dict[str, str]) -> None:
    never = makers.make_instrument(cast.shop, serial_number="NEVER")
    makers.make_instrument(cast.shop, serial_number="LATE", valid_until=dt.date(2027, 5, 31))
    makers.make_instrument(cast.shop, serial_number="SOON", valid_until=dt.date(2026, 11, 30))
    client = Client()
    client.force_login(cast.keeper)
    page = client.get(reverse("instruments:list"), query).content.decode()
    order = ("LATE", "SOON", "NEVER") if query.get("sort", "").startswith("-") else ("SOON", "LATE", "NEVER")
    places = [page.index(serial) for serial in order]
    assert places == sorted(places)
    assert never.valid_until is None


def test_the_audit_does_not_count_bare_history_as_broken(cast: Cast) -> None:
    loose = makers.make_standard(cast.institute, makers.make_norm())
    entered(cast)
    entered(cast, standards=[loose.pk])
    client = Client()
    client.force_login(cast.regulator)
    page = client.get(reverse("trace:audit")).content.decode()
    figures = dict(re.findall(r"(未入溯源链|断开)[^<]*</[^>]+>.*?>(\d+)<", page.split("断开的原因")[0], re.S))
    assert figures == {"未入溯源链": "1", "断开": "2"}  # the item, and the standard that no certificate vouches for


def test_the_shell_speaks_of_chains_by_name_and_number(
    cast: Cast, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = steps.make_weights(cast, number="LX-77")
    item = entered(cast, standards=[weights.pk])
    monkeypatch.setattr(trace_verb, "setup", lambda _folder: None)
    ask = Namespace(action="prove", item=str(item), at=steps.TODAY, json=False, data_dir=None)
    assert trace_verb.run(ask) == 0
    span = {"since": dt.date(2026, 1, 1), "until": dt.date(2026, 12, 31)}
    assert trace_verb.run(Namespace(action="recall", standard=str(weights.pk), json=False, data_dir=None, **span)) == 0
    said = capsys.readouterr().out
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", said), said
    for words in ("C-1", "LX-77", "国家质量基准", weights.name, "holds on 2026-10-12"):
        assert words in said, said


def test_an_old_upper_certificate_is_not_red_once_a_new_one_holds(cast: Cast) -> None:
    weights = steps.make_weights(cast, number="LX-NEW")
    enter_upper_certificate(
        actor=makers.SYSTEM,
        standard=weights,
        number="LX-OLD",
        issuer_name="省计量院",
        valid_from=dt.date(2024, 1, 1),
        valid_to=dt.date(2025, 1, 1),
        uses=[{"standard_id": steps.make_root(), "used_on": dt.date(2024, 1, 1), "u_ratio": 0.2}],
    )
    client = Client()
    client.force_login(cast.manager)
    page = client.get(reverse("standards:standard", args=[weights.pk])).content.decode()
    old = page[page.index("LX-OLD") :].split("</tr>")[0]
    assert "已有新证书" in old
    assert "超期" not in old
