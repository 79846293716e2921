"""The quality of readings: what each source delivers, each meter's days, on paper and as a workbook."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import polars as pl
import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance import heat, quality_data
from quanheng.platform.surveillance.models import Area
from quanheng.platform.surveillance.store import store
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db
WINDOW = "?since=2026-02-10&until=2026-02-16"


def holed() -> tuple[steps.Utility, Area, str, Client]:
    """One meter lacks a whole day, another half a day."""
    utility, fleet = steps.make_utility(), steps.make_fleet()
    steps.bring_areas(utility, fleet)
    area = Area.objects.order_by("code")[0]
    first, second = area.members.filter(role="sub").order_by("meter_id").values_list("meter_id", flat=True)[:2]
    start = clock.start_of(dt.date(2026, 2, 12))
    last: dt.datetime = fleet.readings["ts"].max()  # type: ignore[assignment]
    moved = fleet.readings.with_columns(pl.col("ts") + (clock.start_of(dt.date(2026, 2, 18)).astimezone(dt.UTC) - last))
    gap = (pl.col("ts") >= start) & (pl.col("ts") < start + dt.timedelta(days=1))
    half = (pl.col("ts") >= start) & (pl.col("ts") < start + dt.timedelta(hours=12))
    here = pl.col("area_id") == area.code
    kept = moved.filter(~(here & (((pl.col("meter_id") == first) & gap) | ((pl.col("meter_id") == second) & half))))
    store().write(
        kept, batch="holed", recorded_at=steps.TODAY, source=f"{utility.organisation.pk}/集中 器",
        region=utility.organisation.region_id,
    )  # fmt: skip
    client = Client()
    client.force_login(utility.keeper)
    return utility, area, first, client


def test_the_strip_shows_the_day_that_is_missing_and_the_half_day():
    _utility, area, first, client = holed()
    found = quality_data.area_quality(area, dt.date(2026, 2, 10), dt.date(2026, 2, 16))
    day = dt.date(2026, 2, 12)
    assert day not in found.daily[first]
    assert sorted(shares[day] for shares in found.daily.values() if day in shares)[0] == 0.5
    assert 0.9 < found.acquisition < 1
    page = client.get(reverse("surveillance:area-quality", args=[area.pk]) + WINDOW).content.decode()
    assert page.count('<g class="none">') == 1 + 1, "one cell and the legend"
    assert page.count('<g class="few">') == 1 + 1
    assert f"{first} 2026-02-12 0.0 %" in page
    assert "按各表采集率推算的完整时段" in page


def test_the_workbook_and_the_paper_hold_the_same_days():
    _utility, area, first, client = holed()
    url = reverse("surveillance:area-quality", args=[area.pk]) + WINDOW
    answer = client.get(f"{url}&export=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    lines = [[c.value for c in row] for row in sheet.iter_rows()]
    column = lines[0].index("2026-02-12")
    by_meter = {line[0]: line[column] for line in lines[1:]}
    assert by_meter[first] in (0, None)
    assert sorted(v for v in by_meter.values() if v)[0] == 50
    paper = client.get(reverse("surveillance:area-quality-report", args=[area.pk]) + WINDOW).content.decode()
    assert "读数质量报告" in paper
    assert "2026-02-10 – 2026-02-16" in paper
    assert 'class="fleet-heat"' in paper


def test_a_window_that_is_none_is_told_beside_the_form():
    _utility, area, _first, client = holed()
    answer = client.get(reverse("surveillance:area-quality", args=[area.pk]) + "?since=2026-01-01&until=2025-01-01")
    assert answer.status_code == 422
    assert "时段须在 92 天以内" in answer.content.decode()


def test_sources_are_told_apart_by_area_with_what_was_set_aside():
    utility, _run = steps.judged()
    client = Client()
    client.force_login(utility.regulator)
    page = client.get(reverse("surveillance:quality")).content.decode()
    assert page.count(">sim</td>") == Area.objects.count()
    lines = quality_data.by_source(Area.objects.all())
    assert all(line.meters == 21 and line.acquisition == 1.0 and line.complete == 1.0 for line in lines)
    rival = Client()
    rival.force_login(utility.rival)
    assert Area.objects.first().code not in rival.get(reverse("surveillance:quality")).content.decode()


def test_names_of_sources_with_spaces_stay_whole():
    one, two = "12345678-1234-1234-1234-123456789012/集中 器", "12345678-1234-1234-1234-123456789012/b"
    assert quality_data.sources_of(f"{one} {two}") == [one, two]
    assert [heat.band(s) for s in (1.0, 0.95, 0.5, 0.0)] == ["full", "most", "few", "none"]
