"""A bureau's past: instruments with their last verification, never counted as proven, undone as a whole."""

from __future__ import annotations

import datetime as dt
import time
from argparse import Namespace
from typing import Any

import pytest
from django.test import Client

from quanheng.cli import certificate
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.status import status_of
from quanheng.platform.kernel import clock, imports
from quanheng.platform.kernel.models import ImportBatch
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.sheets import write_csv
from quanheng.platform.trace.models import TraceNode
from tests.platform.cast import Cast
from tests.platform.makers import SYSTEM, make_category, make_instrument

TODAY = dt.date(2026, 11, 22)
HEADERS = ["使用单位", "器具名称", "种别", "出厂编号", "生产厂家", "用途", "证书编号", "检定日期", "有效期至", "结论"]


def make_row(cast: Cast, n: int, **changes: str) -> list[str]:
    values = [cast.shop.name, "电子计价秤", "电子秤", f"SN{n:05d}", "衡川衡器厂", "贸易结算"]
    values += [f"衡检字 {n:06d}", "2026-05-20", "2027-05-19", "合格"]
    return list({**dict(zip(HEADERS, values, strict=True)), **changes}.values())


def bring(cast: Cast, rows: list[list[str]], part: str = "manager") -> ImportBatch:
    make_category()
    with clock.at(TODAY):
        batch, _found = imports.preview(
            actor=cast.actor(part),
            kind="history",
            organisation=cast.institute,
            data=write_csv(HEADERS, rows),
            name="历史.csv",
        )
        return imports.apply(actor=cast.actor(part), batch=batch)


def test_new_instruments_enter_in_use_with_an_imported_document(cast: Cast) -> None:
    bring(cast, [make_row(cast, 1), make_row(cast, 2, 结论="不合格", 有效期至="")])
    good, bad = Instrument.objects.order_by("serial_number")
    document = Document.objects.get(pk=good.last_document_id)
    assert (good.state, status_of(good, TODAY), good.organisation) == ("in_use", "in_use", cast.shop)
    assert (document.origin, document.number, document.xml_sha256) == ("imported", "衡检字 000001", "")
    assert (bad.state, bad.last_verdict) == ("stopped", "reject")
    assert TraceNode.objects.count() == 2


def test_an_instrument_already_there_gets_the_newer_verification_only(cast: Cast) -> None:
    common: dict[str, Any] = {"manufacturer": "衡川衡器厂", "last_verdict": "pass"}
    old = make_instrument(cast.shop, serial_number="SN00001", verified_on=dt.date(2025, 1, 1), **common)
    new = make_instrument(cast.shop, serial_number="SN00002", verified_on=dt.date(2026, 10, 1), **common)
    bring(cast, [make_row(cast, 1), make_row(cast, 2)])
    assert Instrument.objects.get(pk=old.pk).verified_on == dt.date(2026, 5, 20)
    assert Instrument.objects.get(pk=new.pk).verified_on == dt.date(2026, 10, 1)
    assert Instrument.objects.count() == 2
    assert Document.objects.count() == 2


def test_bad_dates_numbers_and_owners_are_named(cast: Cast) -> None:
    bring(cast, [make_row(cast, 1)])
    batch = bring(
        cast,
        [
            make_row(cast, 9, 证书编号="衡检字 000001"),
            make_row(cast, 2, 检定日期="2027-01-01", 有效期至=""),
            make_row(cast, 3, 有效期至="2025-01-01"),
            make_row(cast, 4, 使用单位="查无此店"),
            make_row(cast, 5, 使用单位=""),
            make_row(cast, 6, 证书编号=""),
            make_row(cast, 7),
            make_row(cast, 7, 证书编号="衡检字 X"),
        ],
    )
    assert [(e["row"], e["column"]) for e in batch.errors] == [
        (2, "证书编号"),
        (3, "检定日期"),
        (4, "有效期至"),
        (5, "使用单位"),
        (6, "使用单位"),
        (7, "证书编号"),
        (9, "出厂编号"),
    ]


def test_undo_restores_what_was_there_before(cast: Cast) -> None:
    kept = make_instrument(
        cast.shop,
        serial_number="SN00001",
        manufacturer="衡川衡器厂",
        verified_on=dt.date(2025, 1, 1),
        valid_until=dt.date(2025, 12, 31),
        last_document_number="旧",
        last_verdict="pass",
    )
    batch = bring(cast, [make_row(cast, 1), make_row(cast, 2)])
    imports.undo(actor=cast.actor("manager"), batch=batch)
    kept = Instrument.objects.get()
    assert (kept.verified_on, kept.valid_until, kept.last_document_number, kept.last_document_id) == (
        dt.date(2025, 1, 1),
        dt.date(2025, 12, 31),
        "旧",
        None,
    )
    assert not Document.objects.exists()
    assert not TraceNode.objects.exists()


def test_undo_is_refused_once_an_instrument_moved_on(cast: Cast) -> None:
    batch = bring(cast, [make_row(cast, 1)])
    services.stop(actor=SYSTEM, instrument=Instrument.objects.get(), reason="停业")
    with pytest.raises(Refused):
        imports.undo(actor=cast.actor("manager"), batch=batch)
    assert Document.objects.count() == 1


@pytest.mark.parametrize("part", ["keeper", "regulator", "verifier", "nobody"])
def test_only_the_institutes_manager_brings_in_its_past(cast: Cast, part: str) -> None:
    with pytest.raises(Refused):
        bring(cast, [make_row(cast, 1)], part)


def test_four_thousand_rows_take_a_bounded_number_of_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    rows = [make_row(cast, n) for n in range(4000)]
    started = time.perf_counter()
    with django_assert_max_num_queries(800):
        assert bring(cast, rows).accepted == 4000
    print(f"4 000 rows of history in {time.perf_counter() - started:.1f} s")


def test_a_document_of_the_past_shows_its_instrument_and_is_never_plainly_valid(cast: Cast, client: Client) -> None:
    bring(cast, [make_row(cast, 1)])
    with clock.at(TODAY):
        document, item = Document.objects.get(), Instrument.objects.get()
        for code in (document.public_code, item.code):
            public = client.get(f"/v/{code}/").content.decode()
            assert "有效(历史记录,未见证明)" in public
        client.force_login(cast.keeper)
        page = client.get(f"/certificates/{document.pk}/").content.decode()
    for text in (item.name, item.serial_number, item.manufacturer, item.code, "有效(历史记录,未见证明)"):
        assert text in page, text


def test_the_list_of_the_shell_marks_documents_of_the_past(
    cast: Cast, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(cast, [make_row(cast, 1)])
    monkeypatch.setattr(certificate, "setup", lambda _folder: None)
    assert certificate.run(Namespace(action="list", limit=9, state="", json=False, data_dir=None)) == 0
    assert capsys.readouterr().out.rstrip().endswith("imported, not proven")
