"""The pages of law, comparison, catalogue and norms, as different people see them."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.catalog.models import InstrumentCategory, Norm
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import system
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.services import load_library
from tests.platform.cast import Cast

pytestmark = pytest.mark.django_db
LISTS = ("law:items", "law:coverage", "catalog:categories", "catalog:norms")


@pytest.fixture
def visitor(cast: Cast, client: Client) -> Client:
    """An enterprise's keeper, signed in, with the law loaded."""
    load_library(actor=system("test"))
    client.force_login(cast.keeper)
    return client


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def item_page(**fields: str) -> str:
    return LawItem.objects.get(**fields).get_absolute_url()


def test_strangers_are_kept_out_of_every_page(client: Client) -> None:
    load_library(actor=system("test"))
    pages = [reverse(name) for name in LISTS]
    pages += [model.objects.all()[0].get_absolute_url() for model in (LawItem, InstrumentCategory, Norm)]
    for url in pages:
        assert client.get(url).status_code in (302, 403), url


def test_every_list_opens_filters_and_exports(visitor: Client) -> None:
    for name in LISTS:
        page = text(visitor, reverse(name))
        assert "<table" in page
        assert "共 0 条" in text(visitor, reverse(name) + "?q=zzzzzz")
        book = openpyxl.load_workbook(io.BytesIO(visitor.get(reverse(name) + "?export=xlsx").getvalue()))
        sheet = book.active
        assert sheet is not None
        assert sheet.max_row > 50


def test_items_are_filtered_by_kind_region_day_and_mark(visitor: Client) -> None:
    base = reverse("law:items")
    page = text(visitor, f"{base}?kind=time_limit&region_code=330000")
    assert "浙江省" in page
    assert "重庆" not in page.split('id="list"')[1]
    assert "共 0 条" in text(visitor, f"{base}?kind=norm&on=2027-01-07&q=JJG+1204")
    assert "共 1 条" in text(visitor, f"{base}?kind=norm&on=2027-01-08&q=JJG+1204")
    ended = text(visitor, f"{base}?kind=energy_metering&on=2026-02-01")
    assert "共 1 条" in ended, "only the new edition's one line is in force"
    assert "共 0 条" in text(visitor, f"{base}?kind=net_content_tolerance&verified=no&on=2026-02-01&region_code=CN")


def test_a_wrong_date_in_the_address_is_named_and_shows_nothing(visitor: Client) -> None:
    page = text(visitor, reverse("law:items") + "?on=2026-02-30")
    assert "invalid-feedback" in page
    assert "共 0 条" in page


def test_an_item_shows_all_values_its_source_and_that_it_is_unverified(visitor: Client) -> None:
    page = text(visitor, item_page(kind="energy_conversion", code="fresh-water", edition="GB/T 2589-2020"))
    for words in ("0.2571", "kgce/t", "未核实", "huatuo6.cn", "GB/T 2589-2008", "qh-unverified"):
        assert words in page
    checked = text(visitor, item_page(kind="emission_factor", code="grid.china.average", edition="2023"))
    assert "0.5306" in checked
    assert "qh-unverified" not in checked


def test_a_value_seen_in_one_source_only_carries_the_badge_too(visitor: Client) -> None:
    page = text(visitor, item_page(kind="verification_period", code="JJG 443", edition="2023"))
    assert "一处来源" in page
    assert "qh-unverified" in page


def test_a_calendar_shows_its_days(visitor: Client) -> None:
    page = text(visitor, item_page(kind="working_calendar", edition="2026"))
    assert "2026-02-14" in page
    assert "上班" in page


def test_an_item_shows_when_it_was_loaded_and_by_whom(visitor: Client) -> None:
    page = text(visitor, item_page(kind="norm", code="JJG 539"))
    assert "载入" in page
    assert "test" in page


def test_a_category_shows_duty_norms_and_periods_with_badges(visitor: Client) -> None:
    page = text(visitor, InstrumentCategory.objects.get(code="water-meter").get_absolute_url())
    for words in ("生活用", "首次强制检定,限期使用", "JJG 162-2019", "DN≤25", "72", "贸易结算"):
        assert words in page
    scale = text(visitor, InstrumentCategory.objects.get(code="nonautomatic-weighing").get_absolute_url())
    assert "JJG-539-2016" in scale
    assert "qh-unverified" in scale


def test_a_norm_shows_its_state_on_the_day_of_reading(visitor: Client) -> None:
    url = Norm.objects.get(number="JJG 1204-2025").get_absolute_url()
    with clock.at(dt.date(2026, 11, 22)):
        assert "已发布未实施" in text(visitor, url)
    with clock.at(dt.date(2027, 1, 8)):
        assert "已发布未实施" not in text(visitor, url).split("qh-head")[1].split("</h1>")[0]
    assert "JJG 225-2024" in text(visitor, Norm.objects.get(number="JJG 225-2001").get_absolute_url())


def test_norms_are_filtered_by_state(visitor: Client) -> None:
    with clock.at(dt.date(2026, 11, 22)):
        announced = text(visitor, reverse("catalog:norms") + "?state=announced")
        withdrawn = text(visitor, reverse("catalog:norms") + "?state=withdrawn&q=JJG+443")
    assert "共 1 条" in announced
    assert "JJG 443-2015" in withdrawn
    assert "JJG 443-2023" in withdrawn, "named as what replaced it"


def test_the_comparison_lists_every_capability_and_counts_them(visitor: Client) -> None:
    page = text(visitor, reverse("law:coverage"))
    assert "共 402 条" in page
    assert "诚信计量示范体系" in page
    assert "共 402 条" not in text(visitor, reverse("law:coverage") + "?module=CRD")


def test_pages_that_do_not_exist_say_so(visitor: Client) -> None:
    for name in ("law:item", "catalog:category", "catalog:norm"):
        assert visitor.get(reverse(name, args=[999999])).status_code == 404


def test_an_empty_law_says_what_to_do(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    assert "load_library" in text(client, reverse("law:items"))


def test_the_pages_speak_english(visitor: Client) -> None:
    visitor.cookies["django_language"] = "en"
    page = text(visitor, reverse("catalog:categories"))
    assert "Fuel dispenser" in page
