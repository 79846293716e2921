"""An owner's ledger from a sheet: good rows go in, bad rows come back, one import is undone as a whole."""

from __future__ import annotations

import datetime as dt
import io
import time
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from quanheng.errors import InputError
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, imports, imports_later
from quanheng.platform.kernel.models import AuditEvent, ImportBatch, Notice, RoleGrant, StoredFile
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.sheets import write_csv, write_xlsx
from tests.platform.cast import Cast
from tests.platform.makers import make_category, make_instrument, make_organisation

write = imports_later.write.func  # the job itself, however it is queued
HEADERS = [
    "器具名称",
    "项别/种别",
    "型号规格",
    "出厂编号",
    "止编号",
    "生产厂家",
    "行政区划",
    "数量",
    "用途",
    "启用日期",
]


def make_row(n: int, **changes: str) -> list[str]:
    row = dict(
        zip(
            HEADERS,
            ["电子计价秤", "电子秤", "ACS-30", f"SN{n:05d}", "", "衡川衡器厂", "", "", "贸易结算", ""],
            strict=True,
        )
    )
    return list({**row, **changes}.values())


def preview(cast: Cast, rows: list[list[str]], **options: Any) -> tuple[ImportBatch, imports.Preview]:
    make_category()
    data = options.pop("data", None) or write_xlsx(HEADERS, rows)
    return imports.preview(
        actor=options.pop("actor", None) or cast.actor("keeper"),
        kind="instruments",
        organisation=options.pop("organisation", cast.shop),
        data=data,
        name=options.pop("name", "台账.xlsx"),
        **options,
    )


def bring(cast: Cast, rows: list[list[str]], **options: Any) -> ImportBatch:
    batch, _found = preview(cast, rows, **options)
    return imports.apply(actor=cast.actor("keeper"), batch=batch)


def test_a_preview_writes_nothing_but_itself(cast: Cast) -> None:
    batch, found = preview(cast, [make_row(1), make_row(2, 用途="打仗")])
    assert (batch.total, batch.accepted, batch.rejected) == (2, 1, 1)
    assert not Instrument.objects.exists()
    assert found.table.header_row == 1


def test_good_rows_go_in_with_their_source_and_bad_rows_say_why(cast: Cast) -> None:
    batch = bring(cast, [make_row(1), make_row(2, **{"项别/种别": "时光机"}), make_row(3, 启用日期="昨天")])
    item = Instrument.objects.get()
    assert (item.batch, item.source_row, item.state, item.mandatory) == (batch, "Sheet1!2", "draft", True)
    assert [(e["row"], e["column"], e["value"]) for e in batch.errors] == [
        (3, "项别/种别", "时光机"),
        (4, "启用日期", "昨天"),
    ]
    assert all(e["message"] for e in batch.errors)


def test_every_kind_of_bad_cell_is_named_by_row_and_column(cast: Cast) -> None:
    make_instrument(cast.shop, serial_number="SN00050")
    bad = [
        make_row(1, 器具名称=""),
        make_row(2, 出厂编号=""),
        make_row(3, 行政区划="亚特兰蒂斯"),
        make_row(4, 数量="三台"),
        make_row(5, 数量="3"),
        make_row(6, 止编号="SN00001"),
        make_row(7, 用途=""),
        make_row(8, 型号规格="x" * 121),
        make_row(50),
        make_row(60),
        make_row(60),
    ]
    batch = bring(cast, bad)
    columns = [
        "器具名称",
        "出厂编号",
        "行政区划",
        "数量",
        "数量",
        "止编号",
        "止编号",
        "用途",
        "型号规格",
        "出厂编号",
        "出厂编号",
    ]
    rows = [2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 12]  # of several without a last serial number, either cell may be wrong
    assert [(e["row"], e["column"]) for e in batch.errors] == list(zip(rows, columns, strict=True))
    assert (batch.accepted, batch.rejected) == (1, 10)


