"""A certificate says on every page, to everybody, whether it still holds: what an outsider did, done again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from quanheng.platform.certificates import queries as certificates
from quanheng.platform.certificates import signing
from quanheng.platform.documents import standing
from quanheng.platform.documents.models import Document, ValidityEnd
from quanheng.platform.documents.services import record_imported
from quanheng.platform.documents.validity import standing_of, standings
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.services import take_step
from quanheng.platform.trace.models import TraceCertificate, TraceNode
from quanheng.platform.trace.queries import prove
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db

TODAY = steps.TODAY
LATER = TODAY + dt.timedelta(days=30)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(dt.datetime(2026, 10, 12, 1, 0, tzinfo=dt.UTC)):
        yield


def issued(cast: Cast, scale: Instrument, **changes: Any) -> Document:
    document = steps.signed(cast, task=steps.make_task(cast, scale), **changes).document
    assert document is not None
    return document


def rejected(cast: Cast, scale: Instrument) -> Document:
    sections = steps.make_sheet()["sections"]
    sections["weighing"][4]["I_up"] = "30.50"
    return issued(cast, scale, sections=sections)


def past(cast: Cast, scale: Instrument, on: dt.date, number: str, **fields: Any) -> Document:
    """A certificate of the paper years."""
    TraceNode.objects.get_or_create(pk=scale.pk, defaults={"kind": "instrument", "label": str(scale)})
    row = {"organisation": cast.institute, "owner": cast.shop, "region": scale.region, "number": number}
    row |= {"kind": "verification_certificate", "subject_type": "instruments.instrument", "subject_id": scale.pk}
    row |= {"verdict": "pass", "performed_on": on, "valid_until": on + dt.timedelta(days=364), **fields}
    return record_imported([row], actor=makers.SYSTEM)[0]


def page(document: Document) -> str:
    return Client().get(f"/v/{document.public_code}/").content.decode()


def inside(cast: Cast, part: str, path: str) -> str:
    client = Client()
    client.force_login(getattr(cast, part))
    return client.get(path).content.decode()


def test_a_pass_ends_on_every_page_with_the_rejection_that_follows(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    passed = issued(cast, scale)
    with clock.at(dt.datetime(2026, 10, 12, 3, 0, tzinfo=dt.UTC)):
        scale.refresh_from_db()
        notice = rejected(cast, scale)
        shown = page(passed)
        assert "已失效" in shown
        assert "2026-10-12 检定不合格" in shown
        assert f"/v/{notice.public_code}/" in shown
        assert "检定合格,在有效期内" not in shown
        assert "不合格" in page(notice)
        own = inside(cast, "keeper", f"/certificates/{passed.pk}/")
        assert f"/certificates/{notice.pk}/" in own
        assert "2026-10-12 检定不合格" in own
        words = {r["number"]: r["standing"] for r in certificates.listing(makers.SYSTEM, limit=9)}
        assert words == {passed.number: "ended", notice.number: "rejected"}
        listed = inside(cast, "keeper", "/certificates/")
        assert "已失效" in listed
        assert "已失效" in inside(cast, "keeper", f"/instruments/{scale.pk}/?tab=certificates")


def test_the_head_of_a_rejected_or_moved_scale_boasts_of_no_chain(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    issued(cast, scale)
    address = f"/instruments/{scale.pk}/"
    assert "溯源链" in inside(cast, "keeper", address).split("qh-tabs")[0]
    with clock.at(dt.datetime(2026, 10, 12, 3, 0, tzinfo=dt.UTC)):
        services.relocate(
            actor=cast.actor("keeper"),
            instrument=Instrument.objects.get(),
            region=scale.region,
            location="西门店",
            reason="搬柜台",
        )
        assert "溯源链成立" not in inside(cast, "keeper", address)
        assert prove(scale.pk, TODAY)["broken"] == {"at": str(scale.pk), "code": "revoked"}
    with clock.at(dt.datetime(2026, 10, 13, 3, 0, tzinfo=dt.UTC)):
        rejected(cast, Instrument.objects.get())
        assert "溯源链成立" not in inside(cast, "keeper", address)
        assert not prove(scale.pk, TODAY + dt.timedelta(days=1))["holds"]


@pytest.mark.parametrize("imported", [False, True])
def test_a_scrapped_scale_has_no_valid_certificate_and_a_stopped_one_is_said_to_stand_still(
    cast: Cast, imported: bool
) -> None:
    keeper, scale = cast.actor("keeper"), steps.make_scale(cast)
    document = past(cast, scale, TODAY - dt.timedelta(days=9), "旧检字 1") if imported else issued(cast, scale)
    services.stop(actor=keeper, instrument=Instrument.objects.get(), reason="停业")
    shown = page(document)
    assert "停用中" in shown
    assert standing.find(document.public_code).headline.key == "suspended"
    services.restart(actor=keeper, instrument=Instrument.objects.get())
    assert standing.find(document.public_code).headline.key == ("recorded" if imported else "valid")
    with clock.at(LATER):
        services.scrap(actor=keeper, instrument=Instrument.objects.get(), reason="损坏")
        shown = page(document)
        assert "已失效" in shown
        assert f"{LATER} 器具已报废" in shown


@pytest.mark.parametrize("again", ["pass", "reject"])
def test_what_a_move_ended_stays_ended_when_the_scale_is_verified_anew(cast: Cast, again: str) -> None:
    scale = steps.make_scale(cast)
    first = issued(cast, scale)
    with clock.at(dt.datetime(2026, 10, 12, 3, 0, tzinfo=dt.UTC)):
        services.relocate(
            actor=cast.actor("keeper"),
            instrument=Instrument.objects.get(),
            region=scale.region,
            location="西门店",
            reason="搬柜台",
        )
        assert "2026-10-12 器具已迁移" in page(first)
    with clock.at(dt.datetime(2026, 10, 12, 5, 0, tzinfo=dt.UTC)):
        scale = Instrument.objects.get()
        second = issued(cast, scale) if again == "pass" else rejected(cast, scale)
        assert standing_of(first, TODAY).key == "ended"
        assert "2026-10-12 器具已迁移" in page(first)
        assert standing_of(second, TODAY).key == ("valid" if again == "pass" else "rejected")
        code = steps.code_of(cast.signatory)
        with pytest.raises(Refused, match="器具已迁移"):
            signing.replace_certificate(
                first.record, reason="更名", second_factor_code=code, actor=cast.actor("signatory")
            )


def test_a_newer_certificate_takes_the_place_of_the_older_one(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    old = past(cast, scale, TODAY - dt.timedelta(days=100), "旧检字 1")
    older = past(cast, scale, TODAY - dt.timedelta(days=500), "旧检字 0")
    new = issued(cast, scale)
    assert standing_of(old, TODAY).key == standing_of(older, TODAY).key == "superseded"
    assert standing_of(old, TODAY - dt.timedelta(days=1)).key == "valid"
    assert f"/v/{new.public_code}/" in page(old)
    assert f"/v/{old.public_code}/" in page(older)
    assert "有效(历史记录" not in page(old)


def test_a_notice_says_when_the_scale_passed_later(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    notice = past(cast, scale, TODAY - dt.timedelta(days=5), "旧通字 1", kind="rejection_notice", verdict="reject")
    assert standing_of(notice, TODAY).key == "rejected"
    ValidityEnd.objects.create(subject_id=scale.pk, cause="moved", on=TODAY, at=clock.now())
    assert standing_of(notice, TODAY).key == "rejected"
    new = issued(cast, scale)
    assert (standing_of(notice, TODAY).key, standing_of(new, TODAY).key) == ("superseded", "ended")


def test_a_certificate_that_ran_out_was_not_ended_by_a_later_move(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    old = past(cast, scale, TODAY - dt.timedelta(days=500), "旧检字 1")
    ValidityEnd.objects.create(subject_id=scale.pk, cause="moved", on=TODAY, at=clock.now())
    assert standing_of(old, TODAY).key == "expired"


def test_a_calibration_says_nothing_of_a_verification(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    old = past(cast, scale, TODAY - dt.timedelta(days=50), "旧检字 1")
    past(cast, scale, TODAY - dt.timedelta(days=5), "旧校字 1", kind="calibration_certificate", verdict="")
    assert standing_of(old, TODAY).key == "valid"


def test_many_documents_cost_no_more_questions_than_one(cast: Cast) -> None:
    made = [
        past(cast, makers.make_instrument(cast.shop), TODAY - dt.timedelta(days=n), f"旧检字 {n}") for n in range(1, 30)
    ]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert {s.key for s in standings(made, TODAY).values()} == {"valid"}
    assert len(asked) == 3
    client = Client()
    client.force_login(cast.keeper)
    client.get("/certificates/")
    with CaptureQueriesContext(connection) as whole:
        shown = client.get("/certificates/?size=50").content.decode()
    assert sum("documents_validityend" in q["sql"] for q in whole) == 1
    assert shown.count("旧检字") >= 29
    export = client.get("/certificates/?export=csv")
    lines = b"".join(export.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert [line.count("有效") for line in lines[1:]] == [1] * 29


@pytest.mark.parametrize("step", ["condemn", "suspend"])
def test_a_standard_withdrawn_in_the_afternoon_breaks_nothing_signed_in_the_morning(cast: Cast, step: str) -> None:
    scale, other = steps.make_scale(cast), steps.make_scale(cast)
    document = issued(cast, scale)
    weights = MeasurementStandard.objects.get()
    with clock.at(dt.datetime(2026, 10, 12, 6, 0, tzinfo=dt.UTC)):
        waiting = steps.checked(cast, task=steps.make_task(cast, other))
        take_step(step, actor=cast.actor("manager"), standard=weights, reason="期间核查不合格")
        assert prove(scale.pk, TODAY)["holds"]
        assert "不成立" not in page(document)
        with pytest.raises(Refused):
            signing.sign(waiting, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    if step == "condemn":
        assert not prove(weights.pk, TODAY + dt.timedelta(days=1))["holds"]


def test_what_happened_before_this_release_is_taken_from_the_audit_trail(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    document = issued(cast, scale)
    keeper, there = cast.actor("keeper"), {"region": scale.region, "location": "西门店"}
    with clock.at(dt.datetime(2026, 10, 12, 18, 0, tzinfo=dt.UTC)):  # already the 13th in China
        services.relocate(actor=keeper, instrument=Instrument.objects.get(), reason="搬柜台", **there)
    kept = list(ValidityEnd.objects.values("subject_id", "cause", "on", "at"))
    ValidityEnd.objects.all().delete()
    Document.objects.update(recorded_at=None)
    TraceCertificate.objects.filter(item_id=scale.pk).update(void_from=None)
    older = import_module("quanheng.platform.documents.migrations.0006_validity_ends")
    older.when_recorded(apps, None)
    older.from_the_trail(apps, None)
    import_module("quanheng.platform.instruments.migrations.0005_chains_of_ended_verifications").forwards(apps, None)
    assert list(ValidityEnd.objects.values("subject_id", "cause", "on", "at")) == kept
    assert kept[0]["on"] == TODAY + dt.timedelta(days=1)
    assert standing_of(Document.objects.get(pk=document.pk), kept[0]["on"]).key == "ended"
    assert TraceCertificate.objects.get(item_id=scale.pk).void_from == kept[0]["on"]
