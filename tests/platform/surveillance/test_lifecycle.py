"""One page shows how far transformers, meters and piles are, and each meter has its own life on its page."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.surveillance import lifecycle, replacing
from quanheng.platform.surveillance.models import AreaMeter
from tests.platform import makers
from tests.platform.surveillance.test_charging import window
from tests.platform.surveillance.test_replacing import DAY, confirmed

pytestmark = pytest.mark.django_db
PAGE = "/surveillance/lifecycle/"


def test_a_transformer_a_meter_and_a_pile_stand_on_one_page_each_with_how_far_it_is():
    utility, check = confirmed()
    norm = makers.make_norm("JJG 1148-2022", title="电动汽车交流充电桩")
    for code, serial in (("instrument-transformer", "HGQ-1"), ("charging-pile", "ZD-1")):
        category = makers.make_category(code, norm)
        makers.make_instrument(
            utility.organisation, category=category, serial_number=serial, state="in_use",
            verified_on=dt.date(2025, 5, 1),
        )  # fmt: skip
    stages = {i.serial_number: lifecycle.stage(i) for i in lifecycle.rows(utility.actor("regulator"))}
    assert stages == {"HGQ-1": "已检定", "ZD-1": "已检定", check.meter.meter_id: "待更换"}
    page = window(utility.regulator).get(PAGE).content.decode()
    for words in ("HGQ-1", "ZD-1", check.meter.meter_id, "互感器", "充电桩", "核查属实", check.meter.area.code):
        assert words in page
    only = window(utility.keeper).get(f"{PAGE}?kind=charging-pile").content.decode()
    assert "ZD-1" in only
    assert "HGQ-1" not in only
    replace = window(utility.keeper).get(f"{PAGE}?stage=replace").content.decode()
    assert check.meter.meter_id in replace
    assert "ZD-1" not in replace
    assert "ZD-1" not in window(utility.rival).get(PAGE).content.decode()


def test_after_the_replacement_the_old_meter_is_at_its_end_and_the_new_one_at_its_beginning():
    utility, check = confirmed()
    replacing.replace_meter(actor=utility.actor("keeper"), check=check, on=DAY, new_meter_id="DB26000777")
    stages = {i.serial_number: lifecycle.stage(i) for i in lifecycle.rows(utility.actor("keeper"))}
    assert stages == {check.meter.meter_id: "已报废", "DB26000777": "监测中"}


def test_the_page_of_a_meter_tells_its_life_even_where_it_is_one_of_a_lot():
    utility, check = confirmed()
    category = check.meter.instrument.category
    lot = makers.make_instrument(
        utility.organisation, category=category, serial_number="DB26000700", serial_to="DB26000799", quantity=100,
        state="in_use", verified_on=dt.date(2025, 5, 1), valid_until=dt.date(2033, 4, 30),
    )  # fmt: skip
    replacing.replace_meter(actor=utility.actor("keeper"), check=check, on=DAY, new_meter_id="DB26000777")
    assert AreaMeter.objects.get(meter_id="DB26000777").instrument == lot
    new = window(utility.keeper).get(AreaMeter.objects.get(meter_id="DB26000777").get_absolute_url()).content.decode()
    for words in ("全生命周期", "所在批次检定", "有效期至 2033-04-30", "安装"):
        assert words in new
    old = window(utility.keeper).get(check.meter.get_absolute_url()).content.decode()
    for words in ("状态评价", check.number, "拆除"):
        assert words in old
