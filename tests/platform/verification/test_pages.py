"""Pages of the business: apply from the ledger, receive, assign, hand over, the week."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.test import Client

from quanheng.platform.kernel import calendar as legal
from quanheng.platform.kernel import clock
from quanheng.platform.parties.models import Authorisation
from quanheng.platform.verification import services
from quanheng.platform.verification.models import Application, Task
from tests.platform import makers
from tests.platform.cast import Cast


@pytest.fixture(autouse=True)
def weekdays(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = legal.WorkingDays(frozenset({2026, 2027}), frozenset(), frozenset())
    monkeypatch.setattr(legal, "working_days", lambda: plain)


def make_submitted(cast: Cast) -> Application:
    made = services.create_application(
        actor=cast.actor("keeper"),
        organisation=cast.shop,
        institute=cast.institute,
        instruments=[makers.make_instrument(cast.shop)],
        delivery="sent_in",
    )
    return services.submit_application(actor=cast.actor("keeper"), application=made)


def make_accepted(cast: Cast) -> Task:
    application = make_submitted(cast)
    services.accept_application(actor=cast.actor("receptionist"), application=application)
    return application.tasks.get()


def test_two_scales_are_applied_for_at_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    scales = [makers.make_instrument(cast.shop) for _ in range(2)]
    address = f"/verification/applications/new/?i={scales[0].pk}&i={scales[1].pk}"
    assert scales[1].serial_number in client.get(address).content.decode()
    fields = {
        "i": [str(s.pk) for s in scales],
        "institute": str(cast.institute.pk),
        "delivery": "on_site",
        "contact": "钱掌柜",
        "phone": "0990-1234567",
    }
    answer = client.post("/verification/applications/new/", fields, follow=True)
    made = Application.objects.get()
    assert (made.state, made.tasks.count()) == ("submitted", 2)
    assert made.number in answer.content.decode()


def test_a_wrong_telephone_number_is_named_and_the_rest_is_kept(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    scale = makers.make_instrument(cast.shop)
    fields = {
        "i": str(scale.pk),
        "institute": str(cast.institute.pk),
        "delivery": "sent_in",
        "contact": "钱掌柜",
        "phone": "abc",
    }
    answer = client.post("/verification/applications/new/", fields)
    assert answer.status_code == 422
    assert "请填写电话号码" in answer.content.decode()
    assert 'value="钱掌柜"' in answer.content.decode()
    assert not Application.objects.exists()


def test_another_firms_scale_in_the_address_is_not_taken(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    other = makers.make_instrument(cast.rival)
    assert other.serial_number not in client.get(f"/verification/applications/new/?i={other.pk}").content.decode()


def test_the_receptionist_accepts_with_one_button(cast: Cast, client: Client) -> None:
    application = make_submitted(cast)
    client.force_login(cast.receptionist)
    client.post(f"/verification/applications/{application.pk}/step/", {"step": "accept"})
    application.refresh_from_db()
    assert application.state == "accepted"
    assert application.due_on is not None


def test_returning_asks_for_the_reason_and_the_keeper_reads_it(cast: Cast, client: Client) -> None:
    application = make_submitted(cast)
    client.force_login(cast.receptionist)
    address = f"/verification/applications/{application.pk}/step/"
    assert client.get(f"{address}?step=return").status_code == 200
    client.post(address, {"step": "return", "reason": "缺少联系电话"})
    client.force_login(cast.keeper)
    assert "缺少联系电话" in client.get(f"/verification/applications/{application.pk}/").content.decode()


def test_a_returned_application_is_mended_and_handed_in_again(cast: Cast, client: Client) -> None:
    scales = [makers.make_instrument(cast.shop) for _ in range(2)]
    keeper = cast.actor("keeper")
    made = services.create_application(
        actor=keeper, organisation=cast.shop, institute=cast.institute, instruments=scales, delivery="sent_in"
    )
    services.submit_application(actor=keeper, application=made)
    client.force_login(cast.keeper)
    assert client.get(f"/verification/applications/{made.pk}/edit/").status_code == 403
    services.return_application(actor=cast.actor("receptionist"), application=made, reason="第二台请另报")
    page = client.get(f"/verification/applications/{made.pk}/").content.decode()
    assert "退回原因:第二台请另报" in page
    assert "修改申请" in page
    again = client.get(f"/verification/applications/new/?i={scales[0].pk}")
    fields = {"institute": str(cast.institute.pk), "contact": "钱掌柜", "phone": "0990-1234567"}
    blocked = client.post(again.request["PATH_INFO"], {**fields, "i": [str(scales[0].pk)], "delivery": "on_site"})
    assert f"已有未办结的检定任务(申请 {made.number})" in blocked.content.decode()

    leave_out = str(made.tasks.get(instrument=scales[1]).pk)
    address = f"/verification/applications/{made.pk}/edit/"
    everything = [str(t.pk) for t in made.tasks.all()]
    refused = client.post(address, {**fields, "delivery": "on_site", "leave_out": everything})
    assert "请至少保留一台器具" in refused.content.decode()
    client.post(address, {**fields, "delivery": "on_site", "leave_out": [leave_out]})
    made.refresh_from_db()
    assert (made.state, made.delivery, made.phone) == ("submitted", "on_site", "0990-1234567")
    assert {t.instrument_id: (t.state, t.delivery) for t in made.tasks.all()} == {
        scales[0].pk: ("waiting", "on_site"),
        scales[1].pk: ("cancelled", "sent_in"),
    }
    said = client.get(f"/verification/applications/{made.pk}/").content.decode()
    row = said[said.index(f"<td>{scales[1].serial_number}</td>") :]
    assert "已取消" in row[: row.index("</tr>")]
    slip = client.get(f"/verification/applications/{made.pk}/slip/").content.decode()
    assert scales[0].serial_number in slip
    assert scales[1].serial_number not in slip
    listed = client.get("/verification/applications/?export=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(listed.getvalue())).active
    assert (sheet.title, sheet.cell(1, 5).value, sheet.cell(2, 5).value) == (
        f"检定申请 {clock.today().isoformat()}",
        "台件",
        len(scales) - 1,
    )
    services.accept_application(actor=cast.actor("receptionist"), application=made)
    assert made.tasks.get(instrument=scales[1]).state == "cancelled"


def test_what_stands_against_acceptance_is_shown_before_one_tries(cast: Cast, client: Client) -> None:
    application = make_submitted(cast)
    cast.institute.authorisations.update(withdrawn_on=dt.date(2026, 1, 1))
    client.force_login(cast.receptionist)
    page = client.get(f"/verification/applications/{application.pk}/").content.decode()
    assert "不在本机构授权项目内" in page


def test_tasks_are_assigned_in_batch_to_a_licensed_verifier(cast: Cast, client: Client) -> None:
    task = make_accepted(cast)
    client.force_login(cast.receptionist)
    answer = client.post("/verification/tasks/", {"batch": "assign", "pk": str(task.pk)})
    form = client.get(answer.headers["Location"]).content.decode()
    assert "周检定" in form
    assert "吴核验" not in form
    client.post(
        "/verification/tasks/assign/",
        {"t": str(task.pk), "verifier": str(cast.verifier.pk), "on": clock.today().isoformat()},
    )
    task.refresh_from_db()
    assert (task.state, task.verifier) == ("assigned", cast.verifier)
    client.force_login(cast.verifier)
    assert task.instrument.serial_number in client.get("/verification/schedule/").content.decode()


def test_the_hand_over_log_takes_an_instrument_in_once(cast: Cast, client: Client) -> None:
    task = make_accepted(cast)
    client.force_login(cast.receptionist)
    fields = {"direction": "in", "counterpart": "钱掌柜", "condition": "完好"}
    assert '<option value="out" selected>' not in client.get(f"/verification/tasks/{task.pk}/").content.decode()
    assert client.post(f"/verification/tasks/{task.pk}/handover/", fields).status_code == 302
    assert '<option value="out" selected>' in client.get(f"/verification/tasks/{task.pk}/").content.decode()
    again = client.post(f"/verification/tasks/{task.pk}/handover/", fields)
    assert again.status_code == 422
    assert "已收样" in again.content.decode()
    assert task.handovers.count() == 1


def test_what_came_together_is_taken_in_by_one_line_and_given_back_by_one(cast: Cast, client: Client) -> None:
    tasks = [make_accepted(cast), make_accepted(cast)]
    chosen = [str(t.pk) for t in tasks]
    client.force_login(cast.receptionist)
    go = client.post("/verification/tasks/", {"batch": "handover", "pk": chosen})
    assert "direction=in" in go.url
    assert tasks[0].instrument.serial_number in client.get(go.url).content.decode()
    line = {"direction": "in", "counterpart": "钱掌柜", "condition": "完好", "t": chosen}
    assert "已记录 2 台的交接" in client.post(go.url, line, follow=True).content.decode()
    assert "direction=out" in client.post("/verification/tasks/", {"batch": "handover", "pk": chosen}).url
    late = make_accepted(cast)
    refused = client.post("/verification/tasks/handover/", {**line, "t": [*chosen, str(late.pk)]})
    assert refused.status_code == 422
    assert f"该器具已收样({tasks[1].instrument})" in refused.content.decode()
    assert not late.handovers.exists()
    client.force_login(cast.keeper)
    assert client.post("/verification/tasks/handover/", {**line, "direction": "out"}).status_code == 403


def test_the_desk_is_told_before_accepting_that_the_capacity_does_not_suffice(cast: Cast, client: Client) -> None:
    application, words = make_submitted(cast), "能力可能不足"
    address = f"/verification/applications/{application.pk}/"
    client.force_login(cast.receptionist)
    assert words not in client.get(address).content.decode()
    due, _certain = legal.working_days().add(clock.today(), 20)
    day = clock.today()
    while day <= due:  # every day is taken but for what other accepted applications still need
        Authorisation.objects.update(capacity_per_day=1)
        if legal.working_days().is_working(day):
            other = make_accepted(cast)
            Task.objects.filter(pk=other.pk).update(scheduled_on=day, state="assigned")
        day += dt.timedelta(days=1)
    said = client.get(address).content.decode()
    assert words in said
    assert "还能安排 0 台,本申请 1 台" in said
    client.force_login(cast.keeper)
    assert words not in client.get(address).content.decode()
    Authorisation.objects.update(capacity_per_day=2)
    client.force_login(cast.receptionist)
    assert words not in client.get(address).content.decode()


def test_arranging_offers_the_day_that_was_wished(cast: Cast, client: Client) -> None:
    task, wished = make_accepted(cast), clock.today() + dt.timedelta(days=9)
    Application.objects.filter(pk=task.application_id).update(wanted_on=wished)
    client.force_login(cast.receptionist)
    assert f'value="{wished.isoformat()}"' in client.get(f"/verification/tasks/assign/?t={task.pk}").content.decode()


def test_the_appointment_slip_prints_with_every_instrument(cast: Cast, client: Client) -> None:
    application = make_submitted(cast)
    client.force_login(cast.keeper)
    page = client.get(f"/verification/applications/{application.pk}/slip/").content.decode()
    assert application.tasks.get().instrument.serial_number in page


def test_a_task_is_cancelled_with_its_reason_and_the_application_closes(cast: Cast, client: Client) -> None:
    task = make_accepted(cast)
    client.force_login(cast.receptionist)
    client.post(f"/verification/tasks/{task.pk}/step/", {"step": "cancel", "reason": "器具已报废"})
    task.refresh_from_db()
    task.application.refresh_from_db()
    assert (task.state, task.application.state) == ("cancelled", "completed")


def test_the_queue_does_not_offer_to_apply_again_for_what_is_applied_for(cast: Cast, client: Client) -> None:
    long_ago = dt.date(2020, 1, 1)
    late = {"verified_on": long_ago, "valid_until": long_ago, "last_verdict": "pass"}
    open_one, waiting = (makers.make_instrument(cast.shop, **late) for _ in range(2))
    services.create_application(
        actor=cast.actor("keeper"),
        organisation=cast.shop,
        institute=cast.institute,
        instruments=[open_one],
        delivery="sent_in",
    )
    client.force_login(cast.keeper)
    home = client.get("/").content.decode()
    assert waiting.serial_number in home
    assert open_one.serial_number not in home
    assert "未提交的申请" in home
    listed = client.get("/instruments/?status=overdue&applied=no").content.decode()
    assert waiting.serial_number in listed
    assert open_one.serial_number not in listed


def test_a_line_is_taken_off_the_application_and_what_was_typed_stays(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    scales = [makers.make_instrument(cast.shop) for _ in range(2)]
    typed = {"i": [str(s.pk) for s in scales], "contact": "钱掌柜", "phone": "0990-1", "note": "周三前"}
    page = client.post("/verification/applications/new/", {**typed, "remove": str(scales[0].pk)}).content.decode()
    assert scales[1].serial_number in page
    assert scales[0].serial_number not in page
    assert "周三前" in page
    assert Application.objects.count() == 0


@pytest.mark.parametrize(("day", "said"), [("2026-11-22", "周末"), ("2026-10-01", "法定节假日"), ("2026-11-23", "")])
def test_an_assignment_on_a_day_off_is_warned_about(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch, day: str, said: str
) -> None:
    holiday = dt.date(2026, 10, 1)
    monkeypatch.setattr(
        legal, "working_days", lambda: legal.WorkingDays(frozenset({2026}), frozenset({holiday}), frozenset())
    )
    with clock.at(dt.date(2026, 9, 30)):
        task = make_accepted(cast)
        client.force_login(cast.receptionist)
        answer = client.post(
            "/verification/tasks/assign/",
            {"t": str(task.pk), "verifier": str(cast.verifier.pk), "on": day},
            follow=True,
        )
    page = answer.content.decode()
    assert "已安排 1 项任务" in page
    assert ("请确认当日有人检定" in page) == bool(said)
    assert said in page


def test_the_institute_reads_the_instrument_it_has_to_verify_and_changes_nothing(cast: Cast, client: Client) -> None:
    task = make_accepted(cast)
    address = f"/instruments/{task.instrument_id}/"
    client.force_login(cast.verifier)
    page = client.get(address).content.decode()
    assert "检定任务所需,只读" in page
    assert task.instrument.serial_number in page
    assert "tab=timeline" not in page
    assert client.get(f"{address}edit/").status_code == 404
    assert task.instrument.serial_number not in client.get("/instruments/").content.decode()
    client.force_login(cast.rival_keeper)
    assert client.get(address).status_code == 404
    client.force_login(cast.keeper)
    assert client.get(f"/verification/tasks/{task.pk}/handover/").status_code == 403


def test_the_list_of_tasks_holds_what_was_accepted_and_nothing_before(cast: Cast, client: Client) -> None:
    waiting = make_submitted(cast).tasks.get()
    accepted = make_accepted(cast)
    client.force_login(cast.receptionist)
    page = client.get("/verification/tasks/").content.decode()
    assert accepted.instrument.serial_number in page
    assert waiting.instrument.serial_number not in page


def test_the_nearest_institute_is_offered_first(cast: Cast, client: Client) -> None:
    norm, item = makers.make_norm(), makers.make_instrument(cast.shop)
    for name, code in (("安远县计量所", "990103"), ("白云市院", "990100"), ("丙省院", "990000")):
        region = makers.make_region(code, name) if code == "990103" else makers.make_region().parent
        region = region.parent if code == "990000" else region
        made = makers.make_organisation(name, "institute", region=region)
        makers.make_authorisation(made, norm)
    client.force_login(cast.keeper)
    page = client.get(f"/verification/applications/new/?i={item.pk}").content.decode()
    order = [page.index(f">{name}<") for name in (cast.institute.name, "白云市院", "丙省院", "安远县计量所")]
    assert order == sorted(order)


def test_the_timeline_of_an_instrument_tells_of_its_verification(cast: Cast, client: Client) -> None:
    task = make_accepted(cast)
    client.force_login(cast.keeper)
    page = client.get(f"/instruments/{task.instrument_id}/?tab=timeline").content.decode()
    for words in ("提交申请", "受理", task.application.number):
        assert words in page


def test_what_is_done_is_never_called_overdue(cast: Cast, client: Client) -> None:
    late, done = make_accepted(cast), make_accepted(cast)
    Task.objects.filter(pk__in=[late.pk, done.pk]).update(due_on=clock.today() - dt.timedelta(days=30))
    services.cancel_task(actor=cast.actor("receptionist"), task=done, reason="送错")
    client.force_login(cast.receptionist)
    page = client.get("/verification/tasks/").content.decode()
    assert page.count("已超期 30 天") == 1
    assert page.index(late.instrument.serial_number) < page.index(done.instrument.serial_number)


def test_a_wanted_day_that_is_past_is_refused_when_applying_and_when_amending(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    scale = makers.make_instrument(cast.shop)
    yesterday = clock.today() - dt.timedelta(days=1)
    fields = {"institute": str(cast.institute.pk), "delivery": "on_site", "contact": "钱掌柜", "phone": "0990-1234567"}
    new = {**fields, "i": [str(scale.pk)], "wanted_on": yesterday.isoformat()}
    refused = client.post("/verification/applications/new/", new)
    assert (refused.status_code, Application.objects.count()) == (422, 0)
    assert f"期望日期 {yesterday} 已过" in refused.content.decode()
    client.post("/verification/applications/new/", {**new, "wanted_on": clock.today().isoformat()})
    made = Application.objects.get()
    services.return_application(actor=cast.actor("receptionist"), application=made, reason="换一天")
    address = f"/verification/applications/{made.pk}/edit/"
    again = client.post(address, {**fields, "wanted_on": yesterday.isoformat()})
    assert f"期望日期 {yesterday} 已过" in again.content.decode()
    made.refresh_from_db()
    assert (made.state, made.wanted_on) == ("returned", clock.today())


def test_what_never_came_in_cannot_be_handed_back_and_is_told_once(cast: Cast, client: Client) -> None:
    task = make_accepted(cast)
    client.force_login(cast.receptionist)
    answer = client.post(f"/verification/tasks/{task.pk}/handover/", {"direction": "out"})
    assert answer.status_code == 422
    assert answer.content.decode().count("该器具未在本机构") == 1
