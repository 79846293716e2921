from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from quanheng.errors import InputError
from quanheng.evidence.rendering import fonts
from quanheng.evidence.rendering.papers import Label, RawRecord, Sheet, Slip, render_labels, render_record, render_slip

pypdf = pytest.importorskip("pypdf")
pytestmark = pytest.mark.skipif(not fonts.installed(), reason="fonts are absent: run `make assets`")
AT = datetime(2026, 10, 12, 8, 30, tzinfo=UTC)
WEIGHING = Sheet("称量", ("载荷 / g", "示值 / g"), (("200", "200.0"), ("5000", "5001.0")), "E0 = 0.1 g")


def pages(pdf: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def make_record() -> RawRecord:
    return RawRecord(
        title="数字指示秤检定原始记录",
        subtitle="JJG 539-2016",
        issuer="临州市计量测试所",
        number="R-2026-000871",
        header=(("送检单位", "惠民市场"), ("型号规格", "ACS-30"), ("出厂编号", "A2209")),
        sections=(WEIGHING,),
        results=(Sheet("结果", ("项目", "判定"), (("称量", "合格"),)),),
        verdict="合格",
        people=(("检定员", "李建国"), ("核验员", "王敏")),
        footer=("记录摘要 abc",),
    )


def make_label(number: int = 1) -> Label:
    url = f"https://check.example.cn/i/Q{number:05d}"
    return Label("电子计价秤", f"Q{number:05d}", f"A-{number}", f"LZ-{number}", "惠民市场", url)


def test_a_raw_record_prints_readings_results_and_people() -> None:
    (page,) = pages(render_record(make_record(), AT))
    for fact in ("R-2026-000871", "惠民市场", "ACS-30", "5001.0", "E0=0.1g", "合格", "李建国", "王敏", "第1页共1页"):
        assert fact in page


def test_labels_fill_sheets_of_24() -> None:
    sheets = pages(render_labels([make_label(n) for n in range(30)], AT))
    assert len(sheets) == 2
    assert "Q00023" in sheets[0]
    assert "Q00024" in sheets[1]


def test_the_widest_code_shrinks_to_its_label_and_number_and_address_stay_in_one_line() -> None:
    sizes: dict[str, float] = {}

    def piece(text: str, _cm: object, _tm: object, _font: object, size: float) -> None:
        sizes.setdefault(text.strip(), size)

    for code in ("WMQWMQWMQWMQ", "111111111111"):
        label = Label("电子秤", code, "A-1", "HC990100-V2026-000030", "惠民市场", f"https://check.example.cn/v/{code}")
        (page,) = pypdf.PdfReader(io.BytesIO(render_labels([label], AT))).pages
        page.extract_text(visitor_text=piece)
        assert f"check.example.cn/v/{code}" in sizes
    assert sizes["111111111111"] == 12
    assert sizes["WMQWMQWMQWMQ"] < 9
    assert "HC990100-V2026-000030" in sizes


def test_a_label_with_long_names_stays_one_label() -> None:
    long = Label(
        "公路车辆动态称重检测系统" * 4, "Q1", "A" * 60, "N" * 60, "有限责任公司" * 20, "https://a.example/i/Q1"
    )
    assert len(pages(render_labels([long] * 24, AT))) == 1


def test_no_labels_and_too_many_are_refused() -> None:
    for labels in ([], [make_label()] * 5001):
        with pytest.raises(InputError):
            render_labels(labels, AT)


def test_a_slip_lists_what_to_bring() -> None:
    items = Sheet("器具清单", ("序号", "器具名称"), (("1", "电子计价秤"),))
    slip = Slip(
        "计量所", "A-1", "惠民市场", (("预约日期", "2026-10-11"),), items, ("请带本单。",), "https://a.example/a/A-1"
    )
    (page,) = pages(render_slip(slip, AT))
    for fact in ("送检单", "A-1", "2026-10-11", "电子计价秤", "请带本单。"):
        assert fact in page


def test_papers_are_the_same_each_time() -> None:
    assert render_record(make_record(), AT) == render_record(make_record(), AT)
    assert render_labels([make_label()], AT) == render_labels([make_label()], AT)


def test_an_uneven_table_is_refused() -> None:
    with pytest.raises(InputError):
        Sheet("表", ("甲", "乙"), (("1",),))


def test_glyphs_of_the_fonts_are_known() -> None:
    assert fonts.missing_glyphs("计量 ABC 0.5 ±") == set()
    assert fonts.missing_glyphs("秤\U0010fffd") == {"\U0010fffd"}
    assert fonts.families()[0] == "Noto Sans SC"
