"""Applications and tasks over the API, from the shop's program to the institute's."""

from __future__ import annotations

import pytest

from quanheng.platform.verification.models import Application
from tests.platform import makers
from tests.platform.api.steps import caller, problem


@pytest.fixture(autouse=True)
def _calendar(monkeypatch):
    from quanheng.platform.kernel import calendar as legal

    weekdays = legal.WorkingDays(frozenset(range(2024, 2031)), frozenset(), frozenset())
    monkeypatch.setattr(legal, "working_days", lambda: weekdays)


def make_body(cast, *instruments):
    return {
        "institute": str(cast.institute.pk),
        "instruments": [str(i.pk) for i in instruments],
        "delivery": "sent_in",
        "contact": "钱掌柜",
        "phone": "0900-123",
    }


def make_submitted(cast, shop):
    body = make_body(cast, makers.make_instrument(cast.shop), makers.make_instrument(cast.shop))
    made = shop.post("/applications", body).json()
    return shop.post(f"/applications/{made['id']}/submit").json()


def test_a_shops_program_applies_and_the_institutes_program_accepts_and_assigns(cast):
    shop, desk = caller(cast, "keeper"), caller(cast, "receptionist")
    item = makers.make_instrument(cast.shop)
    able = shop.get("/applications/institutes", instrument=str(item.pk)).json()["institutes"]
    assert [i["id"] for i in able] == [str(cast.institute.pk)]
    made = shop.post("/applications", make_body(cast, item))
    assert made.status_code == 201
    one = made.json()
    assert one["state"] == "draft"
    assert len(one["tasks"]) == 1
    problem(desk.get(f"/applications/{one['id']}"), 404, "not_found")  # a draft is the shop's own business
    assert desk.get("/tasks").json()["items"] == []
    assert shop.post(f"/applications/{one['id']}/submit").json()["state"] == "submitted"
    accepted = desk.post(f"/applications/{one['id']}/accept").json()
    assert accepted["state"] == "accepted"
    assert accepted["due_on"]
    task = desk.get("/tasks", state="waiting").json()["items"][0]
    people = desk.get(f"/tasks/{task['id']}/verifiers").json()["people"]
    assert people == [{"id": str(cast.verifier.pk), "name": "周检定"}]
    day = accepted["due_on"]
    given = desk.post("/tasks/assignments", {"tasks": [task["id"]], "verifier": people[0]["id"], "on": day}).json()
    assert (given["tasks"][0]["state"], given["tasks"][0]["scheduled_on"]) == ("assigned", day)
    assert shop.get(f"/applications/{one['id']}").json()["tasks"][0]["verifier_name"] == "周检定"
    assert shop.get("/tasks", application=one["id"]).json()["items"][0]["id"] == task["id"]


def test_an_application_is_returned_with_a_reason_mended_and_sent_again(cast):
    shop, desk = caller(cast, "keeper"), caller(cast, "receptionist")
    one = make_submitted(cast, shop)
    problem(desk.post(f"/applications/{one['id']}/return", {"reason": ""}), 422, "invalid")
    assert desk.post(f"/applications/{one['id']}/return", {"reason": "缺型号"}).json()["state"] == "returned"
    assert shop.post(f"/applications/{one['id']}/submit").json()["state"] == "submitted"


def test_an_application_is_taken_back_with_its_tasks(cast):
    shop = caller(cast, "keeper")
    one = make_submitted(cast, shop)
    taken = shop.post(f"/applications/{one['id']}/withdraw", {"reason": "改期"}).json()
    assert taken["state"] == "withdrawn"
    assert {t["state"] for t in taken["tasks"]} == {"cancelled"}


def test_the_shop_cannot_accept_its_own_application(cast):
    shop = caller(cast, "keeper")
    one = make_submitted(cast, shop)
    problem(shop.post(f"/applications/{one['id']}/accept"), 403, "forbidden")


def test_every_instrument_that_cannot_be_applied_for_is_named(cast):
    shop = caller(cast, "keeper")
    draft, lot = makers.make_instrument(cast.shop, state="draft"), makers.make_instrument(cast.shop, quantity=2)
    found = problem(shop.post("/applications", make_body(cast, draft, lot)), 422, "not_applicable")
    assert len(found["reasons"]) == 2
    assert not Application.objects.exists()


def test_anothers_instrument_cannot_be_applied_for(cast):
    shop = caller(cast, "keeper")
    body = make_body(cast, makers.make_instrument(cast.rival))
    assert problem(shop.post("/applications", body), 404, "not_found")["place"] == "instruments.0"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"institute": "nobody"}, "organisation"),
        ({"instruments": []}, "invalid"),
        ({"instruments": ["x"]}, "invalid"),
        ({"delivery": "by_post"}, "invalid"),
        ({"phone": "call me"}, "invalid"),
        ({"number": "SQ1"}, "invalid"),
    ],
)
def test_a_bad_application_is_refused_whole(cast, change, code):
    shop = caller(cast, "keeper")
    body = {**make_body(cast, makers.make_instrument(cast.shop)), **change}
    problem(shop.post("/applications", body), 422, code)
    assert not Application.objects.exists()


def test_a_verifier_of_another_institute_is_not_found(cast):
    shop, desk = caller(cast, "keeper"), caller(cast, "receptionist")
    one = make_submitted(cast, shop)
    desk.post(f"/applications/{one['id']}/accept")
    body = {"tasks": [t["id"] for t in one["tasks"]], "verifier": str(cast.keeper.pk), "on": "2026-12-01"}
    problem(desk.post("/tasks/assignments", body), 404, "not_found")
