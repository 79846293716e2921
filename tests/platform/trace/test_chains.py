"""Chains from the database: proven, declared, broken, recalled."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from quanheng.platform.certificates import signing
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.standards import services as standards
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace import queries, services
from quanheng.platform.trace.models import TraceCertificate, TraceNode
from quanheng.platform.trace.queries import prove, proving_once
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

TODAY = dt.date(2026, 11, 23)


def make_root(label: str = "国家质量基准") -> TraceNode:
    return services.register_item(
        kind="national", id=uuid.uuid4(), label=label, organisation=None, region=None, is_root=True, actor=makers.SYSTEM
    )


def certify(item_id: uuid.UUID, upper_id: uuid.UUID, **fields: Any) -> None:
    start = fields.pop("valid_from", dt.date(2026, 1, 10))
    use = {"standard_id": upper_id, "used_on": start, "u_ratio": fields.pop("u_ratio", 0.2)}
    values: dict[str, Any] = {
        "number": f"R{uuid.uuid4().hex[:6]}",
        "issuer_name": "国家计量院",
        "document_id": None,
        "basis": "declared",
        "valid_to": dt.date(2027, 1, 9),
        **fields,
    }
    services.record_certificate(item_id=item_id, valid_from=start, uses=[use], actor=makers.SYSTEM, **values)


def make_chain(cast: Cast) -> tuple[MeasurementStandard, TraceNode]:
    """A city standard under a national root, and a scale certified with it in March."""
    weights = makers.make_standard(cast.institute, makers.make_norm())
    certify(weights.pk, make_root().pk)
    scale = makers.make_instrument(cast.shop)
    node = services.register_item(
        kind="instrument",
        id=scale.pk,
        label=str(scale),
        organisation=cast.shop,
        region=scale.region,
        actor=makers.SYSTEM,
    )
    certify(node.pk, weights.pk, valid_from=dt.date(2026, 3, 1), valid_to=dt.date(2027, 2, 28), basis="proven")
    return weights, node


def test_a_scale_leads_to_the_national_standard_and_says_from_where_on_it_is_only_declared(cast: Cast) -> None:
    _weights, scale = make_chain(cast)
    answer = queries.prove(scale.pk, TODAY)
    assert answer["holds"] is True
    assert answer["proven"] is False
    assert [link["basis"] for link in answer["chain"]] == ["proven", "declared"]
    assert answer["broken"] is None


def test_before_its_first_certificate_the_scale_has_no_chain(cast: Cast) -> None:
    _weights, scale = make_chain(cast)
    assert queries.prove(scale.pk, dt.date(2026, 2, 1))["broken"]["code"] in {"no_certificate", "not_yet_valid"}


def test_a_standard_that_expires_after_the_use_leaves_the_chain_whole(cast: Cast) -> None:
    weights, scale = make_chain(cast)
    weights_certificate = TraceNode.objects.get(pk=weights.pk).certificates.get()
    weights_certificate.valid_to = dt.date(2026, 4, 1)
    weights_certificate.save()
    assert queries.prove(scale.pk, TODAY)["holds"] is True


def test_a_standard_out_of_date_on_the_day_of_use_breaks_it_there(cast: Cast) -> None:
    weights, scale = make_chain(cast)
    certificate = TraceNode.objects.get(pk=weights.pk).certificates.get()
    certificate.valid_to = dt.date(2026, 2, 1)
    certificate.save()
    answer = queries.prove(scale.pk, TODAY)
    assert answer["broken"] == {"at": str(weights.pk), "code": "expired"}


def test_a_revoked_certificate_breaks_every_chain_that_used_it_after_that_day(cast: Cast) -> None:
    weights, scale = make_chain(cast)
    certificate = TraceNode.objects.get(pk=weights.pk).certificates.get()
    certificate.document_id = uuid.uuid4()
    certificate.save()
    services.void_certificate(certificate.document_id, dt.date(2026, 2, 1), actor=makers.SYSTEM)
    assert queries.prove(scale.pk, TODAY)["broken"]["code"] == "revoked"


def test_a_recall_names_what_the_standard_reached_and_how_severe_it_is(cast: Cast) -> None:
    weights, scale = make_chain(cast)
    found = queries.recall(weights.pk, dt.date(2026, 1, 1), TODAY, TODAY)
    assert found["item"].to_list() == [str(scale.pk)]
    assert found["severity"].to_list() == ["high"]
    assert len(queries.recall(weights.pk, dt.date(2026, 4, 1), TODAY, TODAY)) == 0


def test_the_audit_gives_each_item_the_answer_of_its_own_proof(cast: Cast) -> None:
    make_chain(cast)
    lonely = makers.make_standard(cast.institute, makers.make_norm())
    found = {row["item"]: row for row in queries.audit(TODAY).iter_rows(named=True)}
    for node in TraceNode.objects.all():
        answer = queries.prove(node.pk, TODAY)
        assert (found[str(node.pk)]["holds"], found[str(node.pk)]["proven"]) == (answer["holds"], answer["proven"])
    assert found[str(lonely.pk)]["code"] == "no_certificate"


def test_a_condemned_standard_can_be_recalibrated_but_not_used(cast: Cast) -> None:
    weights, _scale = make_chain(cast)
    manager = cast.actor("manager")
    standards.condemn(actor=manager, standard=weights, reason="摔落")
    assert queries.prove(weights.pk, TODAY)["broken"]["code"] == "condemned"
    with pytest.raises(Refused, match="先登记停用之后的校准证书"):
        standards.restore(actor=manager, standard=weights, reason="已重校")
    from quanheng.platform.kernel import clock

    today = clock.today()
    standards.enter_upper_certificate(
        actor=manager,
        standard=weights,
        number="R-NEW",
        issuer_name="省计量院",
        valid_from=today,
        valid_to=today + dt.timedelta(days=365),
        uses=[{"standard_id": TraceNode.objects.get(is_root=True).pk, "used_on": today, "u_ratio": 0.3}],
    )
    standards.restore(actor=manager, standard=weights, reason="已重校")
    assert queries.prove(weights.pk, today)["holds"] is True


def test_only_the_institute_that_keeps_a_standard_enters_its_certificates(cast: Cast) -> None:
    weights, _scale = make_chain(cast)
    with pytest.raises(Refused):
        standards.enter_upper_certificate(
            actor=cast.actor("keeper"),
            standard=weights,
            number="X",
            issuer_name="某院",
            valid_from=TODAY,
            valid_to=TODAY,
        )


def test_the_same_paper_certificate_is_not_entered_twice(cast: Cast) -> None:
    weights, _scale = make_chain(cast)
    fields = {"number": "R1", "issuer_name": "省计量院", "valid_from": TODAY, "valid_to": TODAY}
    standards.enter_upper_certificate(actor=cast.actor("manager"), standard=weights, **fields)
    with pytest.raises(Refused, match="已登记过"):
        standards.enter_upper_certificate(actor=cast.actor("manager"), standard=weights, **fields)


def test_a_batch_proves_a_chain_once_and_forgets_it_afterwards(cast: Cast, django_assert_num_queries: Any) -> None:
    weights = steps.make_weights(cast)
    with proving_once():
        first = prove(weights.pk, steps.TODAY)
        with django_assert_num_queries(0):
            assert prove(weights.pk, steps.TODAY) is first
    TraceCertificate.objects.filter(item_id=weights.pk).update(void_from=dt.date(2026, 9, 1))
    assert first["holds"]
    assert not prove(weights.pk, steps.TODAY)["holds"]


def test_a_standard_withdrawn_in_the_middle_of_a_batch_signs_nothing_more(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(steps.TODAY):
        records = [steps.checked(cast) for _ in range(2)]
        issue = signing._issue

        def withdraw_with_the_first(*words: Any) -> Any:
            made = issue(*words)
            TraceCertificate.objects.filter(basis="declared").update(void_from=dt.date(2026, 9, 1))
            return made

        monkeypatch.setattr(signing, "_issue", withdraw_with_the_first)
        code = steps.code_of(cast.signatory)
        first, second = signing.sign_many(records, second_factor_code=code, actor=cast.actor("signatory"))
    assert first.ok
    assert not second.ok
    assert any("可溯源" in reason for reason in second.reasons)
    assert Document.objects.count() == 1
    voided = NumberRecord.objects.get(state="voided")  # the second was sealed already, and waited
    assert "可溯源" in voided.reason
