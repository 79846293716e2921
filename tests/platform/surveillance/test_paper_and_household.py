"""What a technician carries and what a household reads."""

from __future__ import annotations

import datetime as dt

import pytest

from quanheng.platform.surveillance import public, services
from quanheng.platform.surveillance.models import AreaMeter, SiteCheck
from tests.platform import makers
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db


def test_an_order_prints_where_the_meter_is_why_and_what_to_note_and_then_its_replacement(client):
    utility, _run = steps.judged()
    meter = steps.worst()
    check = services.order_check(actor=utility.actor("keeper"), meter=meter, reason="两个时段均超差")
    client.force_login(utility.keeper)
    page = client.get(f"{check.get_absolute_url()}print/").content.decode()
    for text in (
        check.number,
        meter.meter_id,
        "现场核查单",
        "两个时段均超差",
        "封印与外观",
        check.verdict.evaluation.evidence_sha256,
    ):
        assert text in page
    assert f"{check.get_absolute_url()}print/" in client.get(check.get_absolute_url()).content.decode()
    SiteCheck.objects.filter(pk=check.pk).update(state="confirmed", found="不合格")
    paper = client.get(f"{check.get_absolute_url()}print/").content.decode()
    assert "更换工单" in paper
    assert "旧表示值" in paper


def test_a_stranger_prints_nothing(client):
    utility, _run = steps.judged()
    check = services.order_check(actor=utility.actor("keeper"), meter=steps.worst(), reason="两个时段均超差")
    client.force_login(utility.rival)
    assert client.get(f"{check.get_absolute_url()}print/").status_code == 404


def test_a_household_whose_meter_stands_in_a_lot_reads_until_when_the_lot_is_valid(client):
    utility, _run = steps.judged()
    meter = steps.worst()
    lot = makers.make_instrument(
        utility.organisation, serial_number="A1", serial_to="A9", quantity=9, verified_on=dt.date(2025, 3, 4),
        valid_until=dt.date(2033, 3, 3),
    )  # fmt: skip
    AreaMeter.objects.filter(pk=meter.pk).update(instrument=lot)
    page = client.get(f"/surveillance/own/{meter.public_code}/").content.decode()
    assert "2033-03-03" in page
    assert "2025-03-04" in page
    assert lot.code not in page, "the lot's page is many households'"


def test_a_text_that_is_too_long_is_answered_and_kept_in_the_field(client):
    steps.judged()
    code = steps.worst().public_code
    answer = client.post(f"/surveillance/own/{code}/", {"text": "慢" * 201})
    assert answer.status_code == 422
    assert "最多 200 个字" in answer.content.decode()
    assert "慢" * 201 in answer.content.decode()


def test_the_day_of_an_evaluation_is_the_day_here_and_a_removed_meter_is_said_to_be():
    late = AreaMeter(verdict="pass", evaluated_at=dt.datetime(2026, 2, 19, 17, tzinfo=dt.UTC))
    assert "2026-02-20" in public.sentence(late)
    assert "2026-02-18" in public.sentence(AreaMeter(verdict="check", removed_on=dt.date(2026, 2, 18)))
