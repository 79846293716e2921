"""Pushing readings over the API: a token of one's own, answered when durable, others' meters unknown."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import polars as pl
import pytest
from django.test import Client
from django.urls import get_resolver

from quanheng.platform.kernel import clock, tokens
from quanheng.platform.surveillance.models import AreaMeter
from quanheng.platform.surveillance.store import store
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db
URL = "/api/v1/readings"


def make_token(utility: steps.Utility, part: str = "keeper") -> str:
    get_resolver().url_patterns  # noqa: B018  (the scopes come with the addresses of the API)
    user = getattr(utility, part)
    _token, secret = tokens.issue(
        actor=utility.actor(part), organisation=user.organisation, user=user, name="head-end",
        scopes=["readings:push"], expires_at=clock.now() + dt.timedelta(days=30),
    )  # fmt: skip
    return secret


def push(secret: str, body: bytes, kind: str = "application/x-ndjson", query: str = "") -> Any:
    return Client().post(URL + query, data=body, content_type=kind, headers={"authorization": f"Bearer {secret}"})


def lines(meters: list[str], kwh: float = 1.5) -> bytes:
    return b"\n".join(json.dumps({"meter_id": m, "ts": "2026-02-19T01:00:00Z", "kwh": kwh}).encode() for m in meters)


def listed() -> tuple[steps.Utility, list[str]]:
    utility = steps.make_utility()
    steps.bring_areas(utility, steps.make_fleet())
    return utility, list(AreaMeter.objects.order_by("meter_id").values_list("meter_id", flat=True)[:3])


def test_what_is_accepted_is_in_the_store_when_the_answer_comes():
    utility, meters = listed()
    answer = push(make_token(utility), lines([*meters, "nobody's"]))
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"accepted": 3, "rejected": 1, "bad": [{"row": 4, "reason": "unknown_meter"}]}
    found = store().read()
    assert sorted(found["meter_id"]) == sorted(meters)
    assert found["source"][0] == f"{utility.organisation.pk}/head-end"
    assert found["region"].unique().to_list() == [utility.organisation.region_id]


def test_arrow_is_understood():
    utility, meters = listed()
    table = pl.DataFrame({"meter_id": meters, "ts": [dt.datetime(2026, 2, 19, 1, tzinfo=dt.UTC)] * 3, "kwh": [1.0] * 3})
    body = io.BytesIO()
    table.write_ipc_stream(body)
    answer = push(make_token(utility), body.getvalue(), "application/vnd.apache.arrow.stream")
    assert answer.json()["accepted"] == 3


def test_the_meters_of_another_utility_are_unknown_to_a_token():
    utility, meters = listed()
    answer = push(make_token(utility, "rival"), lines(meters))
    assert answer.json()["accepted"] == 0
    assert store().read().height == 0


def test_a_named_push_sent_again_does_not_undo_a_correction():
    utility, meters = listed()
    secret = make_token(utility)
    push(secret, lines(meters), query="?batch=one")
    with clock.at(steps.TODAY + dt.timedelta(hours=1)):
        push(secret, lines(meters, 2.5), query="?batch=two")
    with clock.at(steps.TODAY + dt.timedelta(hours=2)):
        push(secret, lines(meters), query="?batch=one")
    assert store().read()["kwh"].unique().to_list() == [2.5]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"hello", "application/vnd.apache.arrow.stream", 400),
        (b'{"x": 1}', "application/x-ndjson", 422),
    ],
)
def test_a_body_that_is_none_is_refused_with_a_problem(body, kind, status):
    utility, _meters = listed()
    answer = push(make_token(utility), body, kind)
    assert answer.status_code == status, answer.content
    assert answer["content-type"] == "application/problem+json"


def test_without_a_token_nothing_is_taken():
    assert Client().post(URL, data=b"{}", content_type="application/x-ndjson").status_code == 401
    assert push("qh_wrong", b"{}").status_code == 401