def test_a_duplicate_names_what_it_repeats(cast: Cast) -> None:
    held = make_instrument(cast.shop, serial_number="SN00050")
    lot = make_row(1, 出厂编号="SN00100", 止编号="SN00120")
    batch = bring(cast, [make_row(50), make_row(60), make_row(60), lot, make_row(110)])
    said = {e["row"]: e["message"] for e in batch.errors}
    assert f"{held.code} · SN00050" in said[2]
    assert "Sheet1!3" in said[4]
    assert "Sheet1!5" in said[6]


def test_the_same_serial_in_a_shop_of_the_group_is_named_and_a_stranger_is_not(cast: Cast) -> None:
    branch = make_organisation("东陵商贸西门店", parent=cast.shop)
    make_instrument(branch, serial_number="SN00001")
    make_instrument(cast.rival, serial_number="SN00002")
    _batch, found = preview(cast, [make_row(1), make_row(2)])
    ours, theirs = (row.warnings["serial_number"] for row in found.rows)
    assert branch.name in ours
    assert "另有单位" in theirs
    assert cast.rival.name not in theirs


def test_the_returned_file_is_mended_and_goes_in(cast: Cast) -> None:
    batch = bring(cast, [make_row(1), make_row(2, 用途="打仗"), make_row(3, 出厂编号="")])
    book = openpyxl.load_workbook(io.BytesIO(imports.rejected_file(batch)))
    page = book.active
    assert [c.value for c in page[1]] == [*HEADERS, "错误"]
    assert page.max_row == 3
    assert "用途" in page.cell(2, 11).value
    page.cell(2, 9).value, page.cell(3, 4).value = "贸易结算", "SN00003"
    out = io.BytesIO()
    book.save(out)
    again = bring(cast, [], data=out.getvalue())
    assert (again.accepted, again.rejected) == (2, 0)
    assert Instrument.objects.count() == 3


def test_a_cell_is_mended_in_place(cast: Cast) -> None:
    batch, _found = preview(cast, [make_row(1, 用途="打仗")])
    imports.mend(actor=cast.actor("keeper"), batch=batch, cells={"Sheet1!2": {"use": "贸易结算", "hack": "x"}})
    assert imports.apply(actor=cast.actor("keeper"), batch=batch).accepted == 1


def test_a_formula_without_a_result_keeps_its_reason_when_other_cells_are_mended(cast: Cast) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADERS)
    book.active.append(make_row(1, 出厂编号="=1+1"))
    book.active.append(make_row(2, 用途="打仗"))
    out = io.BytesIO()
    book.save(out)
    batch, _found = preview(cast, [], data=out.getvalue())
    cells = {"Sheet!2": {"serial_number": ""}, "Sheet!3": {"use": "贸易结算"}}
    found = imports.mend(actor=cast.actor("keeper"), batch=batch, cells=cells)
    (row,) = found.bad()
    assert "公式没有计算结果" in row.errors["serial_number"]


@pytest.mark.parametrize(
    ("code", "said"),
    [("91110000000000000X", "校验位不符"), ("911100007109310002", "校验位不符"), ("某商行", "没有单位")],
)
def test_a_wrong_credit_code_is_told_from_an_unknown_organisation(cast: Cast, code: str, said: str) -> None:
    data = write_xlsx([*HEADERS, "使用单位"], [[*make_row(1), code]])
    _batch, found = preview(cast, [], data=data)
    assert said in found.bad()[0].errors["owner"]


def test_the_template_offers_the_categories_and_regions_of_the_ledger(cast: Cast) -> None:
    make_category()
    kind = imports.kind_named("instruments")
    book = openpyxl.load_workbook(io.BytesIO(imports.template(kind)))
    offered = {c.value for column in book["_lists"].iter_cols() for c in column}
    assert {"电子秤", cast.shop.region.name, "贸易结算"} <= offered
    rules = book.worksheets[0].data_validations.dataValidation
    assert {"B2:B10001", "K2:K10001"} <= {str(rule.sqref) for rule in rules}


