"""From the ledger onward: what goes out as a sheet, what came in leads to its filing, what one act does not reach."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.instruments import views
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.work import keepers
from quanheng.platform.kernel import imports
from quanheng.platform.kernel.models import ImportBatch
from quanheng.platform.kernel.people import actor_of
from tests.platform.cast import Cast
from tests.platform.instruments.test_pages import page, send, upload
from tests.platform.makers import make_category, make_instrument

pytestmark = pytest.mark.django_db


def test_an_exported_ledger_holds_every_national_field_and_comes_in_again(client: Client, cast: Cast) -> None:
    make_instrument(
        cast.shop, serial_number="A0001", serial_to="A0010", quantity=10, origin_place="衡川市", location="二楼",
        parameters={"max": "30", "e": "0.01"}, delivery="on_site", name="𠮷牌秤", installed_on=dt.date(2024, 5, 20),
    )  # fmt: skip
    client.force_login(cast.keeper)
    answer = client.get(reverse("instruments:list") + "?export=xlsx")
    data = answer.getvalue()
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
    line = dict(zip(rows[0], rows[1], strict=True))
    wanted = {
        "器具名称": "𠮷牌秤",
        "出厂编号": "A0001",
        "止编号": "A0010",
        "产地": "衡川市",
        "数量": 10,
        "用途": "贸易结算",
    }
    wanted |= {"送检方式": "现场检定", "使用单位": cast.shop.name, "计量参数": "e=0.01; max=30", "状态": "未见检定"}
    assert {key: line[key] for key in wanted} == wanted
    Instrument.objects.update(state="scrapped")
    imports.apply(
        actor=actor_of(cast.keeper),
        batch=imports.preview(
            actor=actor_of(cast.keeper), kind="instruments", organisation=cast.shop, data=data, name="台账.xlsx"
        )[0],
    )
    again = Instrument.objects.get(state="draft")
    same = (
        "name",
        "serial_number",
        "serial_to",
        "quantity",
        "origin_place",
        "location",
        "parameters",
        "delivery",
        "use",
    )
    old = Instrument.objects.get(state="scrapped")
    assert [getattr(again, name) for name in same] == [getattr(old, name) for name in same]


def test_what_came_in_leads_on_to_its_filing_and_waits_in_the_queue_till_then(client: Client, cast: Cast) -> None:
    answer = upload(client, cast, [["秤", "电子秤", "X1", "贸易结算"], ["秤", "电子秤", "X2", "贸易结算"]])
    send(client, cast.keeper, answer.url, {"do": "apply"})
    listed = f"{reverse('instruments:list')}?import={ImportBatch.objects.get().pk}&state=draft"
    said = page(client, cast.keeper, answer.url)
    assert "查看并提交备案" in said
    assert listed.replace("&", "&amp;") in said
    waiting = {g.key: g.count for g in keepers(actor_of(cast.keeper))}
    assert waiting["instruments.drafts"] == 2
    send(client, cast.keeper, listed, {"batch": "file", "whole": "yes"})
    assert "查看并提交备案" not in page(client, cast.keeper, answer.url)
    assert {g.key: g.count for g in keepers(actor_of(cast.keeper))}["instruments.drafts"] == 0


def test_what_one_act_does_not_reach_is_said(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST", 2)
    make_category()
    for n in range(5):
        make_instrument(cast.shop, serial_number=f"M{n}", state="draft")
    url = reverse("instruments:list")
    client.force_login(cast.keeper)
    said = client.post(url, {"batch": "file", "whole": "yes"}, follow=True).content.decode()
    assert "已提交 2 台备案" in said
    assert "一次办理 2 台,其余 3 台请再办一次" in said
    assert Instrument.objects.filter(state="filing").count() == 2
    assert "一次最多 2 台" in client.post(url, {"batch": "label", "whole": "yes"}, follow=True).content.decode()
    Instrument.objects.update(state="filing")
    client.force_login(cast.regulator)
    done = client.post(reverse("instruments:filings"), {"batch": "confirm", "whole": "yes"}, follow=True)
    assert "其余 3 台请再办一次" in done.content.decode()
    assert Instrument.objects.filter(state="in_use").count() == 2
