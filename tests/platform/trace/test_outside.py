"""An instrument without a certificate in the graph stands outside the chain; one whose chain broke is broken."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.instruments.queries import chain_states, visible
from quanheng.platform.kernel import clock
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


@pytest.mark.parametrize("query", [{}, {"sort": "valid_until"}])
def test_rows_without_a_date_stand_last(cast: Cast, query: dict[str, str]) -> None:
    never = makers.make_instrument(cast.shop, serial_number="NEVER")
    makers.make_instrument(cast.shop, serial_number="LATE", valid_until=dt.date(2027, 5, 31))
    makers.make_instrument(cast.shop, serial_number="SOON", valid_until=dt.date(2026, 11, 30))
    client = Client()
    client.force_login(cast.keeper)
    page = client.get(reverse("instruments:list"), query).content.decode()
    places = [page.index(serial) for serial in ("SOON", "LATE", "NEVER")]
    assert places == sorted(places)
    assert never.valid_until is None
