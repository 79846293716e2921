"""Connected instruments report by token: kept once, ranked by the library, on the timeline, handled by a person."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from quanheng.platform.kernel import clock, tokens
from quanheng.platform.surveillance.models import DeviceEvent
from tests.platform import makers
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db
URL = "/api/v1/device-events"


def ready():
    utility = steps.make_utility()
    item = makers.make_instrument(utility.organisation, serial_number="JYJ-1", name="燃油加油机")
    get_resolver().url_patterns  # noqa: B018  (the scopes come with the addresses of the API)
    return utility, item, token(utility, "keeper")


def token(utility: steps.Utility, part: str, scope: str = "device-events:push") -> str:
    user = getattr(utility, part)
    _token, secret = tokens.issue(
        actor=utility.actor(part), organisation=user.organisation, user=user, name="物联平台", scopes=[scope],
        expires_at=clock.now() + dt.timedelta(days=30),
    )  # fmt: skip
    return secret


def push(secret: str, *reports: dict):
    return Client().post(
        URL,
        data=json.dumps({"events": reports}),
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )


def report(item, kind: str = "cover_opened", at: str = "2026-02-19T10:00:00+08:00", key: str = "e1", **more) -> dict:
    return {"code": item.code, "kind": kind, "at": at, "id": key, **more}


def window(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_cover_opened_is_an_alarm_in_the_list_on_the_timeline_and_in_the_queue_until_it_is_handled():
    utility, item, secret = ready()
    answer = push(secret, report(item, detail="上盖微动开关"), report(item, "offline", key="e2"))
    assert answer.json() == {"accepted": 2, "repeated": 0, "bad": []}, answer.content
    regulator = window(utility.regulator)
    page = regulator.get(reverse("surveillance:device-events")).content.decode()
    assert "开盖" in page
    assert page.index("开盖") < page.index("离线"), "the alarm stands first"
    queue = regulator.get(reverse("project:home")).content.decode()
    assert "待处理的器具事件" in queue
    timeline = window(utility.keeper).get(reverse("instruments:instrument", args=[item.pk]) + "?tab=timeline")
    assert "开盖 · 警报" in timeline.content.decode()
    event = DeviceEvent.objects.get(kind="cover_opened")
    url = reverse("surveillance:device-event", args=[event.pk])
    assert regulator.post(url, {"handling": " "}).status_code == 422
    assert regulator.post(url, {"handling": "现场核查,检修开盖,已重新封缄"}).status_code == 302
    event.refresh_from_db()
    assert event.handled_name == "严监管"
    assert "已重新封缄" in regulator.get(url).content.decode()
    assert regulator.post(url, {"handling": "再来"}).status_code == 422
    waiting = regulator.get(reverse("surveillance:device-events") + "?handled=no").content.decode()
    assert "上盖微动开关" not in waiting


def test_the_same_report_again_changes_nothing():
    _utility, item, secret = ready()
    push(secret, report(item))
    assert push(secret, report(item)).json() == {"accepted": 0, "repeated": 1, "bad": []}
    assert DeviceEvent.objects.count() == 1


def test_bad_reports_are_told_with_their_place_and_the_others_go_in():
    _utility, item, secret = ready()
    other = makers.make_instrument(makers.make_organisation("别家加油站"), serial_number="X-1")
    answer = push(
        secret, report(item, "exploded", key="1"), report(other, key="2"), report(item, at="2027-01-01T00:00:00Z", key="3"),
        report(item, at="2020-01-01T00:00:00Z", key="4"), report(item, at="2026-02-19T10:00:00", key="5"),
        report(item, "firmware_changed", key="6"),
    )  # fmt: skip
    assert answer.json() == {
        "accepted": 1, "repeated": 0,
        "bad": [
            {"row": 1, "reason": "kind_unknown"}, {"row": 2, "reason": "unknown_instrument"}, {"row": 3, "reason": "future"},
            {"row": 4, "reason": "too_old"}, {"row": 5, "reason": "time_without_zone"},
        ],
    }  # fmt: skip


def test_a_token_of_another_scope_or_owner_reports_nothing():
    utility, item, _secret = ready()
    assert push(token(utility, "keeper", "readings:push"), report(item)).status_code == 403
    assert push(token(utility, "rival"), report(item)).json()["bad"] == [{"row": 1, "reason": "unknown_instrument"}]
    assert push("qh_no", report(item)).status_code == 401
    assert push(token(utility, "keeper"), {"code": item.code}).status_code == 422
    assert not DeviceEvent.objects.exists()
