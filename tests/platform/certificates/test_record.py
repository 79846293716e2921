"""A record is saved as typed, handed on, sent back; two devices and two people never overwrite each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from quanheng.errors import InputError
from quanheng.platform.certificates import services, signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.verification.models import Task
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def test_opening_starts_the_task_and_proposes_what_is_known(cast: Cast) -> None:
    weights = steps.make_weights(cast)
    record = services.open_record(steps.make_task(cast), actor=cast.actor("verifier"))
    assert record.task.state == "working"
    assert record.data["instrument"]["max"] == "30"
    assert [s["item"] for s in record.data["standards"]] == [str(weights.pk)]
    assert services.open_record(Task.objects.get(), actor=cast.actor("verifier")) == record


def test_only_the_assigned_verifier_opens_a_record(cast: Cast) -> None:
    task = steps.make_task(cast)
    for part in ("checker", "keeper", "regulator", "nobody"):
        with pytest.raises(Refused):
            services.open_record(task, actor=cast.actor(part))


def test_readings_are_kept_as_typed(cast: Cast) -> None:
    record = steps.filled(cast)
    again = Record.objects.get(pk=record.pk)
    assert again.data["sections"] == steps.make_sheet()["sections"]
    assert again.data["sections"]["weighing"][0]["I_up"] == "0.20"


def test_an_older_page_does_not_overwrite_a_newer_one(cast: Cast) -> None:
    record = steps.filled(cast)
    first = Record.objects.get(pk=record.pk)
    services.save_draft(
        first, data={**first.data, "remarks": "甲"}, version=first.version, actor=cast.actor("verifier")
    )
    with pytest.raises(Refused, match="另一台设备"):
        services.save_draft(record, data=record.data, version=record.version, actor=cast.actor("verifier"))
    assert Record.objects.get().data["remarks"] == "甲"


def test_the_browser_cannot_make_a_standard_better_than_it_is(cast: Cast) -> None:
    record = steps.filled(cast)
    forged = [{**record.data["standards"][0], "mpe": "0.000001", "certificate": "X"}]
    record = services.save_draft(
        record, data={**record.data, "standards": forged}, version=record.version, actor=cast.actor("verifier")
    )
    assert (record.data["standards"][0]["mpe"], record.data["standards"][0]["certificate"]) == ("0.005", "LX-2026-0107")


def test_standards_of_another_institute_are_refused(cast: Cast) -> None:
    record = steps.filled(cast)
    entry = {"role": "weights", "item": "00000000-0000-0000-0000-000000000000"}
    with pytest.raises(Refused, match="台账"):
        services.save_draft(
            record, data={**record.data, "standards": [entry]}, version=record.version, actor=cast.actor("verifier")
        )


@pytest.mark.parametrize("reading", ["", "abc", "1e400", "-99999", "１０", None, 10.5, "9" * 300])
def test_bad_readings_stop_the_submission_with_their_place(cast: Cast, reading: object) -> None:
    sections = steps.make_sheet()["sections"]
    sections["weighing"][1]["I_up"] = reading
    if isinstance(reading, float):
        draft = steps.filled(cast)
        draft.data["sections"] = sections
        Record.objects.filter(pk=draft.pk).update(data=draft.data)
        draft.refresh_from_db()
    else:
        draft = steps.filled(cast, sections=sections)
    if reading == "-99999":
        with pytest.raises(InputError):
            services.submit(draft, actor=cast.actor("verifier"))
        return
    with pytest.raises(InputError) as error:
        services.submit(draft, actor=cast.actor("verifier"))
    assert "weighing" in error.value.place
    assert Record.objects.get().state == "draft"


def test_a_record_from_the_future_is_refused(cast: Cast) -> None:
    record = steps.filled(cast)
    with pytest.raises(InputError, match="晚于今天"):
        services.save_draft(
            record,
            data=record.data,
            version=record.version,
            actor=cast.actor("verifier"),
            performed_on=steps.TODAY + dt.timedelta(days=1),
        )


def test_nothing_is_verified_before_it_was_accepted(cast: Cast) -> None:
    record = steps.filled(cast)
    before = steps.TODAY - dt.timedelta(days=1)
    with pytest.raises(InputError, match=f"早于受理日期 {steps.TODAY}"):
        services.save_draft(
            record, data=record.data, version=record.version, actor=cast.actor("verifier"), performed_on=before
        )
    Record.objects.filter(pk=record.pk).update(performed_on=before)  # as an older release would have let it in
    record.refresh_from_db()
    with pytest.raises(Refused, match="未受理的器具不能检定"):
        services.submit(record, actor=cast.actor("verifier"))


def test_sending_back_needs_a_reason_and_keeps_what_was_typed(cast: Cast) -> None:
    record = steps.submitted(cast)
    with pytest.raises(InputError):
        services.return_record(record, reason=" ", actor=cast.actor("checker"))
    record = services.return_record(record, reason="第 3 点读数请复核", actor=cast.actor("checker"))
    assert (record.state, record.task.state) == ("draft", "working")
    assert record.data["sections"] == steps.make_sheet()["sections"]
    assert events.history(record)[0].reason == "第 3 点读数请复核"
    again = services.submit(Record.objects.get(), actor=cast.actor("verifier"))
    assert again.state == "checking"


def test_who_comes_second_reads_who_was_first_and_when(cast: Cast) -> None:
    record = steps.submitted(cast)
    again = Record.objects.get(pk=record.pk)
    services.check(record, actor=cast.actor("checker"))
    said = r"吴核验 已于 2026-10-12 10:00 办理“核验通过”,现为“待签发”,不能再“核验通过”"
    with pytest.raises(Refused, match=said):
        services.check(again, actor=cast.actor("checker"))


def test_two_checkers_at_once_the_second_is_refused(cast: Cast) -> None:
    record = steps.submitted(cast)
    other = Record.objects.select_related("task").get(pk=record.pk)
    services.check(record, actor=cast.actor("checker"))
    with pytest.raises(Refused):
        services.check(other, actor=cast.actor("checker"))


def test_two_signatures_at_once_make_one_document_and_explain_the_other_number(cast: Cast) -> None:
    record = steps.checked(cast)
    other = Record.objects.select_related("task").get(pk=record.pk)
    signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    with pytest.raises(Refused, match="郑签发 已于 2026-10-12 10:00 办理“签发”,现为“已签发”"):
        signing.sign(other, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    assert Document.objects.count() == 1
    assert list(NumberRecord.objects.order_by("id").values_list("state", flat=True)) == ["used", "voided"]


def test_a_rejection_is_a_notice_with_reasons_and_stops_the_scale(cast: Cast) -> None:
    sections = steps.make_sheet()["sections"]
    sections["weighing"][4]["I_up"] = "30.50"
    record = steps.signed(cast, sections=sections)
    document = record.document
    assert document is not None
    assert (document.kind, document.verdict, document.valid_until) == ("rejection_notice", "fail", None)
    record.instrument.refresh_from_db()
    assert (record.instrument.last_verdict, record.instrument.state) == ("reject", "stopped")


def test_a_batch_reports_each_item_and_signs_the_rest(cast: Cast) -> None:
    good, bad = steps.checked(cast), steps.checked(cast)
    bad.instrument.__class__.objects.filter(pk=bad.instrument_id).update(state="scrapped")
    records = [Record.objects.select_related("task", "instrument").get(pk=one.pk) for one in (good, bad)]
    done = signing.sign_many(records, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    assert [(o.record.pk, o.ok) for o in done] == [(good.pk, True), (bad.pk, False)]
    assert "器具" in done[1].reasons[0]
    assert done[0].number


def test_a_replacement_carries_the_new_name_and_the_old_stays(cast: Cast) -> None:
    record = steps.signed(cast)
    old = record.document
    assert old is not None
    type(cast.shop).objects.filter(pk=cast.shop.pk).update(name="东陵商贸(集团)有限公司")
    fresh = Record.objects.get(pk=record.pk)
    new = signing.replace_certificate(
        fresh, reason="单位更名", second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory")
    )
    old.refresh_from_db()
    assert (old.state, new.replaces_id, new.state) == ("replaced", old.pk, "issued")
    fresh.instrument.refresh_from_db()
    assert fresh.instrument.last_document_number == new.number


def test_revoking_ends_the_validity_of_the_scale(cast: Cast) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    why = {"reason": "读数造假", "void_from": steps.TODAY, "actor": cast.actor("signatory")}
    with pytest.raises(Refused, match="验证码"):
        signing.revoke_certificate(record.document, second_factor_code="000000", **why)
    with pytest.raises(Refused):
        signing.revoke_certificate(record.document, second_factor_code="", **{**why, "actor": cast.actor("manager")})
    signing.revoke_certificate(record.document, second_factor_code=steps.code_of(cast.signatory), **why)
    act = AuditEvent.objects.get(verb="documents.revocation_signed")
    assert (act.actor_name, act.after["factor"]) == ("郑签发", "TOTP")
    assert "撤销本文书" in act.after["meaning"]
    record.instrument.refresh_from_db()
    assert record.instrument.invalidated_on == steps.TODAY
