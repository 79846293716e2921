"""Categories, norms, periods and duties as the loaded law has them on a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from quanheng.platform.catalog.models import InstrumentCategory, Norm, NormState
from quanheng.platform.catalog.queries import (
    categories_at,
    category_at,
    is_mandatory,
    norm_in_force,
    norms_of,
    periods_of,
    procedure_ids,
    reclassification,
    verification_period,
)
from quanheng.platform.catalog.services import refresh_catalogue
from quanheng.platform.kernel.actors import system
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.law.services import load_library
from quanheng.procedures import load
from tests.platform import makers
from tests.platform.cast import Cast

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 22)
LOADER = system("test")


@pytest.fixture(autouse=True)
def _law() -> None:
    load_library(actor=LOADER)


def category(code: str, on: dt.date = DAY) -> InstrumentCategory:
    found = category_at(code, on)
    assert found is not None
    return found


def norm(number: str, on: dt.date = DAY) -> Norm:
    found = norm_in_force(number, on)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "procedures"),
    [
        ("nonautomatic-weighing", ["JJG-539-2016"]),
        ("fuel-dispenser", ["JJG-443-2023"]),
        ("water-meter", ["JJG-162-2019"]),
        ("pressure-gauge", ["JJG-52-2013"]),
        ("charging-pile", ["JJG-1148-2022", "JJG-1149-2022"]),
        ("electricity-meter", ["JJG-596-2012"]),
        ("weights", ["JJG-99-2022"]),
    ],
)
def test_a_category_leads_to_its_procedures(code: str, procedures: list[str]) -> None:
    assert procedure_ids(category(code), DAY) == procedures


def test_a_norm_is_found_by_number_or_by_code_in_the_edition_of_the_day() -> None:
    assert norm("JJG 443").number == "JJG 443-2023"
    assert norm("JJG 443", dt.date(2024, 4, 30)).number == "JJG 443-2015"
    assert norm_in_force("JJG 443-2015", DAY) is None
    assert norm_in_force("JJG 1204", DAY) is None
    assert norm("JJG 1204", dt.date(2027, 1, 8)).number == "JJG 1204-2025"


def test_the_state_of_an_edition_is_computed_for_the_day() -> None:
    scale = Norm.objects.get(number="JJG 1204-2025")
    assert scale.state_on(DAY) == NormState.ANNOUNCED
    assert scale.state_on(dt.date(2027, 1, 8)) == NormState.IN_FORCE
    assert Norm.objects.get(number="JJG 225-2001").state_on(DAY) == NormState.WITHDRAWN


def test_norms_of_a_category_come_in_the_catalogues_order() -> None:
    assert [n.number for n in norms_of(category("nonautomatic-weighing"), DAY)][:3] == [
        "JJG 539-2016",
        "JJG 13-2016",
        "JJG 14-2016",
    ]


@pytest.mark.parametrize(
    ("code", "purpose", "expected"),
    [
        ("nonautomatic-weighing", "trade", True),
        ("nonautomatic-weighing", "other", False),
        ("nonautomatic-weighing", "medical", False),
        ("load-cell", "trade", False),
        ("weights", "trade", False),
        ("weights", "public_standard", True),
        ("weights", "enterprise_standard", True),
        ("sound-level-meter", "environment", True),
    ],
)
def test_duty_follows_category_and_use(code: str, purpose: str, expected: bool) -> None:
    assert is_mandatory(category(code), purpose, DAY) is expected


def test_charging_piles_are_mandatory_since_2023() -> None:
    pile = category("charging-pile")
    assert is_mandatory(pile, "trade", dt.date(2023, 1, 1))
    assert not is_mandatory(pile, "trade", dt.date(2022, 12, 31))


def test_household_meters_rotate_and_others_are_periodic() -> None:
    meter = category("water-meter")
    assert (meter.mode_for("household"), meter.mode_for()) == ("rotation", "periodic")
    assert category("clinical-thermometer").mode_for("glass") == "first_only"


def test_periods_carry_source_and_mark() -> None:
    scale = verification_period(category("nonautomatic-weighing"), norm("JJG 539"), DAY)
    assert scale is not None
    assert (scale.months, scale.verified, scale.basis) == (12, "yes", "period")
    assert scale.source
    weights = verification_period(category("weights"), norm("JJG 99"), DAY)
    assert weights is not None
    assert weights.verified == "no"


def test_a_period_depends_on_the_instrument() -> None:
    meter, rule = category("water-meter"), norm("JJG 162")
    months = {
        condition: period.months
        for condition in ("dn-to-25", "dn-25-50", "dn-over-50")
        if (period := verification_period(meter, rule, DAY, condition=condition))
    }
    assert months == {"dn-to-25": 72, "dn-25-50": 48, "dn-over-50": 24}
    careful = verification_period(meter, rule, DAY)
    assert careful is not None
    assert careful.months == 24, "without the diameter the shortest period answers"
    assert len(periods_of(rule, DAY)) == 3


def test_what_is_verified_only_once_has_no_period() -> None:
    glass = verification_period(category("clinical-thermometer"), norm("JJG 111"), DAY)
    assert glass is not None
    assert (glass.months, glass.basis) == (None, "first_only")
    assert verification_period(category("load-cell"), norm("JJG 669"), DAY) is None


def test_the_catalogue_has_62_lines_and_marks_what_is_unverified() -> None:
    assert categories_at(DAY).filter(law_item__body__has_key="seq").count() == 62
    assert categories_at(DAY, mandatory_only=True).count() == 58
    assert InstrumentCategory.objects.exclude(verified="yes").exists()


def test_a_second_refresh_writes_nothing() -> None:
    events = AuditEvent.objects.count()
    result = refresh_catalogue(actor=LOADER)
    assert (result.norms, result.categories, result.links) == (0, 0, 0)
    assert AuditEvent.objects.count() == events


def test_a_norm_entered_earlier_by_hand_is_brought_in_line_with_the_law() -> None:
    Norm.objects.filter(number="JJG 539-2016").update(title="旧名", procedure_id="", period_months=99)
    assert refresh_catalogue(actor=LOADER).norms == 1
    mended = Norm.objects.get(number="JJG 539-2016")
    assert (mended.title, mended.procedure_id, mended.period_months) == ("数字指示秤", "JJG-539-2016", 12)


def make_new_catalogue(folder: Path) -> Path:
    trade = "supervision: V, use_areas: [trade]"
    lines = [
        "{code: fuel-dispenser, item_zh: 加油机, verification_mode: periodic, supervision: P+V, use_areas: [trade]}",
        f"{{code: taximeter, item_zh: 计价器, verification_mode: periodic, {trade}}}",
        f"{{code: water-meter-small, item_zh: 水表, verification_mode: rotation, {trade}, supersedes: [water-meter]}}",
        f"{{code: water-meter-large, item_zh: 水表, verification_mode: periodic, {trade}, supersedes: [water-meter]}}",
    ]
    items = "\n".join("  - " + line.replace("{", "{name_en: x, category_zh: 某, ", 1) for line in lines)
    (folder / "catalogue.yaml").write_text(
        "kind: catalogue_item\ntitle: 新目录\ndefaults: {edition: '2027', effective_from: '2027-01-01', source: 公告, "
        f"verified: 'yes'}}\nitems:\n{items}\n",
        encoding="utf-8",
    )
    return folder


def test_a_new_edition_of_the_catalogue_says_where_each_category_goes(tmp_path: Path) -> None:
    load_library(actor=LOADER, root=make_new_catalogue(tmp_path))
    moves = {move.code: move for move in reclassification("2020", "2027")}
    assert moves["fuel-dispenser"].change == "same"
    assert moves["taximeter"].change == "changed"
    assert [new.code for new in moves["water-meter"].new] == ["water-meter-small", "water-meter-large"]
    assert moves["water-meter"].change == "split"
    assert moves["load-cell"].change == "dropped"
    assert InstrumentCategory.objects.filter(code="fuel-dispenser").count() == 2, "the old line stays for old records"
    assert category("fuel-dispenser", dt.date(2027, 6, 1)).edition == "2027"
    assert category("fuel-dispenser", DAY).edition == "2020"


def test_an_english_page_calls_categories_norms_and_items_by_their_english_names(cast: Cast, client: Client) -> None:
    makers.make_category("price-scale", name_en="Price computing scale")
    norm = Norm.objects.get(number="JJG 539-2016")
    with translation.override("en"):
        assert str(InstrumentCategory.objects.get(code="price-scale")) == "Price computing scale"
        assert str(norm) == f"JJG 539-2016 {load('JJG-539-2016').procedure.norm.title.en}"
    assert str(norm) == "JJG 539-2016 数字指示秤"
    client.force_login(cast.keeper)
    assert (
        "Price computing scale"
        in client.get(
            InstrumentCategory.objects.get(code="price-scale").get_absolute_url() + "?lang=en", follow=True
        ).content.decode()
    )
