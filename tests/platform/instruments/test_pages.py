"""The ledger's pages, as different people see and use them."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from quanheng.evidence.rendering import fonts
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.queries import percent
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import ImportBatch, User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.sheets import write_xlsx
from quanheng.platform.trace.models import TraceNode
from tests.platform.cast import Cast
from tests.platform.makers import make_category, make_instrument, make_organisation, make_region

pytestmark = pytest.mark.django_db
HEADERS = ["器具名称", "项别/种别", "出厂编号", "用途"]


def page(client: Client, user: User, url: str, status: int = 200, **headers: str) -> str:
    client.force_login(user)
    answer = client.get(url, headers=headers)
    assert answer.status_code == status, (url, answer.status_code)
    return b"".join(answer).decode() if answer.streaming else answer.content.decode(errors="replace")  # type: ignore[call-overload, attr-defined]


def send(client: Client, user: User, url: str, data: dict[str, Any], status: int = 302) -> Any:
    client.force_login(user)
    answer = client.post(url, data)
    assert answer.status_code == status, (url, answer.status_code, answer.content.decode(errors="replace")[:2000])
    return answer


def upload(client: Client, cast: Cast, rows: list[list[str]], **fields: str) -> Any:
    make_category()
    file = SimpleUploadedFile("台账.xlsx", fields.pop("raw", None) or write_xlsx(HEADERS, rows))  # type: ignore[arg-type]
    data = {"organisation": str(cast.shop.pk), "file": file, **fields}
    client.force_login(cast.keeper)
    return client.post(reverse("instruments:import", args=["instruments"]), data)


def every_address(item: Instrument) -> list[str]:
    names = ("instrument", "preview", "edit", "move", "label")
    return [
        reverse("instruments:list"),
        reverse("instruments:imports"),
        reverse("instruments:add"),
        *(reverse(f"instruments:{n}", args=[item.pk]) for n in names),
        reverse("instruments:step", args=[item.pk]) + "?step=stop",
    ]


def test_the_list_shows_status_owner_certificate_and_counts(client: Client, cast: Cast) -> None:
    today = clock.today()
    make_instrument(
        cast.shop,
        location="三号台",
        verified_on=today,
        valid_until=today + dt.timedelta(days=12),
        last_verdict="pass",
        last_document_number="衡检 1",
    )
    make_instrument(cast.shop)
    text = page(client, cast.keeper, reverse("instruments:list"))
    for words in ("待检(30 天内)", "剩 12 天", "衡检 1", "三号台", "未见检定", "共 2 条"):
        assert words in text
    due = page(client, cast.keeper, reverse("instruments:list") + "?status=due")
    assert "共 1 条" in due


def test_the_list_searches_filters_and_exports_what_is_filtered(client: Client, cast: Cast) -> None:
    make_instrument(cast.shop, serial_number="A1", search="dzjjc a1")
    make_instrument(cast.shop, serial_number="B2", search="b2", use="medical")
    url = reverse("instruments:list")
    assert "共 1 条" in page(client, cast.keeper, url + "?q=dzjjc")
    assert "共 1 条" in page(client, cast.keeper, url + "?use=medical")
    assert "共 2 条" in page(client, cast.keeper, url + "?mandatory=yes")
    assert "共 0 条" in page(client, cast.keeper, url + "?valid_until_max=2020-01-01")
    client.force_login(cast.keeper)
    book = openpyxl.load_workbook(io.BytesIO(client.get(url + "?q=a1&export=xlsx").getvalue()))
    assert book.active.max_row == 2


def test_a_stranger_finds_nothing_at_any_address(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop)
    for user in (cast.rival_keeper, cast.other_regulator, cast.verifier):
        assert "共 0 条" in page(client, user, reverse("instruments:list"))
        for url in every_address(item)[3:]:
            client.force_login(user)
            assert client.get(url).status_code == 404, url
            assert client.post(url, {"step": "stop", "reason": "x"}).status_code in (404, 405), url
    client.force_login(cast.nobody)
    for url in every_address(item):
        assert client.get(url).status_code in (403, 404), url
    client.logout()
    for url in every_address(item):
        assert client.get(url).status_code in (302, 403, 404), url
    assert Instrument.objects.get().state == "in_use"


def test_a_regulator_sees_but_does_not_keep(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop)
    assert item.serial_number in page(client, cast.regulator, reverse("instruments:instrument", args=[item.pk]))
    for name in ("edit", "move"):
        page(client, cast.regulator, reverse(f"instruments:{name}", args=[item.pk]), 403)
    page(client, cast.regulator, reverse("instruments:add"), 403)


def test_every_tab_of_an_instrument_opens(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop)
    url = reverse("instruments:instrument", args=[item.pk])
    for tab, words in (
        ("overview", "衡川衡器厂"),
        ("timeline", ""),
        ("certificates", "还没有证书"),
        ("chain", "备案确认后"),
    ):
        assert words in page(client, cast.keeper, f"{url}?tab={tab}")
    TraceNode.objects.create(pk=item.pk, kind="instrument", label="秤")
    assert "未入溯源链" in page(client, cast.keeper, f"{url}?tab=chain")
    assert "未入溯源链" in page(client, cast.keeper, url)
    assert "未入链" in page(client, cast.keeper, reverse("instruments:list"))


def test_the_preview_is_a_part_without_frame(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop)
    text = page(client, cast.keeper, reverse("instruments:preview", args=[item.pk]))
    assert "未见检定" in text
    assert "<html" not in text


def test_an_instrument_is_entered_with_the_parameters_of_its_procedure(client: Client, cast: Cast) -> None:
    category = make_category()
    url = reverse("instruments:add")
    part = page(
        client, cast.keeper, f"{url}?category={category.pk}", **{"HX-Request": "true", "HX-Target": "parameters"}
    )
    assert 'name="p_max"' in part
    assert "<html" not in part
    data = {
        "organisation": str(cast.shop.pk),
        "name": "电子计价秤",
        "category": str(category.pk),
        "serial_number": "N-1",
        "region": cast.shop.region_id,
        "use": "trade",
        "delivery": "sent_in",
        "p_max": "30.000",
        "p_e": "0.010",
    }
    send(client, cast.keeper, url, data)
    item = Instrument.objects.get()
    assert (item.parameters["max"], item.parameters["e"], item.mandatory) == ("30.000", "0.010", True)
    again = send(client, cast.keeper, url, data, 422).content.decode()
    assert "重复" in again
    assert "N-1" in again


def test_editing_keeps_what_was_typed_and_names_what_is_fixed(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop)
    url = reverse("instruments:edit", args=[item.pk])
    base = {
        "name": item.name,
        "category": str(item.category_id),
        "region": item.region_id,
        "use": "trade",
        "delivery": "sent_in",
        "manufacturer": item.manufacturer,
        "p_max": "30",
    }
    text = send(client, cast.keeper, url, {**base, "serial_number": "OTHER"}, 422).content.decode()
    assert "备案后不能直接修改" in text
    send(client, cast.keeper, url, {**base, "serial_number": item.serial_number, "location": "二楼"}, 422)
    kept = {n: getattr(item, n) for n in ("specification", "measuring_range", "accuracy_class", "serial_number")}
    typed = {**kept, **{f"p_{k}": v for k, v in item.parameters.items()}, "origin_place": "示范省"}
    send(client, cast.keeper, url, {**base, **typed})
    assert Instrument.objects.get().origin_place == "示范省"


def test_life_steps_ask_for_a_reason_and_leave_a_timeline(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop)
    url = reverse("instruments:step", args=[item.pk])
    assert "报停" in page(client, cast.keeper, f"{url}?step=stop")
    send(client, cast.keeper, url, {"step": "stop", "reason": ""}, 422)
    send(client, cast.keeper, url, {"step": "stop", "reason": "停业装修"})
    send(client, cast.keeper, url, {"step": "restart", "reason": ""}, 422)
    send(client, cast.keeper, url, {"step": "restart", "reason": "恢复营业"})
    assert "原检定即失效" in page(client, cast.keeper, f"{url}?step=send_to_repair")
    text = page(client, cast.keeper, reverse("instruments:instrument", args=[item.pk]) + "?tab=timeline")
    assert "停业装修" in text
    assert "恢复营业" in text
    assert "钱掌柜" in text
    page(client, cast.keeper, f"{url}?step=delete", 404)


def test_a_move_is_told_in_the_names_of_the_form(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop, verified_on=dt.date(2026, 1, 5), last_verdict="pass")
    url = reverse("instruments:move", args=[item.pk])
    send(client, cast.keeper, url, {"region": item.region_id, "location": "二楼", "reason": "柜台调整"})
    text = page(client, cast.keeper, reverse("instruments:instrument", args=[item.pk]) + "?tab=timeline")
    assert "→ 二楼" in text
    assert "state:" not in text
    assert "invalidated on" not in text


def test_what_was_scrapped_is_not_asked_to_be_verified_again(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop, verified_on=dt.date(2026, 1, 5), last_verdict="pass")
    send(client, cast.keeper, reverse("instruments:step", args=[item.pk]), {"step": "scrap", "reason": "锈蚀"})
    text = page(client, cast.keeper, reverse("instruments:instrument", args=[item.pk]))
    assert "已报废" in text
    assert "须重新检定" not in text


def test_a_move_to_another_county_waits_for_its_filing(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop)
    there = make_region("990102", "北原县")
    url = reverse("instruments:move", args=[item.pk])
    send(client, cast.keeper, url, {"region": there.pk, "location": "新店", "reason": "搬迁"})
    assert Instrument.objects.get().state == "filing"
    assert item.serial_number in page(client, cast.other_regulator, reverse("instruments:filings"))
    text = page(client, cast.keeper, reverse("instruments:instrument", args=[item.pk]) + "?tab=timeline")
    assert "行政区划:东陵县 → 北原县" in text
    assert "990102" not in text


def test_the_timeline_of_a_move_says_civil_times_and_names(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop, filed_at=dt.datetime(2026, 1, 5, 19, 42, 56, 90311, dt.UTC))
    there = make_region("990102", "北原县")
    url = reverse("instruments:move", args=[item.pk])
    send(client, cast.keeper, url, {"region": there.pk, "location": "新店", "reason": "搬迁"})
    text = page(client, cast.keeper, reverse("instruments:instrument", args=[item.pk]) + "?tab=timeline")
    assert "备案时间:2026-01-06 03:42 → —" in text
    assert "+00:00" not in text


def test_a_correction_is_told_by_labels_and_without_what_a_program_keeps(client: Client, cast: Cast) -> None:
    item = make_instrument(cast.shop, state="draft", delivery="sent_in")
    actor = actor_of(cast.keeper)
    services.edit_instrument(
        actor=actor, instrument=item, delivery="on_site", parameters={**item.parameters, "e": "0.02"}
    )
    text = page(client, cast.keeper, reverse("instruments:instrument", args=[item.pk]) + "?tab=timeline")
    assert "送检方式:送检 → 现场检定" in text
    assert "计量参数" in text
    assert "0.02" not in text.split("计量参数")[1]


def test_filings_are_confirmed_and_returned_in_batch(client: Client, cast: Cast) -> None:
    items = [make_instrument(cast.shop, state="draft") for _i in range(3)]
    listed, queue = reverse("instruments:list"), reverse("instruments:filings")
    send(client, cast.keeper, listed, {"batch": "file", "pk": [str(i.pk) for i in items]})
    assert "共 3 条" in page(client, cast.regulator, queue)
    send(client, cast.regulator, queue, {"batch": "confirm", "pk": [str(items[0].pk), str(items[1].pk)]})
    answer = send(client, cast.regulator, queue, {"batch": "return", "pk": [str(items[2].pk)]})
    assert items[2].serial_number in page(client, cast.regulator, answer.url)
    send(client, cast.regulator, answer.url, {"reason": "用途不清"})
    assert sorted(Instrument.objects.values_list("state", flat=True)) == ["draft", "in_use", "in_use"]
    assert "被退回的备案" in page(client, cast.keeper, "/")
    page(client, cast.keeper, queue, 403)
    send(client, cast.keeper, queue, {"batch": "confirm", "pk": [str(items[2].pk)]}, 403)


@pytest.mark.skipif(not fonts.installed(), reason="fonts are absent: run `make assets`")
def test_labels_are_printed_for_one_and_for_many(client: Client, cast: Cast) -> None:
    items = [make_instrument(cast.shop, name="𠮷牌电子秤") for _i in range(2)]
    batch = {"batch": "label", "pk": [str(i.pk) for i in items]}
    assert send(client, cast.keeper, reverse("instruments:list"), batch, 200).content[:5] == b"%PDF-"
    client.force_login(cast.keeper)
    assert client.get(reverse("instruments:label", args=[items[0].pk])).content[:5] == b"%PDF-"


def test_chosen_rows_lead_to_application_export_and_transfer(client: Client, cast: Cast) -> None:
    item, branch = make_instrument(cast.shop), make_organisation("二店", parent=cast.shop)
    url = reverse("instruments:list")
    applied = send(client, cast.keeper, url, {"batch": "act-apply", "pk": [str(item.pk)]})
    assert applied.url == f"{reverse('verification:apply')}?i={item.pk}"
    client.force_login(cast.keeper)
    assert client.post(url, {"batch": "export", "pk": [str(item.pk)]}).getvalue()[:2] == b"PK"
    answer = send(client, cast.keeper, url, {"batch": "transfer", "pk": [str(item.pk)]})
    send(client, cast.keeper, answer.url, {"to": str(branch.pk), "reason": "调拨"})
    assert Instrument.objects.get().organisation == branch


def test_a_file_is_previewed_mended_imported_and_undone(client: Client, cast: Cast) -> None:
    answer = upload(client, cast, [["秤", "电子秤", "1", "贸易结算"], ["秤", "电子秤", "2", "打仗"]])
    url = answer.url
    text = page(client, cast.keeper, url)
    assert "打仗" in text
    assert "导入 1 行" in text
    client.force_login(cast.keeper)
    rejected = client.get(reverse("instruments:import-rejected", args=[ImportBatch.objects.get().pk]))
    assert openpyxl.load_workbook(io.BytesIO(rejected.content)).active.max_row == 2
    send(client, cast.keeper, url, {"do": "mend", "cell:Sheet1!3:use": "贸易结算"})
    send(client, cast.keeper, url, {"do": "apply"})
    assert Instrument.objects.count() == 2
    assert "撤销这次导入" in page(client, cast.keeper, url)
    assert "共 2 条" in page(
        client, cast.keeper, f"{reverse('instruments:list')}?import={ImportBatch.objects.get().pk}"
    )
    send(client, cast.keeper, url, {"do": "undo"})
    assert not Instrument.objects.exists()
    assert "已撤销" in page(client, cast.keeper, reverse("instruments:imports"))
    assert "已导入" not in page(client, cast.keeper, url)


def test_columns_are_matched_by_hand(client: Client, cast: Cast) -> None:
    make_category()
    data = write_xlsx([*HEADERS, "摆放处"], [["秤", "电子秤", "1", "贸易结算", "三号台"]])
    url = upload(client, cast, [], raw=data).url  # type: ignore[arg-type]
    assert "摆放处" in page(client, cast.keeper, url)
    columns = {
        "name": "器具名称",
        "category": "项别/种别",
        "serial_number": "出厂编号",
        "use": "用途",
        "location": "摆放处",
    }
    send(client, cast.keeper, url, {"do": "match", **{f"column:{k}": v for k, v in columns.items()}})
    send(client, cast.keeper, url, {"do": "apply"})
    assert Instrument.objects.get().location == "三号台"


@pytest.mark.parametrize("data", [b"PK\x03\x04xx", write_xlsx(["甲"], [["1"]]), b"\xff\xfe\x00"])
def test_an_unreadable_file_is_answered_beside_its_field(client: Client, cast: Cast, data: bytes) -> None:
    answer = upload(client, cast, [], raw=data)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert not ImportBatch.objects.exists()


def test_an_import_of_another_is_not_found_and_nobody_imports_without_a_role(client: Client, cast: Cast) -> None:
    url = upload(client, cast, [["秤", "电子秤", "1", "贸易结算"]]).url
    for user in (cast.rival_keeper, cast.regulator, cast.verifier):
        client.force_login(user)
        assert client.get(url).status_code == 404
        assert client.post(url, {"do": "apply"}).status_code == 404
    for user in (cast.regulator, cast.verifier, cast.nobody):
        page(client, user, reverse("instruments:import", args=["instruments"]), 403)
    page(client, cast.keeper, reverse("instruments:import", args=["history"]), 403)
    page(client, cast.keeper, reverse("instruments:import", args=["nonsense"]), 404)


def test_a_template_is_a_workbook_with_every_column(client: Client, cast: Cast) -> None:
    client.force_login(cast.keeper)
    answer = client.get(reverse("instruments:import-template", args=["instruments"]))
    heads = [c.value for c in openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0][1]]
    assert heads[:2] == ["器具名称 *", "项别/种别 *"]


def test_every_figure_of_a_district_is_the_count_of_its_list(client: Client, cast: Cast) -> None:
    today = clock.today()
    good = {"verified_on": today, "valid_until": today, "last_verdict": "pass"}
    late = {**good, "valid_until": today - dt.timedelta(days=1)}
    make_instrument(cast.shop, **good)
    make_instrument(cast.shop, **late)
    make_instrument(cast.shop)
    make_instrument(cast.shop, mandatory=False)
    make_instrument(cast.shop, region=make_region("990102", "北原县"))
    text = page(client, cast.regulator, reverse("instruments:districts"))
    assert "33.3" in text
    assert "北原县" not in text
    listed = reverse("instruments:list") + "?mandatory=yes&state=in_use&region=990101"
    for query, n in (("", 3), ("&status=overdue", 1), ("&status=unverified", 1)):
        assert f"共 {n} 条" in page(client, cast.regulator, listed + query)
    page(client, cast.keeper, reverse("instruments:districts"), 403)
    home = page(client, cast.regulator, "/")
    assert "超期未检的器具" in home
    assert "33.3" in home


def test_a_list_with_lots_says_how_many_instruments_its_rows_are(client: Client, cast: Cast) -> None:
    make_instrument(cast.shop)
    assert "合 " not in page(client, cast.keeper, reverse("instruments:list"))
    make_instrument(cast.shop, quantity=12_000)
    text = page(client, cast.keeper, reverse("instruments:list"))
    assert "共 2 条" in text
    assert "合 12\u2009001 台件" in text


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(134_074, 134_104, "99.9"), (134_104, 134_104, "100.0"), (1, 134_104, "0.1"), (0, 7, "0.0"), (0, 0, "—")],
)
def test_a_share_is_neither_none_nor_all_by_rounding(part: int, whole: int, words: str) -> None:
    assert percent(part, whole) == words


def test_serials_registered_twice_are_shown_to_the_regulator_alone(client: Client, cast: Cast) -> None:
    for owner in (cast.shop, cast.rival):
        make_instrument(owner, serial_number="TWIN")
    make_instrument(cast.shop)
    assert "共 2 条" in page(client, cast.regulator, reverse("instruments:duplicates"))
    page(client, cast.keeper, reverse("instruments:duplicates"), 403)


def test_the_command_search_finds_only_what_one_may_see(client: Client, cast: Cast) -> None:
    make_instrument(cast.shop, serial_number="FINDME", search="findme")
    assert "FINDME" in page(client, cast.keeper, reverse("web:search") + "?q=findme")
    assert "FINDME" not in page(client, cast.rival_keeper, reverse("web:search") + "?q=findme")


def test_the_pages_speak_english(client: Client, cast: Cast) -> None:
    make_instrument(cast.shop)
    client.cookies["django_language"] = "en"
    assert 'lang="en"' in page(client, cast.keeper, reverse("instruments:list"))
