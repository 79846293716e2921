"""A lot used longer because its meters' data say so: graded, proposed, decided by another, undone, told to the public."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import events
from quanheng.platform.surveillance import extensions
from quanheng.platform.surveillance.models import (
    Area,
    AreaMeter,
    Evaluation,
    EvaluationRun,
    MeterVerdict,
    PeriodExtension,
)
from tests.platform import makers
from tests.platform.surveillance import steps

pytestmark = pytest.mark.django_db
UNTIL = dt.date(2026, 8, 31)


def judged_lot(wrong: float = 0.0005, meters: int = 60) -> tuple[steps.Utility, list[AreaMeter]]:
    """A lot of meters, each bound to an instrument that passed, each judged with the same chance of being wrong."""
    utility = steps.make_utility()
    place = {"organisation": utility.organisation, "region": utility.organisation.region}
    area = Area.objects.create(code="TQ-1", name="一号台区", **place)
    run = EvaluationRun.objects.create(
        since=steps.SINCE, until=steps.UNTIL, requested_name="x", total=1, done=1, state="done", **place
    )
    evaluation = Evaluation.objects.create(
        area=area,
        run=run,
        version=1,
        since=steps.SINCE,
        until=steps.UNTIL,
        fit="ok",
        limit=0.02,
        evidence_sha256="a" * 64,
    )
    made = []
    for n in range(meters):
        item = makers.make_instrument(
            utility.organisation, serial_number=f"DB{n:06d}", state="in_use", last_verdict="pass",
            verified_on=dt.date(2018, 9, 1), valid_until=UNTIL,
        )  # fmt: skip
        meter = AreaMeter.objects.create(
            area=area, meter_id=item.serial_number, role="sub", instrument=item, manufacturer="衡表", lot="2018-A",
            installed_on=dt.date(2018, 9, 10), public_code=f"PC{n:06d}", verdict="pass",
        )  # fmt: skip
        MeterVerdict.objects.create(
            evaluation=evaluation, meter=meter, error=0.001, u=0.004, p_exceed=wrong, informativeness=0.9,
            verdict="pass", reason="",
        )  # fmt: skip
        made.append(meter)
    return utility, made


def window(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def proposed(utility: steps.Utility, months: int = 24) -> PeriodExtension:
    """As the keeper does it: from the list of lots to the form."""
    client = window(utility.keeper)
    page = client.get(reverse("surveillance:lots")).content.decode()
    assert "接收" in page
    url = (
        reverse("surveillance:extension-propose")
        + f"?organisation={utility.organisation.pk}&manufacturer=衡表&lot=2018-A&year=2018"
    )
    answer = client.post(url, {"rule": "catalogue-state", "months": months, "reason": "评价稳定,未见超差"})
    assert answer.status_code == 302, answer.content.decode()
    return PeriodExtension.objects.get()


def step(client: Client, extension: PeriodExtension, name: str, **data: object):
    return client.post(reverse("surveillance:extension-step", args=[extension.pk, name]), data)


def test_a_granted_lot_is_due_later_says_so_in_ledger_and_public_and_can_be_undone():
    utility, meters = judged_lot()
    suspect = meters[7]
    AreaMeter.objects.filter(pk=suspect.pk).update(verdict="check")
    extension = proposed(utility)
    item = meters[0].instrument
    regulator = window(utility.regulator)
    assert step(regulator, extension, "grant", months=24, reason="同意").status_code == 302
    item.refresh_from_db()
    suspect.instrument.refresh_from_db()
    assert item.valid_until == dt.date(2028, 8, 31)
    assert suspect.instrument.valid_until == UNTIL, "a meter that the data send somebody to is left out"
    assert extension.moved.count() == len(meters) - 1
    told = next(e for e in events.history(item) if e.verb == "instruments.period_extended")
    assert told.after["ground"] == extension.number
    ledger = (
        window(utility.keeper).get(reverse("instruments:instrument", args=[item.pk]) + "?tab=timeline").content.decode()
    )
    assert "状态评价:延长检定周期" in ledger
    public = Client().get(reverse("documents:public", args=[item.code])).content.decode()
    assert "有效期由 2026-08-31 延至 2028-08-31" in public
    assert "这不是一次检定" in public
    Instrument.objects.filter(pk=meters[1].instrument_id).update(valid_until=dt.date(2034, 1, 1))  # verified since
    assert step(regulator, extension, "undo", reason="抽检发现问题").status_code == 302
    item.refresh_from_db()
    assert item.valid_until == UNTIL
    assert Instrument.objects.get(pk=meters[1].instrument_id).valid_until == dt.date(2034, 1, 1)
    assert "有效期由" not in Client().get(reverse("documents:public", args=[item.code])).content.decode()


def test_the_proposer_does_not_decide_and_a_refusal_needs_its_reason():
    utility, meters = judged_lot()
    extension = proposed(utility)
    assert step(window(utility.keeper), extension, "grant", months=12, reason="自己同意").status_code == 403
    regulator = window(utility.regulator)
    assert step(regulator, extension, "refuse", reason=" ").status_code == 422
    assert step(regulator, extension, "grant", months=36, reason="多给").status_code == 422
    assert step(regulator, extension, "refuse", reason="样本不足").status_code == 302
    extension.refresh_from_db()
    assert (extension.state, extension.decision) == ("refused", "样本不足")
    assert meters[0].instrument.valid_until == UNTIL
    page = regulator.get(extension.get_absolute_url()).content.decode()
    assert "样本不足" in page
    assert "未核实" in page, "the text that allows it is not verified"


@pytest.mark.parametrize(
    ("wrong", "meters", "verdict"), [(0.2, 60, "reject"), (0.03, 60, "undecided"), (0.0, 10, "too_few")]
)
def test_a_lot_whose_judgements_do_not_carry_it_cannot_be_proposed(wrong, meters, verdict):
    utility, _made = judged_lot(wrong, meters)
    (graded,) = extensions.lots([utility.organisation])
    assert graded.verdict == verdict
    page = window(utility.keeper).get(reverse("surveillance:lots")).content.decode()
    assert reverse("surveillance:extension-propose") not in page
    url = (
        reverse("surveillance:extension-propose")
        + f"?organisation={utility.organisation.pk}&manufacturer=衡表&lot=2018-A&year=2018"
    )
    answer = window(utility.keeper).post(url, {"rule": "catalogue-state", "months": 12, "reason": "x"})
    assert answer.status_code == 422
    assert "不支持延长" in answer.content.decode()


def test_nobody_else_sees_a_proposal_or_proposes_for_another():
    utility, _made = judged_lot()
    extension = proposed(utility)
    rival = window(utility.rival)
    assert rival.get(extension.get_absolute_url()).status_code == 404
    url = (
        reverse("surveillance:extension-propose")
        + f"?organisation={utility.organisation.pk}&manufacturer=衡表&lot=2018-A&year=2018"
    )
    assert rival.post(url, {"rule": "catalogue-state", "months": 12, "reason": "x"}).status_code == 404


def test_the_life_of_a_meter_stands_on_one_timeline():
    utility, meters = judged_lot()
    page = window(utility.keeper).get(
        reverse("instruments:instrument", args=[meters[0].instrument_id]) + "?tab=timeline"
    ).content.decode()  # fmt: skip
    assert "安装" in page
    assert "状态评价:未见超差" in page