def test_all_or_nothing_writes_nothing_when_a_row_is_bad(cast: Cast) -> None:
    batch, _found = preview(cast, [make_row(1), make_row(2, 用途="打仗")])
    batch = imports.apply(actor=cast.actor("keeper"), batch=batch, all_or_nothing=True)
    assert (batch.state, batch.accepted) == ("failed", 0)
    assert not Instrument.objects.exists()


def test_an_import_is_applied_once(cast: Cast) -> None:
    batch = bring(cast, [make_row(1)])
    with pytest.raises(Refused):
        imports.apply(actor=cast.actor("keeper"), batch=batch)


def test_undo_removes_all_rows_and_keeps_the_audit_trail(cast: Cast) -> None:
    batch = bring(cast, [make_row(n) for n in range(5)])
    imports.undo(actor=cast.actor("keeper"), batch=batch)
    assert not Instrument.objects.exists()
    assert ImportBatch.objects.get().state == "undone"
    assert AuditEvent.objects.filter(verb="instruments.import_undone").count() == 5
    assert bring(cast, [make_row(1)]).accepted == 1


def test_undo_is_refused_once_a_row_was_filed(cast: Cast) -> None:
    batch = bring(cast, [make_row(1), make_row(2)])
    services.submit_filing(actor=cast.actor("keeper"), instruments=[Instrument.objects.first()])  # type: ignore[list-item]
    with pytest.raises(Refused, match="1 台"):
        imports.undo(actor=cast.actor("keeper"), batch=batch)
    assert Instrument.objects.count() == 2


@pytest.mark.parametrize("part", ["rival_keeper", "regulator", "nobody", "verifier"])
def test_nobody_imports_into_another_ledger(cast: Cast, part: str) -> None:
    with pytest.raises(Refused):
        preview(cast, [make_row(1)], actor=cast.actor(part))
    assert not StoredFile.objects.exists()
    batch, _found = preview(cast, [make_row(1)])
    for act in (imports.apply, imports.mend, imports.undo):
        options: dict[str, Any] = {"cells": {}} if act is imports.mend else {}
        with pytest.raises(Refused):
            act(actor=cast.actor(part), batch=batch, **options)  # type: ignore[operator]
    with pytest.raises(Refused):
        imports.batch_for(cast.actor(part), batch.pk)


def test_a_row_cannot_smuggle_into_a_strangers_ledger(cast: Cast) -> None:
    data = write_xlsx([*HEADERS, "使用单位"], [[*make_row(1), cast.rival.name], [*make_row(2), ""]])
    batch = bring(cast, [], data=data)
    assert (batch.accepted, batch.errors[0]["column"]) == (1, "使用单位")
    assert not Instrument.objects.filter(organisation=cast.rival).exists()


def test_a_chain_brings_in_its_branches(cast: Cast) -> None:
    branch = make_organisation("东陵商贸二店", parent=cast.shop)
    data = write_xlsx([*HEADERS, "使用单位"], [[*make_row(1), branch.name]])
    assert bring(cast, [], data=data).accepted == 1
    assert Instrument.objects.get().organisation == branch


def test_a_lot_of_meters_is_one_row_and_may_not_overlap(cast: Cast) -> None:
    rows = [
        make_row(0, 出厂编号="DB000001", 止编号="DB000500", 数量="500"),
        make_row(0, 出厂编号="DB000500", 止编号="DB000600"),
        make_row(0, 出厂编号="DB000300"),
        make_row(0, 出厂编号="DB000601"),
    ]
    batch = bring(cast, rows)
    assert (batch.accepted, [e["row"] for e in batch.errors]) == (2, [3, 4])
    assert set(Instrument.objects.values_list("quantity", flat=True)) == {500, 1}


