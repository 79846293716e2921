"""A person is shown everything a file states beside a value: no unit cut short, no uncertainty, verdict or name left out."""

from __future__ import annotations

import csv
import io
import re

import openpyxl
import pytest

from quanheng.evidence.dcc import pageview, tables
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.show import show
from tests.evidence.sample_content import make_content

TEXT = build(make_content()).decode()
PASCAL, BAR, ONE, CELSIUS = r"\pascal", r"\bar", r"\one", r"\degreecelsius"


def named(words: str) -> str:
    return f'<dcc:name><dcc:content lang="en">{words}</dcc:content></dcc:name>'


def real(value: str, unit: str, more: str = "") -> str:
    return f"<si:real><si:value>{value}</si:value><si:unit>{unit}</si:unit>{more}</si:real>"


def expanded(u: str) -> str:
    inner = f"<si:uncertainty>{u}</si:uncertainty><si:coverageFactor>2</si:coverageFactor>"
    return f"<si:expandedUnc>{inner}<si:coverageProbability>0.95</si:coverageProbability></si:expandedUnc>"


def quantity(inner: str, name: str = "", attributes: str = "") -> str:
    return f"<dcc:quantity {attributes}>{named(name) if name else ''}{inner}</dcc:quantity>"


def with_data(data: str) -> bytes:
    """A certificate of ours whose first result says something else."""
    head, _, results = TEXT.partition("<dcc:results>")
    results = re.sub(
        r"<dcc:data>.*?</dcc:data>", lambda _: f"<dcc:data>{data}</dcc:data>", results, count=1, flags=re.S
    )
    return f"{head}<dcc:results>{results}".encode()


def long_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables.csv(read(data)))))


def grid(data: bytes, lang: str = "zh") -> pageview.Grid:
    sections = pageview.sections(read(data), (), lang)
    return next(s for s in sections if s.key == "m1r1").grids[0]


RELATIVE = quantity(
    real("10.0", r"\watt\per\metre\tothe{2}")
    + "<dcc:relativeUncertainty><dcc:relativeUncertaintySingle><si:value>0.02</si:value><si:unit>\\one</si:unit>"
    "</dcc:relativeUncertaintySingle></dcc:relativeUncertainty>",
    "flux",
)


def test_a_relative_uncertainty_is_read_shown_and_exported() -> None:
    data = with_data(RELATIVE)
    assert "flux / W/m² | 相对不确定度 Relative uncertainty" in show(read(data))
    assert "10.0 | 0.02" in show(read(data))
    assert grid(data).rows == (("10.0", "0.02"),)
    assert long_rows(data)[0]["relative"] == "0.02"


def test_both_parts_of_complex_values_stand_in_one_row() -> None:
    inner = (
        "<si:complexListXMLList><si:valueRealXMLList>1.0 2.0</si:valueRealXMLList>"
        "<si:valueImagXMLList>3.0 4.0</si:valueImagXMLList><si:unitXMLList>\\ohm</si:unitXMLList></si:complexListXMLList>"
    )
    data = with_data(quantity(inner, "impedance"))
    assert grid(data, "en").heads == ("impedance real / Ω", "impedance imaginary / Ω")
    assert grid(data).rows == (("1.0", "3.0"), ("2.0", "4.0"))
    assert [(r["value"], r["imaginary"], r["imaginary_unit"]) for r in long_rows(data)[:2]] == [
        ("1.0", "3.0", "Ω"),
        ("2.0", "4.0", "Ω"),
    ]


def test_magnitude_and_phase_keep_their_own_units_and_an_unread_region_is_named() -> None:
    inner = (
        "<si:complex><si:valueMagnitude>50.0</si:valueMagnitude><si:valuePhase>0.10</si:valuePhase>"
        "<si:unit>\\ohm</si:unit><si:unitPhase>\\radian</si:unitPhase>"
        "<si:ellipsoidalRegion></si:ellipsoidalRegion></si:complex>"
    )
    heads = grid(with_data(quantity(inner, "Z")), "en").heads
    assert heads[:2] == ("Z magnitude / Ω", "Z phase / rad")
    assert "ellipsoidalRegion" in heads[2]


def test_a_hybrid_value_is_shown_in_each_of_its_units() -> None:
    inner = f"<si:hybrid>{real('100000', PASCAL)}{real('1.0', BAR)}</si:hybrid>"
    assert grid(with_data(quantity(inner, "p"))).heads == ("p / Pa", "p / bar")


INTERVALS = quantity(
    "<si:realListXMLList><si:labelXMLList>a b</si:labelXMLList><si:valueXMLList>1 2</si:valueXMLList>"
    "<si:unitXMLList>\\volt</si:unitXMLList><si:dateTimeXMLList>2026-01-01T00:00:00Z 2026-01-01T01:00:00Z</si:dateTimeXMLList>"
    "<si:measurementUncertaintyUnivariateXMLList><si:coverageIntervalMUXMLList>"
    "<si:valueStandardMUXMLList>0.1 0.1</si:valueStandardMUXMLList><si:intervalMinXMLList>0.8 1.8</si:intervalMinXMLList>"
    "<si:intervalMaxXMLList>1.2 2.2</si:intervalMaxXMLList><si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList>"
    "</si:coverageIntervalMUXMLList></si:measurementUncertaintyUnivariateXMLList></si:realListXMLList>"
    "<dcc:measurementMetaData><dcc:metaData><dcc:conformityXMLList>pass fail</dcc:conformityXMLList></dcc:metaData>"
    "</dcc:measurementMetaData>",
    "v",
)


