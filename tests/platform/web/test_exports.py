"""What leaves for Excel is what was seen, and never a formula."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from quanheng.platform.web import export
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

EVIL = ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("x")', " =1+1", "\uff1d1+1", "-A1"]


def sheet(rows: list[list[object]]) -> list[tuple[object, ...]]:
    """Rows as a workbook holds them, formulas shown as formulas."""
    out = io.BytesIO()
    export.write_xlsx(rows, out)
    book = openpyxl.load_workbook(io.BytesIO(out.getvalue()))
    for row in book.active.iter_rows():
        for cell in row:
            assert cell.data_type != "f"
    return list(book.active.iter_rows(values_only=True))


@pytest.mark.parametrize("text", EVIL)
def test_a_text_that_looks_like_a_formula_is_escaped_in_csv(text: str) -> None:
    assert export.harmless(text).startswith("'")


@pytest.mark.parametrize("text", ["-0.50", "+1.2", "1e-3", "10.000", "-12", "", "合格", "50%", "-3.5%"])
def test_readings_and_words_stay_as_written(text: str) -> None:
    assert export.harmless(text) == text


@given(st.text(max_size=30))
def test_no_cell_of_a_csv_can_start_a_formula(text: str) -> None:
    cell = export.harmless(export.as_text(text)).lstrip(" ")
    assert not cell.startswith(("=", "@", "\t", "\r"))
    if cell.startswith(("+", "-")):
        assert float(cell.rstrip("%")) is not None


def test_a_workbook_holds_texts_as_texts_and_numbers_as_numbers() -> None:
    day = dt.date(2026, 5, 20)
    moment = dt.datetime(2026, 5, 20, 16, 30, tzinfo=dt.UTC)
    rows = sheet([["a"] * 6, ["10.000", 3, 0.5, None, day, moment], [*EVIL[:6]]])
    assert rows[1] == ("10.000", 3, 0.5, None, dt.datetime(2026, 5, 20), dt.datetime(2026, 5, 21, 0, 30))
    assert rows[2][0] == "=1+1"


def test_rare_characters_and_control_characters_survive_or_vanish() -> None:
    rows = sheet([["姓名"], ["𠮷野\x00\x0b"], ["https://example.invalid"]])
    assert rows[1] == ("𠮷野",)
    assert rows[2] == ("https://example.invalid",)


def test_csv_begins_with_a_byte_order_mark_and_streams() -> None:
    response = export.csv_response(iter([["名称"], ["秤"], ["=cmd"]]), "台账")
    text = b"".join(response.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff名称\r\n秤\r\n'=cmd\r\n")
    assert "filename*=UTF-8''" in response["Content-Disposition"]


def test_an_export_holds_dates_and_words_and_no_html(cast: Cast, client: Client) -> None:
    day = dt.date(2026, 8, 5)
    makers.make_instrument(
        cast.shop, specification="ACS-6", location="摊位 7 号", verified_on=day, valid_until=day, last_verdict="pass"
    )
    client.force_login(cast.keeper)
    book = openpyxl.load_workbook(io.BytesIO(client.get("/instruments/?export=xlsx").getvalue()))
    head, row = ([cell.value for cell in line] for line in book.active.iter_rows())
    said = dict(zip(head, row, strict=True))
    assert said["有效期至"] == dt.datetime(2026, 8, 5)
    assert (said["型号规格"], said["安装/使用地点"]) == ("ACS-6", "摊位 7 号")


LISTS = """/instruments/ /certificates/ /certificates/records/ /verification/applications/ /verification/tasks/ /standards/
/trace/ /catalog/norms/ /law/ /law/coverage/ /instruments/imports/ /catalog/ /instruments/reminders/ /administration/audit/
/administration/people/ /parties/licences/"""


@pytest.mark.parametrize("path", LISTS.split())
def test_no_list_exports_html(cast: Cast, client: Client, path: str) -> None:
    steps.signed(cast)
    for user in (cast.keeper, cast.manager, cast.verifier):
        client.force_login(user)
        answer = client.get(f"{path}?export=csv")
        if answer.status_code == 200:
            assert "</" not in answer.getvalue().decode(), path


def test_a_list_exports_what_is_filtered_and_nothing_more(cast: Cast, client: Client) -> None:
    makers.make_user("=1+1", cast.institute, "verifier")
    client.force_login(cast.manager)
    rows = client.get("/administration/people/?q=周检定&export=csv").getvalue().decode().splitlines()
    assert len(rows) == 2
    assert "周检定" in rows[1]
    assert "'=1+1" in client.get("/administration/people/?export=csv").getvalue().decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get("/administration/people/?export=xlsx").getvalue()))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(cell.value == "=1+1" for cell in cells)
