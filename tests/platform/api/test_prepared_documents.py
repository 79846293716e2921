"""Documents whose content was written elsewhere, over the API: handed in and followed, never signed."""

from __future__ import annotations

import base64
import json

import pytest

from quanheng.platform.certificates.models import PREPARED_KINDS, PreparedDocument
from quanheng.platform.kernel import clock, files
from tests.platform.api.steps import caller, problem
from tests.platform.certificates import steps

RAW = b"readings as they were written\r\n"


@pytest.fixture(autouse=True)
def _today():
    with clock.at(steps.TODAY):
        yield


def body(kind="calibration_certificate", **changes):
    steps_given = json.loads(steps.make_given(kind))
    record = {"name": "raw.txt", "base64": base64.b64encode(RAW).decode()}
    return {"kind": kind, "content": {**steps_given, **changes.pop("content", {})}, "record": record, **changes}


@pytest.mark.parametrize("kind", [name for name, _label in PREPARED_KINDS])
def test_every_kind_is_handed_in_and_waits_for_its_checker(cast, kind):
    steps.make_weights(cast, code="BZ-2019-0031")
    program = caller(cast, "verifier")
    made = program.post("/prepared-documents", body(kind))
    assert made.status_code == 200, made.content.decode()
    answer = made.json()
    assert (answer["kind"], answer["state"], answer["number"]) == (kind, "checking", "")
    assert files.get(answer["record_sha256"]) == RAW
    assert program.get(f"/prepared-documents/{answer['id']}").json() == answer
    assert program.get("/prepared-documents", state="checking", kind=kind).json()["items"] == [answer]
    assert program.get("/prepared-documents", state="issued").json()["items"] == []


def test_the_same_request_again_makes_no_second_document(cast):
    steps.make_weights(cast, code="BZ-2019-0031")
    program = caller(cast, "verifier")
    first = program.post("/prepared-documents", body(), key="once")
    again = program.post("/prepared-documents", body(), key="once")
    assert first.json()["id"] == again.json()["id"]
    assert PreparedDocument.objects.count() == 1


def test_what_is_wrong_is_named_by_field_and_nothing_is_kept(cast):
    steps.make_weights(cast, code="BZ-2019-0031")
    program = caller(cast, "verifier")
    found = problem(
        program.post("/prepared-documents", body(content={"place": {"kind": "moon"}, "customer": {}})), 422, "content"
    )
    assert any(reason.startswith("place.kind") for reason in found["reasons"])
    number = program.post("/prepared-documents", body(content={"valid_until": 20271010}))
    assert "20271010" in problem(number, 422, "content")["detail"]
    spoiled = {**body(), "record": {"name": "r", "base64": "%%%"}}
    assert problem(program.post("/prepared-documents", spoiled), 422, "invalid")["place"] == "record.base64"
    assert not PreparedDocument.objects.exists()


def test_nobody_but_a_verifier_hands_in(cast):
    for part in ("checker", "manager", "keeper"):
        problem(caller(cast, part).post("/prepared-documents", body()), 403, "scope_missing")
