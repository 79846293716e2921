"""Files of readings as a keeper brings them: mapped, looked at, taken in; bad rows aside, good rows in."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from quanheng.platform.kernel.sheets import write_xlsx
from quanheng.platform.surveillance import batches
from quanheng.platform.surveillance.models import AreaMeter, ReadingBatch, ReadingSource
from quanheng.platform.surveillance.store import store
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db
HEAD = ["资产号", "抄表时间", "正向电量", "单位"]


def ready() -> tuple[steps.Utility, list[str], Client]:
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    meters = list(AreaMeter.objects.order_by("meter_id").values_list("meter_id", flat=True))
    client = Client()
    client.force_login(utility.keeper)
    return utility, meters, client


def csv_of(rows: list[list[Any]], head: list[str] = HEAD) -> bytes:
    return "\n".join(",".join(str(c) for c in row) for row in [head, *rows]).encode("gb18030")


def upload(
    client: Client, utility: steps.Utility, data: bytes, name: str = "抄表.csv", source: str = "采集系统"
) -> Any:
    form = {"organisation": utility.organisation.pk, "source": source, "file": SimpleUploadedFile(name, data)}
    return client.post(reverse("surveillance:batch-start"), form)


def mapping_form(**changes: Any) -> dict[str, Any]:
    usual = {
        "do": "map", "column_meter_id": "资产号", "column_ts": "抄表时间", "column_value": "正向电量", "column_unit": "单位",
        "reading": "interval", "unit": "kWh", "multiplier": "1", "timezone": "Asia/Shanghai", "stamp": "start",
        "seconds": "3600", "digits": "0", "largest_kw": "100000",
    }  # fmt: skip
    return usual | changes


def taken_in(client: Client, batch: ReadingBatch) -> ReadingBatch:
    client.post(batch.get_absolute_url(), {"do": "queue"})
    batches.take_in.func(str(batch.pk))
    batch.refresh_from_db()
    return batch


def test_a_file_is_mapped_previewed_and_taken_in_and_its_source_remembers_the_mapping():
    utility, meters, client = ready()
    rows = [[m, "2026-02-18 08:00", 1.25, "kWh"] for m in meters[:5]]
    answer = upload(client, utility, csv_of(rows))
    assert answer.status_code == 302, answer.content.decode()
    batch = ReadingBatch.objects.get()
    first = client.get(batch.get_absolute_url()).content.decode()
    assert "请先指定表号、时间和数值所在的列" in first
    client.post(batch.get_absolute_url(), mapping_form())
    page = client.get(batch.get_absolute_url()).content.decode()
    assert "前 5 行都可以入库" in page
    assert store().read().height == 0, "a preview writes nothing"
    batch = taken_in(client, batch)
    assert (batch.state, batch.accepted, batch.rejected) == ("done", 5, 0)
    kept = store().read()
    assert kept["kwh"].unique().to_list() == [1.25]
    assert kept["ts"][0].isoformat() == "2026-02-18T00:00:00+00:00"
    assert ReadingSource.objects.get().mapping["columns"]["ts"] == "抄表时间"
    upload(client, utility, csv_of([[meters[0], "2026-02-18 09:00", 2, "kWh"]]))
    again = ReadingBatch.objects.exclude(pk=batch.pk).get()
    assert "前 1 行都可以入库" in client.get(again.get_absolute_url()).content.decode()


BAD = {
    "不认识的表计": ["不在册", "2026-02-18 08:00", 1, "kWh"],
    "电量为负": [0, "2026-02-18 09:00", -3, "kWh"],
    "超过物理上限": [0, "2026-02-18 10:00", 1e9, "kWh"],
    "时间在将来": [0, "2027-02-18 08:00", 1, "kWh"],
    "不认识的单位": [0, "2026-02-18 11:00", 1, "度度"],
    "时间无法识别": [0, "昨天", 1, "kWh"],
    "数值无法识别": [0, "2026-02-18 12:00", "一", "kWh"],
}


def test_bad_rows_are_told_with_row_and_reason_and_good_rows_go_on():
    utility, meters, client = ready()
    bad = [[meters[1] if c == 0 else c for c in row] for row in BAD.values()]
    rows = [
        *([m, "2026-02-18 08:00", 1.5, "kWh"] for m in meters[:4]),
        [meters[5], "2026-02-18 08:00", 0.002, "MWh"],
        *bad,
    ]
    upload(client, utility, csv_of(rows))
    batch = ReadingBatch.objects.get()
    client.post(batch.get_absolute_url(), mapping_form())
    preview = client.get(batch.get_absolute_url()).content.decode()
    for words in BAD:
        assert words in preview
    assert preview.count("fleet-wrong") == len(BAD)
    batch = taken_in(client, batch)
    assert (batch.accepted, batch.rejected) == (5, len(BAD))
    assert store().read().filter(pl.col("meter_id") == meters[5])["kwh"].to_list() == [2.0], "mixed units, row by row"
    answer = client.get(reverse("surveillance:batch-rejected", args=[batch.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    lines = [[c.value for c in row] for row in sheet.iter_rows()]
    assert lines[0][:4] == HEAD
    assert {line[-1] for line in lines[1:]} == set(BAD)
    assert {line[-2] for line in lines[1:]} == set(range(7, 7 + len(BAD)))
    letters = client.get(f"{reverse('surveillance:letters')}?source={utility.organisation.pk}/采集系统&reason=negative")
    assert letters.content.decode().count('<td class="main">') == 1


def test_a_clock_put_back_and_forward_and_a_clock_a_year_off_are_found():
    utility, meters, client = ready()
    hours = [[m, f"2025-10-26 0{h}:00", 1, "kWh"] for m in meters[:6] for h in (0, 1, 2, 3)]
    jump = [[meters[1], "2025-03-30 02:30", 1, "kWh"]]
    year = [[meters[7], f"2024-10-26 0{h}:00", 1, "kWh"] for h in (0, 1, 3)]
    upload(client, utility, csv_of([*hours, *jump, *year]))
    batch = ReadingBatch.objects.get()
    client.post(batch.get_absolute_url(), mapping_form(timezone="Europe/Berlin"))
    batch = taken_in(client, batch)
    assert batch.reasons == {"time_ambiguous": 6, "clock_off": 3, "time_nonexistent": 1}


def test_the_same_file_again_changes_nothing_and_says_so():
    utility, meters, client = ready()
    data = csv_of([[m, "2026-02-18 08:00", 1, "kWh"] for m in meters[:3]] + [["不在册", "2026-02-18 08:00", 1, "kWh"]])
    for _time in range(2):
        upload(client, utility, data)
        batch = ReadingBatch.objects.get(state="preview")
        client.post(batch.get_absolute_url(), mapping_form())
        batch = taken_in(client, batch)
    assert batch.repeated
    assert "没有重复写入" in client.get(batch.get_absolute_url()).content.decode()
    assert store().read().height == 3
    assert batches.bad_rows(batch).height == 1


def test_after_the_meter_is_listed_the_batch_is_tried_again_and_the_bad_row_goes_in():
    utility, meters, client = ready()
    upload(
        client, utility, csv_of([[meters[0], "2026-02-18 08:00", 1, "kWh"], ["新装表", "2026-02-18 08:00", 2, "kWh"]])
    )
    batch = ReadingBatch.objects.get()
    client.post(batch.get_absolute_url(), mapping_form())
    batch = taken_in(client, batch)
    assert batch.reasons == {"unknown_meter": 1}
    known = AreaMeter.objects.get(meter_id=meters[0])
    AreaMeter.objects.create(area=known.area, meter_id="新装表", role="sub", public_code="NEWMETER1")
    answer = client.post(batch.get_absolute_url(), {"do": "retry"})
    again = ReadingBatch.objects.exclude(pk=batch.pk).get()
    assert answer.url == again.get_absolute_url()
    batches.take_in.func(str(again.pk))
    again.refresh_from_db()
    assert (again.accepted, again.rejected) == (2, 0)
    assert store().read().sort("meter_id")["kwh"].to_list() == [1.0, 2.0]
    assert batches.bad_rows(batch).height == 0, "the earlier letters made room"


def test_registers_with_a_multiplier_in_a_workbook():
    utility, meters, client = ready()
    rows = [[meters[0], f"2026-02-18 0{h}:00", f"{100 + h * 0.5}", "kWh"] for h in range(4)]
    upload(client, utility, write_xlsx(HEAD, rows), "示值.xlsx")
    batch = ReadingBatch.objects.get()
    client.post(batch.get_absolute_url(), mapping_form(reading="register", multiplier="80"))
    batch = taken_in(client, batch)
    assert store().read()["kwh"].to_list() == [40.0] * 3


def test_a_file_that_is_cut_short_or_none_leaves_no_trace():
    utility, meters, client = ready()
    table = pl.DataFrame({"meter_id": meters, "ts": ["2026-02-18T00:00:00Z"] * len(meters), "kwh": [1.0] * len(meters)})
    whole = io.BytesIO()
    table.write_parquet(whole)
    for data, name in (
        (whole.getvalue()[:-40], "短.parquet"),
        (b"\x00\xff\xfe\x81", "x.csv"),
        (b"PK\x03\x04", "x.xlsx"),
    ):
        answer = upload(client, utility, data, name)
        assert answer.status_code == 422, name
        page = answer.content.decode()
        assert "读不了这个文件" in page or "文件结构异常" in page, name
    assert not ReadingBatch.objects.exists()
    assert not ReadingSource.objects.exists()
    assert upload(client, utility, whole.getvalue(), "整.parquet").status_code == 302
    batch = taken_in(client, ReadingBatch.objects.get())
    assert batch.accepted == len(meters)


def test_a_line_cut_short_lies_aside():
    utility, meters, client = ready()
    data = csv_of([[meters[0], "2026-02-18 08:00", 1, "kWh"], [meters[1], "2026-02-18 08:00"]])
    upload(client, utility, data)
    batch = ReadingBatch.objects.get()
    client.post(batch.get_absolute_url(), mapping_form())
    batch = taken_in(client, batch)
    assert batch.reasons == {"too_few_cells": 1}
    assert batch.accepted == 1


def test_the_file_of_another_utility_is_not_there():
    utility, meters, client = ready()
    upload(client, utility, csv_of([[meters[0], "2026-02-18 08:00", 1, "kWh"]]))
    batch = ReadingBatch.objects.get()
    rival = Client()
    rival.force_login(utility.rival)
    assert rival.get(batch.get_absolute_url()).status_code == 404
    assert rival.post(batch.get_absolute_url(), {"do": "queue"}).status_code == 404
    watcher = Client()
    watcher.force_login(utility.regulator)
    assert watcher.get(batch.get_absolute_url()).status_code == 200
    watcher.post(batch.get_absolute_url(), {"do": "queue"})
    batch.refresh_from_db()
    assert batch.state == "preview"
