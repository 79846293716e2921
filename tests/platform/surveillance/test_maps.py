"""From the district to the meter by pictures that are links, each beside its table."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.surveillance import maps
from quanheng.platform.surveillance.models import Area, AreaMeter
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def window(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_one_goes_from_the_district_over_the_area_to_the_meter_by_the_map():
    utility, _run = steps.judged()
    client = window(utility.regulator)
    area = Area.objects.order_by("-checks", "-suspects", "code")[0]
    district = reverse("surveillance:district", args=[area.region_id])
    overview = client.get(reverse("surveillance:overview")).content.decode()
    assert f'<a href="{district}" class="qh-tone-' in overview
    page = client.get(district).content.decode()
    tile = re.search(rf'<a href="{area.get_absolute_url()}" class="qh-tone-(\w+)">', page)
    assert tile
    expected = {"alarm": "bad", "warning": "due", "notice": "wait", "normal": "ok"}[area.level]
    assert tile[1] == expected, "the tile has the tone of the area's level"
    inside = client.get(area.get_absolute_url() + "?tab=meters").content.decode()
    for meter in AreaMeter.objects.filter(area=area, role="sub"):
        assert f'<a href="{meter.get_absolute_url()}" class="qh-tone-' in inside


def test_a_district_in_which_one_sees_nothing_is_not_there():
    utility, _run = steps.judged()
    district = reverse("surveillance:district", args=[Area.objects.first().region_id])
    assert window(utility.rival).get(district).status_code == 404
    assert window(utility.rival).get(reverse("surveillance:utility", args=[utility.organisation.pk])).status_code == 404


def test_the_page_of_a_utility_counts_its_meters_by_verdict():
    utility, _run = steps.judged()
    page = window(utility.keeper).get(reverse("surveillance:utility", args=[utility.organisation.pk])).content.decode()
    assert utility.organisation.name in page
    assert "平均采集率" in page
    for verdict in ("pass", "check"):
        count = AreaMeter.objects.filter(role="sub", verdict=verdict).count()
        shown = re.search(rf'verdict={verdict}"[^>]*>(.*?)</a>', page, re.DOTALL)
        assert shown
        assert re.search(rf">\s*{count}\b", shown[1]), (verdict, count, shown[1])


def test_the_rules_of_the_levels_are_shown_with_their_source_as_unverified():
    utility = steps.make_utility()
    page = window(utility.regulator).get(reverse("surveillance:rules")).content.decode()
    assert "须现场核查的表计不少于 1 块" in page
    assert "权衡自拟" in page
    assert "未核实" in page


def test_names_in_a_map_are_escaped_and_rows_break():
    tiles = [maps.Tile(f"<b>{n}", "1", "ok", "正常", "/x", "9901" if n < 3 else "9902") for n in range(12)]
    drawn = maps.tile_map(tiles, "图")
    assert "<b>" not in drawn
    rows = set(re.findall(r'<rect x="\d+" y="(\d+)"', drawn))
    assert len(rows) == 3, "three of the first city, then seven and two of the second"
