"""Which norm a task is done by."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.kernel.actors import system
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.law.services import load_library
from quanheng.platform.verification.services import choose_norm, create_application, norm_for, submit_application
from tests.platform import makers
from tests.platform.cast import Cast

TODAY = dt.date(2026, 10, 12)


@pytest.mark.parametrize(("name", "number"), [("交流充电桩", "JJG 1148-2022"), ("直流充电机", "JJG 1149-2022")])
def test_the_norm_that_names_the_instrument_comes_first(cast: Cast, name: str, number: str) -> None:
    category = makers.make_category("charging-pile", makers.make_norm("JJG 1148-2022", instrument="交流充电桩"))
    category.norms.add(makers.make_norm("JJG 1149-2022", instrument="直流充电机"))
    chosen = norm_for(makers.make_instrument(cast.shop, category=category, name=name), TODAY)
    assert chosen is not None
    assert chosen.number == number


CHOSEN = {
    "nonautomatic-weighing": {
        "电子计价秤": "JJG 539-2016",
        "条码秤": "JJG 539-2016",
        "电子汽车衡": "JJG 1118-2015",
        "案秤": "JJG 14-2016",
    },
    "water-meter": {"热水水表": "JJG 686-2015", "水平螺翼式水表": "JJG 162-2019"},
    "pressure-gauge": {
        "精密压力表": "JJG 49-2013",
        "数字压力计": "JJG 875-2019",
        "弹簧管压力表": "JJG 52-2013",
    },
    "electricity-meter": {"直流电能表": "JJG 842-2017", "单相智能电能表": "JJG 596-2012"},
    "charging-pile": {
        "交流充电桩": "JJG 1148-2022",
        "直流充电桩": "JJG 1149-2022",
        "非车载充电机": "JJG 1149-2022",
    },
}


def test_the_norms_of_the_library_are_chosen_by_the_name_of_the_instrument(cast: Cast) -> None:
    load_library(actor=system("test"))
    for code, names in CHOSEN.items():
        category = InstrumentCategory.objects.get(code=code)
        for name, number in names.items():
            chosen = norm_for(makers.make_instrument(cast.shop, category=category, name=name), TODAY)
            assert chosen is not None
            assert chosen.number == number, name


def test_the_desk_chooses_another_norm_before_anybody_is_at_work(cast: Cast, client: Client) -> None:
    first, other = makers.make_norm("JJG 539-2016"), makers.make_norm("JJG 555-1996", instrument="非自动秤")
    category = makers.make_category("scales-of-two-norms", norm=first)
    category.norms.add(other)
    stranger = makers.make_norm("JJG 443-2023")
    scale = makers.make_instrument(cast.shop, category=category)
    made = create_application(
        actor=cast.actor("keeper"),
        organisation=cast.shop,
        institute=cast.institute,
        instruments=[scale],
        delivery="sent_in",
    )
    task = made.tasks.get()
    address = f"/verification/tasks/{task.pk}/norm/"
    client.force_login(cast.keeper)
    assert client.get(address).status_code in {403, 404}
    submit_application(actor=cast.actor("keeper"), application=made)
    client.force_login(cast.receptionist)
    page = client.get(address).content.decode()
    assert "JJG 555-1996" in page
    assert "JJG 443-2023" not in page
    makers.make_authorisation(cast.institute, other)
    told = client.post(address, {"norm": other.pk}, follow=True).content.decode()
    assert "检定规程已改为 JJG 555-1996" in told
    assert "JJG 539-2016 → JJG 555-1996" in told
    task.refresh_from_db()
    assert task.norm == other
    assert choose_norm(actor=cast.actor("receptionist"), task=task, norm=other).version == task.version
    assert AuditEvent.objects.filter(verb="tasks.norm_chosen").count() == 1
    with pytest.raises(Refused):
        choose_norm(actor=cast.actor("receptionist"), task=task, norm=stranger)


def test_a_norm_not_yet_in_force_is_left_out(cast: Cast) -> None:
    later = makers.make_norm("JJG 1204-2025", in_force_from=dt.date(2027, 1, 8))
    category = makers.make_category("future-scale", norm=later)
    assert norm_for(makers.make_instrument(cast.shop, category=category), TODAY) is None


def test_a_norm_outside_the_institutes_authorisation_is_refused_in_the_form(cast: Cast, client: Client) -> None:
    other = makers.make_norm("JJG 555-1996", instrument="非自动秤")
    category = makers.make_category("scales-of-two-norms", norm=makers.make_norm("JJG 539-2016"))
    category.norms.add(other)
    made = create_application(
        actor=cast.actor("keeper"), organisation=cast.shop, institute=cast.institute,
        instruments=[makers.make_instrument(cast.shop, category=category)], delivery="sent_in",
    )  # fmt: skip
    submit_application(actor=cast.actor("keeper"), application=made)
    task = made.tasks.get()
    client.force_login(cast.receptionist)
    answer = client.post(f"/verification/tasks/{task.pk}/norm/", {"norm": other.pk})
    assert answer.status_code == 422
    assert "不在本机构授权项目内" in answer.content.decode()
    task.refresh_from_db()
    assert task.norm != other
