"""What becomes of an open verification when its instrument is scrapped, stopped or moved away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from quanheng.platform.certificates import services as records
from quanheng.platform.certificates.models import Record
from quanheng.platform.instruments import services as ledger
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.verification import services
from quanheng.platform.verification.models import Application, Task
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def scrap(client: Client, cast: Cast, task: Task) -> None:
    client.force_login(cast.keeper)
    url = reverse("instruments:step", args=[task.instrument_id])
    form = client.get(f"{url}?step=scrap").content.decode()
    assert f"申请 {task.application.number}" in form
    assert "上述检定随之取消" in form
    assert client.post(url, {"step": "scrap", "reason": "传感器断裂"}).status_code == 302


def text_of(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_scrapping_cancels_the_assigned_task_and_everybody_reads_why(cast: Cast, client: Client) -> None:
    task = steps.make_task(cast)
    scrap(client, cast, task)
    task.refresh_from_db()
    assert (task.state, Application.objects.get().state) == ("cancelled", "completed")
    event = events.history(task).first()
    assert event is not None
    assert (event.verb, event.reason, event.actor_name) == ("tasks.lapse", "器具已报废:传感器断裂", "钱掌柜")
    timeline = text_of(client, reverse("instruments:instrument", args=[task.instrument_id]) + "?tab=timeline")
    assert "随器具报废取消" in timeline
    for person in (cast.receptionist, cast.verifier):
        client.force_login(person)
        page = text_of(client, reverse("verification:task", args=[task.pk]))
        assert "检定任务已取消:器具已报废:传感器断裂" in page
        assert "开始检定" not in page
        assert "重新安排" not in page


def test_a_verifier_who_has_the_sheet_open_is_told_when_the_task_is_cancelled(cast: Cast, client: Client) -> None:
    record = steps.filled(cast)
    scrap(client, cast, record.task)
    client.force_login(cast.verifier)
    address = reverse("certificates:record", args=[record.pk])
    page = text_of(client, address)
    assert "检定任务已取消:器具已报废:传感器断裂" in page
    assert "提交核验" not in page
    body = {"data": record.data, "version": record.version}
    saved = client.post(f"{address}save/", body, content_type="application/json")
    assert (saved.status_code, "检定任务已取消" in saved.json()["message"]) == (422, True)


@pytest.mark.parametrize("far", [steps.submitted, steps.checked])
def test_what_waits_for_check_or_signature_is_dropped_with_the_instrument(cast: Cast, client: Client, far) -> None:  # type: ignore[no-untyped-def]
    record = far(cast)
    scrap(client, cast, record.task)
    assert (Record.objects.get().state, Task.objects.get().state) == ("voided", "cancelled")
    with pytest.raises(Refused):
        records.check(Record.objects.get(), actor=cast.actor("checker"))


def test_a_signed_certificate_keeps_its_task(cast: Cast) -> None:
    record = steps.signed(cast)
    ledger.scrap(actor=cast.actor("keeper"), instrument=Instrument.objects.get(), reason="锈蚀")
    assert (Record.objects.get(pk=record.pk).state, Task.objects.get().state) == ("issued", "issued")


def test_an_application_goes_on_with_the_others_and_is_withdrawn_with_the_last(cast: Cast) -> None:
    scales = [makers.make_instrument(cast.shop) for _ in range(2)]
    keeper, desk = cast.actor("keeper"), cast.actor("receptionist")
    made = services.create_application(
        actor=keeper, organisation=cast.shop, institute=cast.institute, instruments=scales, delivery="sent_in"
    )
    services.submit_application(actor=keeper, application=made)
    ledger.scrap(actor=keeper, instrument=scales[0], reason="锈蚀")
    made.refresh_from_db()
    assert made.state == "submitted"
    ledger.scrap(actor=keeper, instrument=scales[1], reason="锈蚀")
    made.refresh_from_db()
    assert made.state == "withdrawn"
    with pytest.raises(Refused):
        services.accept_application(actor=desk, application=made)


def test_nobody_takes_the_step_that_follows_by_itself(cast: Cast) -> None:
    from quanheng.platform.kernel import workflow
    from quanheng.platform.verification.workflow import TASK

    task = steps.make_task(cast)
    for part in ("keeper", "receptionist", "manager"):
        with pytest.raises(Refused, match="由系统随器具状态办理"):
            workflow.apply(TASK, "lapse", task, actor=cast.actor(part), reason="试")


def test_stopping_and_moving_name_the_application_that_is_open(cast: Cast, client: Client) -> None:
    task = steps.make_task(cast)
    client.force_login(cast.keeper)
    stop = text_of(client, reverse("instruments:step", args=[task.instrument_id]) + "?step=stop")
    move = text_of(client, reverse("instruments:move", args=[task.instrument_id]))
    for form in (stop, move):
        assert f"该器具有未办结的检定:申请 {task.application.number}(已安排)" in form
    other = makers.make_instrument(cast.shop)
    assert "未办结" not in text_of(client, reverse("instruments:step", args=[other.pk]) + "?step=stop")


def test_what_moved_to_another_county_is_not_assigned_before_it_is_filed_there(cast: Cast, client: Client) -> None:
    task = steps.make_task(cast)
    there = makers.make_region("990102", "北原县")
    keeper, desk = cast.actor("keeper"), cast.actor("receptionist")
    ledger.relocate(actor=keeper, instrument=task.instrument, region=there, location="新店", reason="搬迁")
    assert Task.objects.get().state == "assigned"
    with pytest.raises(Refused, match="器具当前状态不能检定\\(待备案\\)"):
        services.assign(actor=desk, tasks=[Task.objects.get()], verifier=cast.verifier, on=steps.TODAY)
    with pytest.raises(Refused, match="待备案"):
        records.open_record(Task.objects.get(), actor=cast.actor("verifier"))
    client.force_login(cast.receptionist)
    assert "器具当前状态不能检定(待备案)" in text_of(client, reverse("verification:task", args=[task.pk]))
