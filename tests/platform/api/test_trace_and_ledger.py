"""Traceability and the public log over the API."""

from __future__ import annotations

import base64

import pytest

from quanheng.evidence.ledger.merkle import leaf_hash, verify_inclusion
from quanheng.platform.documents.ledger import merge_leaves
from quanheng.platform.kernel import clock
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace import queries
from tests.platform.api.steps import caller, problem
from tests.platform.certificates import steps


@pytest.fixture
def record(cast):
    with clock.at(steps.TODAY):
        made = steps.signed(cast)
        merge_leaves()
    return made


def test_the_chain_is_the_one_the_engine_proves(cast, record):
    shop = caller(cast, "keeper")
    answer = shop.get(f"/trace/items/{record.instrument_id}/proof", at=steps.TODAY.isoformat()).json()
    expected = queries.prove(record.instrument_id, steps.TODAY)
    assert (answer["holds"], answer["proven"], len(answer["chain"])) == (
        True,
        expected["proven"],
        len(expected["chain"]),
    )
    assert [link["certificate"] for link in answer["chain"]] == [link["certificate"] for link in expected["chain"]]
    assert {link["basis"] for link in answer["chain"]} == {"proven", "declared"}
    before = shop.get(f"/trace/items/{record.instrument_id}/proof", at="2020-01-01").json()
    assert before["holds"] is False
    assert before["broken"]["code"]


def test_a_recall_reaches_the_scale_through_the_weights(cast, record):
    weights = MeasurementStandard.objects.get(organisation=cast.institute)
    institute = caller(cast, "manager")
    found = institute.get(f"/trace/items/{weights.pk}/recall", since="2026-01-01", until="2026-12-31").json()
    assert found["total"] == len(found["items"]) == 1
    assert found["items"][0]["item"] == str(record.instrument_id)
    assert sum(found["severities"].values()) == 1
    problem(institute.get(f"/trace/items/{weights.pk}/recall", since="2026-02-01", until="2026-01-01"), 422, "dates")
    problem(institute.get(f"/trace/items/{weights.pk}/recall"), 422, "invalid")


def test_items_are_those_of_the_caller(cast, record):
    kinds = {i["kind"] for i in caller(cast, "manager").get("/trace/items").json()["items"]}
    assert "standard" in kinds
    weights = MeasurementStandard.objects.get(organisation=cast.institute)
    problem(caller(cast, "keeper").get(f"/trace/items/{weights.pk}/proof"), 404, "not_found")


def test_a_proof_by_number_holds_under_rfc_6962(cast, record):
    shop = caller(cast, "keeper")
    proof = shop.get("/ledger/proof", number=record.document.number).json()
    checkpoint = shop.get("/ledger/checkpoint").json()
    assert proof["checkpoint"] == checkpoint["note"]
    leaf = base64.b64decode(proof["leaf"])
    assert leaf_hash(leaf).hex() == proof["leaf_hash"]
    path = [base64.b64decode(step) for step in proof["proof"]]
    root = base64.b64decode(checkpoint["root"])
    verify_inclusion(proof["index"], checkpoint["size"], leaf_hash(leaf), path, root)
    assert record.document.xml_sha256 in leaf.decode()
    assert proof["status"].split("\n")[0]


def test_an_unknown_number_and_a_strangers_number_look_the_same(cast, record):
    rival = caller(cast, "rival_keeper")
    there = problem(rival.get("/ledger/proof", number=record.document.number), 404, "not_found")
    nowhere = problem(rival.get("/ledger/proof", number="nothing"), 404, "not_found")
    there["detail"] = there["detail"].replace(record.document.number, "nothing")  # what was asked for, said back
    assert {k: v for k, v in there.items() if k != "instance"} == {k: v for k, v in nowhere.items() if k != "instance"}


def test_keys_are_the_text_a_stranger_needs(cast, record):
    response = caller(cast, "keeper").get("/ledger/keys")
    assert response["Content-Type"].startswith("text/plain")
    assert b"BEGIN CERTIFICATE" in response.content