def test_anothers_serial_is_a_warning_that_names_nobody(cast: Cast) -> None:
    make_instrument(cast.rival, serial_number="SN00001")
    _batch, found = preview(cast, [make_row(1), make_row(2)])
    warnings = [r.warnings for r in found.rows]
    assert warnings[1] == {}
    assert cast.rival.name not in str(warnings[0]["serial_number"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_any_encoding_goes_in_with_rare_characters(cast: Cast, encoding: str) -> None:
    data = write_csv(HEADERS, [make_row(1, 器具名称="𠮷牌电子秤")]).decode("utf-8-sig").encode(encoding)
    bring(cast, [], data=data, name="台账.csv")
    assert Instrument.objects.get().name == "𠮷牌电子秤"


def test_formula_text_stays_text_all_the_way_round(cast: Cast) -> None:
    bring(cast, [make_row(1, 器具名称="=1+1")])
    assert Instrument.objects.get().name == "=1+1"


def test_columns_matched_by_hand_are_remembered(cast: Cast) -> None:
    headers = ["器具名称", "项别/种别", "内部表号", "用途"]
    row = [["电子计价秤", "电子秤", "N1", "贸易结算"]]
    with pytest.raises(InputError):
        preview(cast, [], data=write_xlsx(headers, row))
    bring(cast, [], data=write_xlsx(headers, row), columns={"serial_number": "内部表号"})
    row[0][2] = "N2"
    assert bring(cast, [], data=write_xlsx(headers, row)).accepted == 1


def test_required_headers_under_strange_names_are_matched_on_the_page(cast: Cast, client: Client) -> None:
    make_category()
    client.force_login(cast.keeper)
    headers, row = ["物品", "哪一类", "内部表号", "做什么用"], ["电子计价秤", "电子秤", "N1", "贸易结算"]
    sheet = SimpleUploadedFile("台账.xlsx", write_xlsx(headers, [row]))
    page = client.post(
        "/instruments/imports/instruments/new/", {"organisation": str(cast.shop.pk), "file": sheet}, follow=True
    ).content.decode()
    assert "表中没有找到这些必填的列" in page
    assert '<details class="qh-card mb-3" open>' in page
    batch = ImportBatch.objects.get()
    assert batch.accepted == 0
    found = dict(zip(("name", "category", "serial_number", "use"), headers, strict=True))
    address = f"/instruments/imports/{batch.pk}/"
    client.post(address, {"do": "match", **{f"column:{name}": title for name, title in found.items()}})
    client.post(address, {"do": "apply"})
    assert Instrument.objects.get().serial_number == "N1"


def test_an_unreadable_file_leaves_no_trace(cast: Cast) -> None:
    for data in (b"PK\x03\x04junk", write_xlsx(["甲", "乙"], [["1", "2"]])):
        with pytest.raises(InputError):
            preview(cast, [], data=data)
    assert not ImportBatch.objects.exists()
    assert not StoredFile.objects.exists()


def test_the_template_alone_has_nothing_to_import(cast: Cast) -> None:
    batch, found = preview(cast, [], data=imports.template(imports.kind_named("instruments")))
    assert (batch.total, found.table.examples, found.table.unused) == (0, 1, ())
    assert imports.apply(actor=cast.actor("keeper"), batch=batch).state == "failed"


def test_ten_thousand_rows_are_all_accounted_for_in_a_bounded_number_of_queries(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    rows = [make_row(n, 用途="打仗" if n % 100 == 0 else "贸易结算") for n in range(10_000)]
    data = write_xlsx(HEADERS, rows)
    started = time.perf_counter()
    with django_assert_max_num_queries(800):
        batch = bring(cast, [], data=data)
    print(f"10 000 rows in {time.perf_counter() - started:.1f} s")
    assert (batch.total, batch.accepted, batch.rejected) == (10_000, 9_900, 100)
    assert Instrument.objects.count() == 9_900
    assert len(set(Instrument.objects.values_list("code", flat=True))) == 9_900


@pytest.mark.parametrize("parameters", ["max=NaN; e=0.01", "max=1e400; e=0.01", "max=30; e=-0.01", "max=30; size=4"])
def test_parameters_that_the_procedure_would_refuse_come_back(cast: Cast, parameters: str) -> None:
    from quanheng.platform.instruments.imports import parse_parameters
    from quanheng.platform.instruments.parameters import complaints
    from quanheng.procedures.loader import load

    assert complaints(load("JJG-539-2016"), parse_parameters(parameters))
    assert not complaints(load("JJG-539-2016"), parse_parameters("max=30; e=0.01"))


def test_a_large_import_is_written_by_the_worker_who_tells_the_keeper(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_later, "LARGE", 3)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(transaction, "on_commit", lambda run: run())
    monkeypatch.setattr(imports_later, "write", SimpleNamespace(enqueue=lambda *words: asked.append(words)))
    batch, _found = preview(cast, [make_row(1), make_row(2), make_row(3, 用途="打仗")])
    client.force_login(cast.keeper)
    page = f"/instruments/imports/{batch.pk}/"
    shown = client.post(page, {"do": "apply"}, follow=True).content.decode()
    assert "可以离开本页" in shown
    assert not Instrument.objects.exists()
    again = client.post(page, {"do": "apply"}, follow=True).content.decode()
    assert "已在写入" in again
    assert len(asked) == 1
    part = {"HTTP_HX_REQUEST": "true"}
    assert "HX-Refresh" not in client.get(page, **part).headers
    write(*asked[0])
    write(*asked[0])
    batch.refresh_from_db()
    assert (batch.state, batch.accepted, Instrument.objects.count()) == ("applied", 2, 2)
    assert client.get(page, **part).headers["HX-Refresh"] == "true"
    (notice,) = Notice.objects.filter(user=cast.keeper)
    assert (notice.text, notice.url) == ("台账.xlsx:已导入 2 行,有错 1 行", page)
    assert AuditEvent.objects.get(verb="kernel.import_applied").actor_name == cast.keeper.name


def test_who_lost_the_role_meanwhile_has_nothing_written(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_later, "LARGE", 1)
    batch, _found = preview(cast, [make_row(1)])
    imports_later.begin(actor=cast.actor("keeper"), batch=batch, url="/x/")
    RoleGrant.objects.filter(user=cast.keeper).delete()
    write(str(batch.pk), str(cast.keeper.pk), "/x/")
    batch.refresh_from_db()
    assert (batch.state, Instrument.objects.count()) == ("preview", 0)
    assert "没有完成" in Notice.objects.get(user=cast.keeper).text


def test_an_import_whose_worker_was_killed_is_begun_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_later, "LARGE", 1)
    batch, _found = preview(cast, [make_row(1)])
    with clock.at(dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)):
        batch = imports_later.begin(actor=cast.actor("keeper"), batch=batch, url="/x/")
    with clock.at(dt.datetime(2026, 11, 22, 9, 20, tzinfo=dt.UTC)), pytest.raises(Refused):
        imports_later.begin(actor=cast.actor("keeper"), batch=batch, url="/x/")
    with clock.at(dt.datetime(2026, 11, 22, 9, 31, tzinfo=dt.UTC)):
        assert imports_later.stuck(batch)
        imports_later.begin(actor=cast.actor("keeper"), batch=batch, url="/x/")
        write(str(batch.pk), str(cast.keeper.pk), "/x/")
    assert Instrument.objects.count() == 1


def test_parameters_are_read_with_signs_of_either_width() -> None:
    from quanheng.platform.instruments.imports import parse_parameters

    assert parse_parameters("max\uff1d30\uff1b e=0.01") == {"max": "30", "e": "0.01"}


@pytest.mark.parametrize("typed", ["200\u3001100\u300150", "200\uff0c100\uff0c50", "200, 100 ,50", "200 100\u300050"])
def test_the_values_of_a_list_are_parted_as_people_part_them(typed: str) -> None:
    from quanheng.platform.instruments.parameters import values_from
    from quanheng.procedures.loader import load

    parameters = load("JJG-99-2022").procedure.parameters
    assert values_from(parameters, {"p_nominals": typed})["nominals"] == ["200", "100", "50"]
