"""Tables of the law enter a request by region; the day and the edition are the task's to choose."""

from __future__ import annotations

import pytest

from quanheng.errors import InputError
from quanheng.library import LIBRARY_ROOT
from quanheng.library.reader import read_kinds, read_library
from quanheng.library.tables import complete, rows

KINDS = ("net_content_tolerance", "net_content_sampling")


def test_a_county_falls_back_on_the_nation() -> None:
    assert rows(KINDS, "330106") == rows(KINDS, "CN")


def test_another_jurisdiction_does_not_fall_back() -> None:
    assert {row["region"] for row in rows(KINDS, "EU")["net_content_tolerance"]} == {"EU"}
    assert {row["region"] for row in rows(KINDS, "CN")["net_content_tolerance"]} == {"CN"}


def test_a_row_says_where_it_comes_from() -> None:
    for row in rows(KINDS, "OIML")["net_content_sampling"]:
        assert row["source"]
        assert row["verified"] in ("yes", "once", "no")
        assert row["edition"] == "OIML R 87:2004"


def test_tables_that_were_brought_are_left_alone() -> None:
    request = {"law": {"date": "2024-05-01"}, "tables": {"mine": []}}
    assert complete(KINDS, request) is request
    assert complete((), {"law": {}}) == {"law": {}}
    assert complete(KINDS, "not an object") == "not an object"


def test_one_kind_is_read_as_the_whole_library_reads_it() -> None:
    whole = [item for item in read_library(LIBRARY_ROOT).items if item.kind in KINDS]
    assert read_kinds(LIBRARY_ROOT, KINDS) == whole


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(InputError, match="none of CN, EU, OIML"):
        complete(KINDS, {"law": {"region": "../etc"}})


def test_the_tolerable_deficiency_of_a_day_is_of_the_order_in_force_then():
    # order 75 of 2005 until order 70 of 2023 replaced it on 1 June
    found = rows(KINDS, "CN")["net_content_tolerance"]
    days = {(str(row["edition"]), str(row["effective_from"]), str(row["effective_to"])) for row in found}
    assert days == {("2005(75号令附表3)", "2006-01-01", "2023-05-31"), ("总局令第70号", "2023-06-01", "")}
