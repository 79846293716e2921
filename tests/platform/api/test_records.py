"""Raw records over the API: readings stay texts, conflicts are seen, and nothing is ever signed."""

from __future__ import annotations

import json

import pytest

from quanheng.platform.kernel import clock
from tests.platform.api.steps import caller, problem
from tests.platform.certificates import steps


@pytest.fixture(autouse=True)
def _today():
    with clock.at(steps.TODAY):
        yield


def opened(cast):
    steps.make_weights(cast)
    task = steps.make_task(cast)
    program = caller(cast, "verifier")
    return program, program.post("/records", {"task": str(task.pk)}).json()


def sheet_for(record, **changes):
    return {**steps.make_sheet(), "standards": record["data"]["standards"], **changes}


def test_a_record_is_opened_filled_evaluated_and_submitted(cast):
    program, record = opened(cast)
    assert (record["state"], record["procedure"]) == ("draft", "JJG-539-2016")
    form = program.get(f"/records/{record['id']}/form").json()["form"]
    assert form["sections"]
    sheet = sheet_for(record)
    saved = program.send("put", f"/records/{record['id']}/draft", {"version": record["version"], "data": sheet})
    assert saved.status_code == 200, saved.content.decode()
    kept = saved.json()
    assert kept["data"]["sections"] == sheet["sections"]
    trial = program.post(f"/records/{record['id']}/evaluation", {"data": sheet}).json()["evaluation"]
    assert trial["verdict"] == "pass"
    done = program.post(f"/records/{record['id']}/submission")
    assert done.status_code == 200, done.content.decode()
    assert (done.json()["state"], done.json()["verdict"]) == ("checking", "pass")
    assert done.json()["result"]["results"]
    listed = program.get("/records", state="checking").json()["items"]
    assert [r["id"] for r in listed] == [record["id"]]


def test_a_json_number_as_a_reading_is_refused_at_its_place(cast):
    program, record = opened(cast)
    section = next(iter(steps.make_sheet()["sections"]))
    body = {"version": record["version"], "data": sheet_for(record, sections={section: [{"load": 10.000}]})}
    for method, path in (("put", "draft"), ("post", "evaluation")):
        sent = body if method == "put" else {"data": body["data"]}
        found = problem(program.send(method, f"/records/{record['id']}/{path}", sent), 422, "not_text")
        assert found["place"] == f"data.sections.{section}.0.load"
    assert program.get(f"/records/{record['id']}").json()["version"] == record["version"]


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity"])
def test_nan_and_infinity_are_not_json(cast, word):
    program, record = opened(cast)
    raw = b'{"version": 1, "data": {"sections": {"a": [{"b": %s}]}}}' % word
    problem(program.send("put", f"/records/{record['id']}/draft", raw=raw), 400, "unreadable")


def test_trailing_zeros_survive(cast):
    program, record = opened(cast)
    data = {**sheet_for(record), "environment": {"temperature": "20.00"}}
    kept = program.send("put", f"/records/{record['id']}/draft", {"version": record["version"], "data": data}).json()
    assert kept["data"]["environment"]["temperature"] == "20.00"


def test_an_older_sheet_does_not_overwrite_a_newer_one(cast):
    program, record = opened(cast)
    address, body = f"/records/{record['id']}/draft", {"version": record["version"], "data": sheet_for(record)}
    assert program.send("put", address, body).status_code == 200
    problem(program.send("put", address, body), 409, "conflict")


def test_an_incomplete_record_is_not_submitted_and_the_first_gap_is_named(cast):
    program, record = opened(cast)
    response = program.post(f"/records/{record['id']}/submission")
    assert response.status_code == 422
    assert response.json()["place"]


def test_a_record_too_large_or_too_deep_is_refused(cast):
    program, record = opened(cast)
    address = f"/records/{record['id']}/draft"
    large = {"version": 1, "data": {"remarks": "x" * 600_000}}
    problem(program.send("put", address, large), 413, "record_too_large")
    huge = {"version": 1, "data": {"remarks": "x" * 1_100_000}}
    problem(program.send("put", address, huge), 413, "body_too_large")
    deep = json.loads('{"a":' * 20 + "1" + "}" * 20)
    problem(program.send("put", address, {"version": 1, "data": deep}), 422, "record_form")
    endless = b'{"version":1,"data":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    problem(program.send("put", address, raw=endless), 400, "unreadable")


@pytest.mark.parametrize("part", ["verifier"])
def test_a_signature_is_never_given_over_the_api(cast, part):
    record = steps.checked(cast)
    program = caller(cast, part)
    found = problem(program.post(f"/records/{record.pk}/signature"), 403, "second_factor_required")
    assert "第二因子" in found["detail"]
    record.refresh_from_db()
    assert record.state == "signing"


def test_another_verifier_may_read_but_not_write(cast):
    _program, record = opened(cast)
    manager = caller(cast, "manager")
    assert manager.get(f"/records/{record['id']}").status_code == 200
    problem(manager.post(f"/records/{record['id']}/submission"), 403, "scope_missing")
