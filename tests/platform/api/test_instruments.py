"""The instrument ledger over the API."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel.models import AuditEvent
from tests.platform import makers
from tests.platform.api.steps import NOWHERE, caller, problem

NEW = {
    "name": "电子计价秤",
    "category": "digital-scale",
    "specification": "ACS-30",
    "serial_number": "S-1",
    "region": "990101",
    "use": "trade",
    "parameters": {"max": "30", "e": "0.010"},
}


@pytest.fixture
def program(cast):
    makers.make_category()
    return caller(cast, "keeper")


def test_an_instrument_is_entered_filed_read_and_changed(cast, program):
    made = program.post("/instruments", NEW)
    assert made.status_code == 201
    one = made.json()
    assert (one["state"], one["organisation"]["name"]) == ("draft", "东陵商贸有限公司")
    assert one["parameters"] == {"max": "30", "e": "0.010"}
    assert program.get(f"/instruments/{one['id']}").json() == one
    assert program.get(f"/instruments/by-code/{one['code'].lower()}").json() == one
    changed = program.send(
        "patch", f"/instruments/{one['id']}", {"version": 1, "location": "一楼 3 号台", "reason": "补录"}
    )
    assert changed.json()["location"] == "一楼 3 号台"
    assert changed.json()["specification"] == "ACS-30"
    assert AuditEvent.objects.get(verb="instruments.edited").reason == "补录"
    assert program.post("/instruments/filings", {"instruments": [one["id"]]}).json() == {"filed": 1}
    assert program.get(f"/instruments/{one['id']}").json()["state"] == "filing"


def test_an_older_version_does_not_overwrite_a_newer_one(cast, program):
    one = makers.make_instrument(cast.shop)
    assert program.send("patch", f"/instruments/{one.pk}", {"version": 1, "origin_place": "甲"}).status_code == 200
    problem(program.send("patch", f"/instruments/{one.pk}", {"version": 1, "origin_place": "乙"}), 409, "conflict")
    one.refresh_from_db()
    assert one.origin_place == "甲"


def test_what_was_verified_is_refused_by_its_field(cast, program):
    one = makers.make_instrument(cast.shop, verified_on=dt.date(2026, 3, 1), last_verdict="pass")
    for field, value in (("measuring_range", "(0~3000) t"), ("accuracy_class", "I"), ("location", "别处")):
        answer = program.send("patch", f"/instruments/{one.pk}", {"version": 1, "reason": "更正", field: value})
        assert problem(answer, 422, "filed")["place"] == field


def test_a_lot_is_entered_by_its_serial_range(program):
    lot = program.post("/instruments", {**NEW, "serial_number": "M0001", "serial_to": "M0500"}).json()
    assert lot["quantity"] == 500


def test_a_duplicate_serial_number_is_refused(program):
    program.post("/instruments", NEW)
    assert problem(program.post("/instruments", NEW), 409, "duplicate")["place"] == "serial_number"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"use": "fun"}, "use"),
        ({"serial_number": ""}, "serial_number"),
        ({"name": "秤" * 121}, "name"),
        ({"quantity": "1"}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"parameters": {"max": 30}}, "parameters.max"),
        ({"parameters": {"max": ["30"]}}, "parameters.max"),
        ({"installed_on": "2026-02-30"}, "installed_on"),
        ({"colour": "red"}, "colour"),
        ({"state": "in_use"}, "state"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": None}, "name"),
    ],
)
def test_each_field_that_cannot_be_used_is_named(program, change, place):
    found = problem(program.post("/instruments", {**NEW, **change}), 422, "invalid")
    assert found["errors"][0]["place"].startswith(place), found
    assert not Instrument.objects.exists()


def test_unknown_category_and_region_are_named(program):
    assert problem(program.post("/instruments", {**NEW, "category": "x"}), 422, "category")["place"] == "category"
    assert problem(program.post("/instruments", {**NEW, "region": "000000"}), 422, "region")["place"] == "region"


def test_rare_han_characters_come_back_as_they_went_in(program):
    made = program.post("/instruments", {**NEW, "name": "𠮷秤"}).json()
    assert program.get(f"/instruments/{made['id']}").json()["name"] == "𠮷秤"


def test_the_life_of_an_instrument_step_by_step(cast, program):
    one = makers.make_instrument(cast.shop)
    address = f"/instruments/{one.pk}/steps"
    assert program.post(address, {"step": "stop", "reason": "淡季"}).json()["state"] == "stopped"
    assert program.post(address, {"step": "restart"}).json()["state"] == "in_use"
    problem(program.post(address, {"step": "restart"}), 403, "forbidden")
    problem(program.post(address, {"step": "stop"}), 422, "reason_required")
    moved = program.post(address, {"step": "relocate", "region": "990101", "location": "二楼", "reason": "装修"})
    assert moved.json()["location"] == "二楼"
    problem(program.post(address, {"step": "stop", "reason": "x", "location": "三楼"}), 422, "invalid")
    assert program.post(address, {"step": "scrap", "reason": "旧"}).json()["state"] == "scrapped"
    problem(program.post(address, {"step": "explode"}), 422, "invalid")


def test_a_filing_with_one_strange_instrument_changes_none(cast, program):
    mine = makers.make_instrument(cast.shop, state="draft")
    theirs = makers.make_instrument(cast.rival, state="draft")
    body = {"instruments": [str(mine.pk), str(theirs.pk)]}
    assert problem(program.post("/instruments/filings", body), 404, "not_found")["place"] == "instruments.1"
    mine.refresh_from_db()
    assert mine.state == "draft"


def test_pages_by_cursor_hold_every_row_once(cast, program):
    ids = {str(makers.make_instrument(cast.shop).pk) for _i in range(7)}
    seen, cursor = [], ""
    while True:
        page = program.get("/instruments", limit=3, **({"cursor": cursor} if cursor else {})).json()
        seen += [i["id"] for i in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert len(seen) == 7
    assert set(seen) == ids


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJ4Il0", "____", "WzFd", "4pi6", "[" * 300])
def test_a_cursor_of_another_make_is_refused(program, cursor):
    problem(program.get("/instruments", cursor=cursor), 422, "cursor")


def test_filters_narrow_and_unknown_ones_are_refused(cast, program):
    stopped, used = makers.make_instrument(cast.shop, state="stopped"), makers.make_instrument(cast.shop)

    def ids(**query):
        return {i["id"] for i in program.get("/instruments", **query).json()["items"]}

    assert ids(status="stopped") == {str(stopped.pk)}
    assert ids(state="in_use") == {str(used.pk)}
    assert ids(category="digital-scale") == {str(stopped.pk), str(used.pk)}
    assert ids(region="9902") == set()
    assert ids(mandatory="false") == set()
    assert problem(program.get("/instruments", staus="stopped"), 422, "unknown_parameter")["place"] == "staus"
    problem(program.get("/instruments", limit=0), 422, "invalid")
    problem(program.get("/instruments", limit=501), 422, "invalid")
    problem(program.get("/instruments", state="lost"), 422, "invalid")
    problem(program.get("/instruments", q="\x00"), 422, "invalid")
    problem(program.get("/instruments", state=["stopped", "in_use"]), 422, "parameter_twice")


def test_a_regulator_reads_the_region_and_no_draft(cast):
    draft, filed = makers.make_instrument(cast.shop, state="draft"), makers.make_instrument(cast.shop)
    program = caller(cast, "regulator")
    assert {i["id"] for i in program.get("/instruments").json()["items"]} == {str(filed.pk)}
    problem(program.get(f"/instruments/{draft.pk}"), 404, "not_found")


def test_who_acts_for_several_names_one(cast):
    makers.make_category()
    branch = makers.make_organisation("河西店", parent=cast.shop)
    program = caller(cast, "keeper")
    made = program.post("/instruments", {**NEW, "organisation": str(branch.pk)}).json()
    assert made["organisation"]["name"] == "河西店"
    problem(program.post("/instruments", {**NEW, "organisation": str(cast.rival.pk)}), 404, "not_found")
    problem(program.get(f"/instruments/{NOWHERE}"), 404, "not_found")
    problem(program.get("/instruments/by-code/%00"), 404, "not_found")


def test_instruments_of_a_lot_become_singles_all_or_none(cast, program):
    lot = makers.make_instrument(cast.shop, serial_number="DB0001", serial_to="DB0010", quantity=10)
    address = f"/instruments/{lot.pk}/singles"
    problem(program.post(address, {"serials": ["DB0002", "DB0011"]}), 422, "invalid")
    assert Instrument.objects.count() == 1
    made = program.post(address, {"serials": ["DB0002", "DB0003"]})
    assert made.status_code == 201
    assert [one["serial_number"] for one in made.json()["instruments"]] == ["DB0002", "DB0003"]
    assert program.get(f"/instruments/{lot.pk}").json()["quantity"] == 8
    Instrument.objects.filter(pk=lot.pk).update(state="draft")
    problem(program.post(address, {"serials": ["DB0004"]}), 403, "forbidden")
