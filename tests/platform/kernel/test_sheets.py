"""Sheets are read as text with their place, and every unsafe or unknown one stops."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.errors import InputError
from quanheng.platform.kernel.sheets import (
    Field,
    Heading,
    archive,
    find_table,
    read,
    reading,
    write_csv,
    write_template,
    write_xlsx,
)
from quanheng.platform.kernel.sheets.cells import CellProblem, clean, parse_count, parse_date, to_text

HEADINGS = [
    Heading("name", ("器具名称", "名称"), True),
    Heading("serial", ("出厂编号",), True),
    Heading("n", ("数量",)),
]
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf"], exclude_characters="\ufffe\uffff"), max_size=20
).map(clean)


def make_workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_numbers_become_text_without_a_trailing_zero() -> None:
    data = make_workbook(A=[["器具名称", "出厂编号"], ["秤", 20240001], ["表", 0.25], ["计", "0007"]])
    assert [r.cells[1] for r in read(data)[0].rows[1:]] == ["20240001", "0.25", "0007"]


def test_a_number_beyond_fifteen_digits_is_marked_as_damaged() -> None:
    row = read(make_workbook(A=[["出厂编号"], [12345678901234567890]]))[0].rows[1]
    assert "15" in row.problems[0]


def test_rows_carry_sheet_name_and_row_number() -> None:
    data = make_workbook(台账=[["某某单位器具台账"], [], ["器具名称", "出厂编号"], ["秤", "1"], [], ["表", "2"]])
    table = find_table(read(data), HEADINGS)
    assert (table.sheet, table.header_row) == ("台账", 3)
    assert [(r.sheet, r.number) for r in table.rows] == [("台账", 4), ("台账", 6)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_csv_is_read_in_every_usual_encoding(encoding: str) -> None:
    text = "器具名称,出厂编号\n电子秤𠮷,0012\n压力表,0013\n"
    rows = read(text.encode(encoding))[0].rows
    assert [r.cells for r in rows[1:]] == [("电子秤𠮷", "0012"), ("压力表", "0013")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_delimiters_are_recognised(delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([["器具名称", "出厂编号"], ["秤", "1"]])
    assert find_table(read(out.getvalue().encode()), HEADINGS).rows[0].cells == ("秤", "1")


@pytest.mark.parametrize("data", [b"", b"\x01\x02\x80\xff" * 50, b"PK\x03\x04broken", b'a,b\n"never closed'])
def test_unreadable_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError) as error:
        read(data)
    assert error.value.code in {"empty_file", "unreadable"}


def test_binary_that_passes_for_text_has_no_known_layout() -> None:
    with pytest.raises(InputError):
        find_table(read(b"\x00\x01\x02\x80\xff" * 50), HEADINGS)


def test_a_locked_or_foreign_ole_file_is_refused() -> None:
    with pytest.raises(InputError, match="damaged or locked"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000)


def test_a_zip_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 2**20)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b"0" * (2**20 + 1))
    with pytest.raises(InputError) as error:
        read(out.getvalue())
    assert error.value.code == "unsafe_file"


def test_a_bomb_that_lies_about_its_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 2**20)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b"0" * (2**20 + 1))
    true_size, lie = (2**20 + 1).to_bytes(4, "little"), (100).to_bytes(4, "little")
    with pytest.raises(InputError):
        read(out.getvalue().replace(true_size, lie))


def test_a_cell_at_the_end_of_the_sheet_is_refused_before_memory_is_asked_for() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "器具名称", "x"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(InputError) as error:
        read(out.getvalue())
    assert error.value.code == "sheet_too_large"


def test_too_many_rows_of_csv_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 5)
    with pytest.raises(InputError) as error:
        read(b"a,b\n" * 6)
    assert error.value.code == "sheet_too_large"


def test_a_document_type_declaration_is_refused() -> None:
    good = make_workbook(A=[["器具名称"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/workbook.xml":
                content = b'<!DOCTYPE a [<!ENTITY x "y">]>' + content
            target.writestr(name, content)
    with pytest.raises(InputError) as error:
        read(out.getvalue())
    assert error.value.code == "unsafe_file"


def test_a_formula_without_a_value_is_noticed() -> None:
    row = read(make_workbook(A=[["器具名称", "数量"], ["秤", "=1+1"]]))[0].rows[1]
    assert "公式" in row.problems[1]


def test_a_formula_whose_zero_was_never_calculated_is_noticed() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    page.write_string(0, 0, "数量")
    page.write_formula(1, 0, "=1+1")
    page.write_formula(2, 0, "=1+1", None, 2)
    book.close()
    rows = read(out.getvalue())[0].rows
    assert "公式" in rows[1].problems[0]
    assert (rows[2].cells[0], dict(rows[2].problems)) == ("2", {})


def test_merged_cells_are_marked_on_every_row_they_cover() -> None:
    book = openpyxl.Workbook()
    page = book.active
    for row in (["器具名称", "出厂编号"], ["秤", "1"], [None, "2"], [None, "3"]):
        page.append(row)
    page.merge_cells("A2:A4")
    out = io.BytesIO()
    book.save(out)
    rows = read(out.getvalue())[0].rows
    assert [r.cells[0] for r in rows[1:]] == ["秤", "秤", "秤"]
    assert [bool(r.problems) for r in rows[1:]] == [False, True, True]


def test_dates_come_out_as_iso_text() -> None:
    data = make_workbook(A=[["日期"], [dt.date(2026, 5, 20)], [dt.datetime(2026, 5, 20, 0, 0)]])
    assert [r.cells[0] for r in read(data)[0].rows[1:]] == ["2026-05-20", "2026-05-20"]


@pytest.mark.parametrize(
    "text",
    ["2026-05-20", "2026/5/20", "2026.5.20", "2026年5月20日", "20260520", "46162", "2026-05-20 00:00:00"],
)
def test_a_date_is_understood_in_the_usual_forms(text: str) -> None:
    assert parse_date(text) == dt.date(2026, 5, 20)


@pytest.mark.parametrize("text", ["2026-02-30", "05/20/2026", "2026年5月", "明天", "2026", "20261301", "1", "-46162"])
def test_a_doubtful_date_is_refused(text: str) -> None:
    with pytest.raises(CellProblem):
        parse_date(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "一", "", "1e3", "9999999999"])
def test_a_count_is_a_whole_number_of_at_least_one(text: str) -> None:
    with pytest.raises(CellProblem):
        parse_count(text)


def test_an_unknown_layout_stops() -> None:
    with pytest.raises(InputError) as error:
        find_table(read(make_workbook(A=[["甲", "乙"], ["1", "2"]])), HEADINGS)
    assert error.value.code == "layout_unknown"


def test_headings_without_rows_are_said_to_be_just_that() -> None:
    with pytest.raises(InputError) as error:
        find_table(read(make_workbook(A=[["器具名称", "种别", "出厂编号"]])), HEADINGS, by_hand=True)
    assert error.value.code == "no_rows"


def test_a_missing_required_column_stops() -> None:
    with pytest.raises(InputError) as error:
        find_table(read(make_workbook(A=[["器具名称", "数量"], ["秤", "1"]])), HEADINGS)
    assert (error.value.code, "出厂编号" in error.value.message) == ("columns_missing", True)


def test_two_sheets_with_such_a_table_stop_until_one_is_named() -> None:
    rows: list[list[object]] = [["器具名称", "出厂编号"], ["秤", "1"]]
    sheets = read(make_workbook(一月=rows, 二月=rows))
    with pytest.raises(InputError) as error:
        find_table(sheets, HEADINGS)
    assert error.value.code == "sheet_ambiguous"
    assert find_table(sheets, HEADINGS, sheet="二月").sheet == "二月"


def test_titles_match_despite_width_blanks_and_marks() -> None:
    data = make_workbook(A=[["器具 名称*(必填)", "出厂编号:", "备注"], ["秤", "1", "x"]])
    table = find_table(read(data), HEADINGS)
    assert dict(table.columns) == {"name": 0, "serial": 1}
    assert table.unused == ("备注",)


def test_a_remembered_title_is_matched() -> None:
    data = make_workbook(A=[["器具名称", "表具号"], ["秤", "1"]])
    assert find_table(read(data), HEADINGS, remembered={"serial": "表具号"}).columns["serial"] == 1


def test_a_template_reads_back_with_its_example_left_out() -> None:
    fields = [Field("器具名称", True, example="秤"), Field("出厂编号", True), Field("用途", choices=["贸易结算"])]
    data = write_template(fields, sheet="台账", notes_head=("列", "必填", "示例", "说明"))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book["台账"].data_validations.dataValidation[0].sqref is not None
    page = book["台账"]
    page["A3"], page["B3"] = "秤", "007"
    out = io.BytesIO()
    book.save(out)
    table = find_table(read(out.getvalue()), HEADINGS)
    assert [r.cells[:2] for r in table.rows] == [("秤", "007")]
    assert table.examples == 1
    assert table.other_sheets == ()


DANGEROUS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "http://x"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_nothing_we_write_is_a_live_formula(text: str) -> None:
    page = openpyxl.load_workbook(io.BytesIO(write_xlsx(["列"], [[text]]))).active
    assert page["A2"].data_type == "s"
    assert page["A2"].hyperlink is None
    line = write_csv(["列"], [[text]]).decode("utf-8-sig").splitlines()[1].lstrip('"')
    assert not line.startswith(("=", "+", "-", "@", "\t"))


def test_csv_begins_with_the_mark_and_keeps_negative_numbers() -> None:
    data = write_csv(["值"], [["-2.5"]])
    assert data.startswith(b"\xef\xbb\xbf")
    assert "\n-2.5" in data.decode("utf-8-sig")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8))
def test_what_is_written_reads_back(rows: list[tuple[str, str]]) -> None:
    kept = [r for r in rows if any(r)]
    for data in (write_xlsx(["甲", "乙"], kept), write_csv(["甲", "乙"], kept)):
        found = [tuple((*r.cells, "", "")[:2]) for r in read(data)[0].rows[1:] if not r.blank()]
        assert [tuple(c.removeprefix("'") for c in r) for r in found] == [
            tuple(c.removeprefix("'") for c in r) for r in kept
        ]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_mutated_workbook_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(WORKBOOK)
    for _i in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        sheets = read(bytes(content))
    except InputError:
        return
    assert all(isinstance(c, str) for s in sheets for r in s.rows for c in r.cells)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        read(data)
    except InputError:
        return


@given(st.floats() | st.integers() | st.booleans() | st.text() | st.dates() | st.none())
def test_every_cell_value_becomes_text(value: object) -> None:
    text, problem = to_text(value)
    assert isinstance(text, str)
    assert "\x00" not in text
    assert isinstance(problem, str)


WORKBOOK = make_workbook(台账=[["器具名称", "出厂编号", "数量"], ["秤", "1", 1], ["表", "2", 2]])