def test_labels_times_intervals_and_verdicts_of_each_row_are_shown() -> None:
    data = with_data(f"<dcc:list>{INTERVALS}</dcc:list>")
    zh, en = grid(data, "zh"), grid(data, "en")
    assert zh.heads == ("标签", "时间", "v / V", "u", "区间下限 (p = 0.95)", "区间上限 (p = 0.95)", "符合性")
    assert zh.rows[1] == ("b", "2026-01-01T01:00:00Z", "2", "0.1", "1.8", "2.2", "不合格")
    assert en.rows[0][-1] == "pass"
    sheet = openpyxl.load_workbook(io.BytesIO(tables.excel(read(data)))).worksheets[1]
    assert [cell.value for cell in sheet[2]] == ["a", "2026-01-01T00:00:00Z", 1, 0.1, 0.8, 1.2, "合格"]


def test_lists_of_single_values_become_the_columns_of_one_table() -> None:
    def column(name: str, unit: str, *values: tuple[str, str]) -> str:
        cells = "".join(quantity(real(v, unit, expanded(u))) for v, u in values)
        return f"<dcc:list>{named(name)}{cells}</dcc:list>"

    data = with_data(
        column("pressure", r"\pascal", ("26.650", "0.040"), ("132.616", "0.20"))
        + column("error", r"\one", ("0.0094", "0.0060"), ("0.0033", "0.0019"))
    )
    one = grid(data, "en")
    assert one.heads == ("pressure / Pa", "U (k = 2, p = 0.95)", "error", "U (k = 2, p = 0.95)")
    assert one.rows == (("26.650", "0.040", "0.0094", "0.0060"), ("132.616", "0.20", "0.0033", "0.0019"))
    assert {(r["table"], r["row"], r["column"]) for r in long_rows(data)} >= {
        ("1", "2", "pressure"),
        ("1", "2", "error"),
    }


def test_lists_of_unequal_length_stay_apart() -> None:
    short = f"<dcc:list>{named('a')}{quantity(real('1', ONE)) * 2}</dcc:list>"
    long = f"<dcc:list>{named('b')}{quantity(real('2', ONE)) * 3}</dcc:list>"
    result = read(with_data(short + long)).measurements[0].results[0]
    assert [(t.columns[0].name["en"], len(t.columns[0].values)) for t in result.tables] == [("a", 2), ("b", 3)]


def test_conditions_say_which_value_is_which_with_its_uncertainty_and_when() -> None:
    pair = f"<dcc:list>{named('temperature')}{quantity(real('21.4', CELSIUS, expanded('0.2')), 'from')}"
    pair += f"{quantity(real('21.5', CELSIUS, expanded('0.2')), 'to')}</dcc:list>"
    condition = (
        f"<dcc:influenceConditions><dcc:influenceCondition>{named('Ambient')}<dcc:status>afterAdjustment</dcc:status>"
        f"<dcc:data><dcc:list>{pair}</dcc:list></dcc:data></dcc:influenceCondition></dcc:influenceConditions>"
    )
    text = show(read(with_data(quantity(real("1", r"\gram") + condition, "mass"))))
    assert "mass: Ambient: temperature from: 21.4 °C, U = 0.2 (k = 2, p = 0.95); temperature to: 21.5 °C" in text


def test_formulas_files_and_foreign_xml_of_a_result_are_named() -> None:
    data = with_data(
        "<dcc:formula><dcc:latex>y = a x + b</dcc:latex></dcc:formula>"
        "<dcc:byteData><dcc:fileName>curve.csv</dcc:fileName><dcc:mimeType>text/csv</dcc:mimeType>"
        "<dcc:dataBase64>YSxi</dcc:dataBase64></dcc:byteData>"
        '<dcc:xml><own:thing xmlns:own="urn:own"/></dcc:xml>'
    )
    text = show(read(data))
    assert "y = a x + b" in text
    assert "curve.csv (text/csv)" in text
    assert "thing" in text
    facts = next(s for s in pageview.sections(read(data), (), "en") if s.key == "m1r1").facts
    assert ("Formula", "y = a x + b") in facts


def test_equipment_named_for_a_single_quantity_is_equipment_of_the_measurement() -> None:
    own = f"<dcc:measuringEquipments><dcc:measuringEquipment>{named('Weight set F1')}<dcc:identifications><dcc:identification>"
    own += "<dcc:issuer>owner</dcc:issuer><dcc:value>W-17</dcc:value></dcc:identification></dcc:identifications>"
    own += "</dcc:measuringEquipment></dcc:measuringEquipments>"
    certificate = read(with_data(quantity(real("1", r"\gram") + own, "mass")))
    assert "Weight set F1" in [e.name.get("en") for e in certificate.measurements[0].equipment]
    assert "Weight set F1 [W-17]" in show(certificate)


@pytest.mark.parametrize("trick", ["\u009b31m", "\u202e", "\u2028", "\u200f", "\u0085"])
def test_a_hostile_name_cannot_drive_the_terminal(trick: str) -> None:
    text = show(read(TEXT.replace("电子计价秤", f"秤{trick}尾").encode()))
    assert trick not in text
    assert "秤" in text
    assert "尾" in text
