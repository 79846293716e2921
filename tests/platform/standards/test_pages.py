"""The board of standards: enter one, enter its upper certificate, see its chain, condemn it."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceNode
from quanheng.platform.trace.services import register_item
from tests.platform import makers
from tests.platform.cast import Cast


@pytest.fixture
def manager(cast: Cast, client: Client) -> Client:
    client.force_login(cast.manager)
    return client


def typed(cast: Cast) -> dict[str, object]:
    return {
        "organisation": str(cast.institute.pk),
        "name": "M1级砝码",
        "code": "BZ-001",
        "level": "public",
        "role": "weights",
        "accuracy": "M1级",
        "range_text": "(1~30000) g",
        "range_low": "1",
        "range_high": "30000",
        "unit": "\\gram",
        "norms": [str(makers.make_norm().pk)],
        "assessment_number": "社标证字001",
        "assessed_from": "2026-01-01",
        "assessed_until": "2030-12-31",
    }


def test_an_empty_board_says_how_to_start(manager: Client) -> None:
    assert "登记计量标准" in manager.get("/standards/").content.decode()


def test_a_standard_is_entered_and_its_paper_certificate_after_it(cast: Cast, manager: Client) -> None:
    answer = manager.post("/standards/add/", typed(cast))
    standard = MeasurementStandard.objects.get(code="BZ-001")
    assert answer.headers["Location"] == f"/standards/{standard.pk}/certificate/"
    root = register_item(
        kind="national",
        id=uuid.uuid4(),
        label="国家基准",
        organisation=None,
        region=None,
        is_root=True,
        actor=makers.SYSTEM,
    )
    today = clock.today()
    fields = {
        "number": "R-1",
        "issuer_name": "国家计量院",
        "valid_from": today.isoformat(),
        "valid_to": (today + dt.timedelta(days=364)).isoformat(),
        "uncertainty": "U=0.01 g, k=2",
        "upper": str(root.pk),
        "u_ratio": "0.2",
    }
    answer = manager.post(f"/standards/{standard.pk}/certificate/", fields, follow=True)
    page = answer.content.decode()
    assert "溯源链成立" in page
    assert "R-1" in page


def test_a_renewed_assessment_and_a_forgotten_unit_are_entered_with_a_reason(cast: Cast, manager: Client) -> None:
    manager.post("/standards/add/", {**typed(cast), "range_low": "", "range_high": "", "unit": ""})
    standard = MeasurementStandard.objects.get(code="BZ-001")
    address = f"/standards/{standard.pk}/edit/"
    page = manager.get(address).content.decode()
    assert 'value="社标证字001"' in page
    new = {**typed(cast), "assessment_number": "社标证字002", "assessed_until": "2031-12-31"}
    assert manager.post(address, new).status_code == 422
    assert manager.post(address, {**new, "reason": "考核证书换证"}).status_code == 302
    standard.refresh_from_db()
    assert (standard.assessment_number, standard.unit, standard.range_high) == ("社标证字002", "\\gram", 30000)
    event = AuditEvent.objects.get(verb="standards.edited", subject_id=str(standard.pk))
    assert event.reason == "考核证书换证"
    assert event.before["assessment_number"] == "社标证字001"
    assert "name" not in event.after
    wrong = manager.post(address, {**new, "reason": "x", "range_low": "5", "range_high": "1"})
    assert wrong.status_code == 422
    assert "测量范围下限大于上限" in wrong.content.decode()


def test_the_list_of_upper_standards_names_them(cast: Cast, manager: Client) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    makers.make_standard(cast.institute, makers.make_norm(), name="E2等级砝码")
    page = manager.get(f"/standards/{weights.pk}/certificate/").content.decode()
    assert "E2等级砝码" in page
    assert "TraceNode" not in page


def test_on_the_first_day_a_paper_certificate_names_an_upper_standard_nobody_entered(
    cast: Cast, manager: Client
) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    today = clock.today()
    fields = {
        "number": "Z-7",
        "issuer_name": "中国计量科学研究院",
        "valid_from": today.isoformat(),
        "valid_to": (today + dt.timedelta(days=364)).isoformat(),
        "upper_kind": "national",
        "upper_name": "质量国家基准",
    }
    address = f"/standards/{weights.pk}/certificate/"
    page = manager.post(address, fields, follow=True).content.decode()
    assert "溯源链成立" in page
    assert "质量国家基准" in page
    manager.post(address, {**fields, "number": "Z-8", "upper_name": "质量国家基准 "})
    assert TraceNode.objects.filter(kind="national", label="质量国家基准").count() == 1
    neither = manager.post(address, {**fields, "upper_kind": "", "upper_name": ""})
    assert neither.status_code == 422
    assert "填写其类别和名称" in neither.content.decode()


def test_another_bodys_standard_without_a_certificate_of_its_own_ends_the_chain(cast: Cast, manager: Client) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    today = clock.today()
    fields = {
        "number": "Z-9",
        "issuer_name": "邻省计量院",
        "valid_from": today.isoformat(),
        "valid_to": (today + dt.timedelta(days=364)).isoformat(),
        "upper_kind": "standard",
        "upper_name": "E1等级砝码",
    }
    page = manager.post(f"/standards/{weights.pk}/certificate/", fields, follow=True).content.decode()
    assert "溯源链成立" not in page
    assert "E1等级砝码" in page


def test_a_wrong_date_is_named_beside_its_field_and_nothing_is_lost(cast: Cast, manager: Client) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    fields = {"number": "R-1", "issuer_name": "某院", "valid_from": "2026-05-01", "valid_to": "2026-04-01"}
    answer = manager.post(f"/standards/{weights.pk}/certificate/", fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "有效期至早于校准日期" in page
    assert 'value="某院"' in page


def test_condemning_needs_a_reason_and_shows_on_the_board(cast: Cast, manager: Client) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    address = f"/standards/{weights.pk}/step/"
    assert manager.post(address, {"step": "condemn", "reason": ""}).status_code == 422
    assert manager.post(address, {"step": "condemn", "reason": "摔落"}).status_code == 302
    assert "停用" in manager.get("/standards/?state=condemned").content.decode()


def test_neither_a_stranger_nor_a_regulator_can_change_a_standard(cast: Cast, client: Client) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    for part, wanted in (("rival_keeper", {404, 403}), ("regulator", {403, 422}), ("other_regulator", {404, 403})):
        client.force_login(getattr(cast, part))
        answer = client.post(f"/standards/{weights.pk}/step/", {"step": "condemn", "reason": "试试"})
        assert answer.status_code in wanted
    weights.refresh_from_db()
    assert weights.state == "in_use"


def test_an_unknown_step_does_not_exist(cast: Cast, manager: Client) -> None:
    weights = makers.make_standard(cast.institute, makers.make_norm())
    assert manager.get(f"/standards/{weights.pk}/step/?step=explode").status_code == 404
