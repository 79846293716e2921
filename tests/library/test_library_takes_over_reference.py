"""Nothing of the shared reference tables was lost or changed on the way, except the corrections we name."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

from quanheng.library import LIBRARY_ROOT
from quanheng.library.reader import Item, read_library

REPLACED = {"JJG 892-2022", "JJG 1189.1-2022"}
CORRECTED_TITLES = {"JJG 225-2001"}


def rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "reference" / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def items(kind: str) -> list[Item]:
    return [item for item in read_library(LIBRARY_ROOT).items if item.kind == kind]


def values(kind: str, *names: str) -> Counter[tuple[str, ...]]:
    return Counter((item.verified, *(str(item.body.get(name, "")) for name in names)) for item in items(kind))


def expected(shared: Path, file: str, *names: str) -> Counter[tuple[str, ...]]:
    return Counter((row["verified"], *(row[name] for name in names)) for row in rows(shared, file))


def test_tables_are_taken_over_value_by_value(shared: Path) -> None:
    for kind, file, names in (
        ("emission_factor", "emission_factors.csv", ("name", "parameter", "value", "unit")),
        ("energy_conversion", "energy_conversion_factors.csv", ("energy", "ncv", "coefficient", "coefficient_unit")),
        (
            "energy_metering",
            "energy_meter_equipping.csv",
            ("energy_or_meter", "level_or_purpose", "requirement", "unit"),
        ),
        ("indicator", "indicators.csv", ("region", "indicator", "target", "base", "year", "unit", "formula")),
        (
            "net_content_tolerance",
            "net_content_tolerance.csv",
            ("kind", "qn_low", "qn_high", "tolerance_type", "tolerance_value"),
        ),
        ("net_content_marking", "net_content_marking.csv", ("rule", "quantity", "condition", "requirement")),
        (
            "net_content_sampling",
            "net_content_sampling.csv",
            ("lot_low", "lot_high", "sample_n", "lambda", "confidence"),
        ),
        (
            "retail_deviation",
            "retail_weighing_deviation.csv",
            ("price_band", "m_high_kg_inclusive", "negative_deviation_g"),
        ),
        ("catalogue_item", "mandatory_instruments_2020.csv", ("seq", "category", "item", "supervision", "confidence")),
    ):
        renamed = {
            "name": "name_zh", "energy": "energy_zh", "region": "scope_zh", "indicator": "indicator_zh",
            "kind": "quantity", "lambda": "lambda_factor", "m_high_kg_inclusive": "mass_high_kg",
            "category": "category_zh", "item": "item_zh",
        }  # fmt: skip
        ours = values(kind, *(renamed.get(name, name) for name in names))
        missing = expected(shared, file, *names) - ours
        assert not missing, (kind, list(missing)[:3])


def test_every_time_limit_is_there_with_its_rule(shared: Path) -> None:
    ours = {(item.body["event"], item.body["limit"], item.verified) for item in items("time_limit")}
    lost = [
        row
        for row in rows(shared, "legal_time_limits.csv")
        if (row["event"], row["limit"], row["verified"]) not in ours
    ]
    assert [row["limit"] for row in lost] == ["20/30"], "one row stands for two limits and was split"


def test_every_norm_is_there_unless_a_correction_replaced_it(shared: Path) -> None:
    ours = {item.body["number"]: item for item in items("norm")}
    for row in rows(shared, "verification_regulations.csv"):
        if row["number"] not in REPLACED:
            assert ours[row["number"]].title == row["title"]
            assert ours[row["number"]].body.get("instrument", "") == row["instrument"]
    assert not REPLACED & ours.keys()


def test_the_corrections_of_the_procedure_sheets_prevail() -> None:
    norms = {item.body["number"]: item for item in items("norm")}
    assert norms["JJG 225-2024"].effective_from == dt.date(2025, 4, 19)
    assert norms["JJG 225-2001"].effective_to == dt.date(2025, 4, 18)
    assert norms["JJG 13-2016"].title == "模拟指示秤"
    assert norms["JJG 14-2016"].title.startswith("非自行指示秤")
    assert norms["JJG 1204-2025"].effective_from == dt.date(2027, 1, 8)
    assert norms["JJG 667-2010"].title == "液体容积式流量计"
    assert norms["JJG 892-2011"].title == "验光仪"
    assert norms["JJG 688-2017"].body["replaced_by"] == "JJG 688-2025"


def test_working_days_of_2015_to_2026_agree_with_the_package_they_come_from() -> None:
    import chinese_calendar

    days = {day["date"]: day["kind"] for item in items("working_calendar") for day in item.body["days"]}
    day = dt.date(2015, 1, 1)
    while day.year < 2027:
        kind = days.get(day.isoformat())
        working = kind == "workday" or (kind is None and day.weekday() < 5)
        assert working == chinese_calendar.is_workday(day), day
        day += dt.timedelta(days=1)
