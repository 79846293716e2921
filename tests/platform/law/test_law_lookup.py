"""Which item counts: nearest region, right day, newest edition."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.platform.kernel.actors import ANONYMOUS, Actor, system
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.queries import capabilities, item_at, items_at, region_chain, visible_to
from quanheng.platform.law.services import load_library

DAY = dt.date(2026, 6, 1)


def make_item(
    region: str = "CN", edition: str = "1", start: str = "2020-01-01", end: str = "", code: str = "limit"
) -> LawItem:
    return LawItem.objects.create(
        kind="time_limit",
        code=code,
        edition=edition,
        region_code=region,
        title="时限",
        effective_from=dt.date.fromisoformat(start) if start else None,
        effective_to=dt.date.fromisoformat(end) if end else None,
        source="s",
        verified="no",
        body={"limit": region},
        body_sha256="0" * 64,
    )


def test_a_county_sees_itself_then_its_city_its_province_and_the_nation() -> None:
    assert region_chain("990121") == ["990121", "990100", "990000", "CN"]
    assert region_chain("990100") == ["990100", "990000", "CN"]
    assert region_chain("990000") == ["990000", "CN"]
    assert region_chain("CN") == region_chain("") == ["CN"]


@given(st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_a_chain_begins_at_home_ends_at_the_nation_and_repeats_nothing(code: str) -> None:
    chain = region_chain(code)
    assert (chain[0], chain[-1]) == (code, "CN")
    assert len(set(chain)) == len(chain) <= 4


@pytest.mark.django_db
def test_the_nearest_region_wins() -> None:
    for region in ("CN", "990000", "990121"):
        make_item(region)
    assert [item_at("time_limit", "limit", DAY, r).region_code for r in ("990121", "990122", "110101")] == [  # type: ignore[union-attr]
        "990121",
        "990000",
        "CN",
    ]


@pytest.mark.django_db
def test_the_edition_of_the_day_counts() -> None:
    make_item(edition="old", start="", end="2026-04-14")
    make_item(edition="new", start="2026-04-15")

    def edition(day: str) -> str:
        found = item_at("time_limit", "limit", dt.date.fromisoformat(day))
        assert found is not None
        return found.edition

    assert edition("1999-01-01") == "old", "an unknown start counts as always before"
    assert edition("2026-04-14") == "old"
    assert edition("2026-04-15") == "new"


@pytest.mark.django_db
def test_a_regional_rule_that_ended_gives_way_to_the_nation() -> None:
    make_item("CN")
    make_item("990000", end="2026-05-31")
    found = item_at("time_limit", "limit", DAY, "990121")
    assert found is not None
    assert found.region_code == "CN"


@pytest.mark.django_db
def test_nothing_is_made_up_where_nothing_is_in_force() -> None:
    make_item(end="2026-01-31")
    assert item_at("time_limit", "limit", DAY) is None
    assert item_at("time_limit", "other", DAY) is None


@pytest.mark.django_db
def test_a_whole_table_takes_each_code_from_its_nearest_region() -> None:
    make_item("CN", code="a")
    make_item("990000", code="a")
    make_item("CN", code="b")
    make_item("110000", code="c")
    assert {item.code: item.region_code for item in items_at("time_limit", DAY, "990100")} == {"a": "990000", "b": "CN"}


@pytest.mark.django_db
def test_real_rules_by_region_and_day() -> None:
    load_library(actor=system("test"))
    on_site = item_at("time_limit", "verification.on-site", DAY, "330106")
    assert on_site is not None
    assert (on_site.body["limit"], on_site.verified) == ("10", "yes")
    before = item_at("time_limit", "complaint.acceptance", dt.date(2026, 4, 14))
    after = item_at("time_limit", "complaint.acceptance", dt.date(2026, 4, 15))
    assert before is not None
    assert after is not None
    assert (before.verified, after.verified) == ("yes", "no"), "the new order's limits were not checked"
    water = item_at("energy_conversion", "fresh-water", DAY)
    assert water is not None
    assert (water.body["coefficient"], water.verified) == ("0.2571", "no")
    assert items_at("energy_metering", DAY, prefix="accuracy-class.") == [], "GB 17167-2025 has no values yet"


@pytest.mark.django_db
def test_strangers_see_nothing_and_anyone_signed_in_sees_all() -> None:
    make_item()
    person = Actor(user_id=uuid.uuid4(), name="李四")
    assert not visible_to(ANONYMOUS).exists()
    assert capabilities(ANONYMOUS) == []
    assert visible_to(person).count() == 1
    assert capabilities(person)
