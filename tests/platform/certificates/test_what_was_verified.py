"""The certificate says what was verified: from the record, whatever the owner's ledger says by then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from quanheng.platform.certificates import conditions, item, services, signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events, files
from quanheng.platform.kernel.policies import Refused
from tests.platform.cast import Cast
from tests.platform.certificates import steps
from tests.platform.certificates.test_every_sheet import client_of

pytestmark = pytest.mark.django_db
FORGED: dict[str, Any] = {
    "name": "电子汽车衡",
    "specification": "SCS-100",
    "measuring_range": "(0~3000) t",
    "accuracy_class": "I",
}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY), translation.override("zh-hans"):
        yield


def edit_through_the_page(cast: Cast, scale: Instrument, **changes: str) -> int:
    """The keeper opens the form, types over it, and saves."""
    client, address = client_of(cast, "keeper"), reverse("instruments:edit", args=[scale.pk])
    form = client.get(address).context["form"]
    values = {f.html_name: f.value() or "" for f in form}
    values = {k: getattr(v, "pk", v) for k, v in values.items()}
    return client.post(address, {**values, **changes}).status_code


def told_of(document: Document | None) -> str:
    """The signed XML, and what the public page shows of the item."""
    assert document is not None
    return files.get(document.xml_sha256).decode() + str(document.public["item"])


def test_an_owner_who_edits_between_submission_and_signature_changes_no_word_of_the_certificate(cast: Cast) -> None:
    record = steps.checked(cast)
    scale = record.instrument
    assert edit_through_the_page(cast, scale, **FORGED) == 422  # no reason given
    assert edit_through_the_page(cast, scale, **FORGED, reason="铭牌看错") == 302
    scale.refresh_from_db()
    assert scale.measuring_range == "(0~3000) t"
    review = client_of(cast, "signatory").get(reverse("certificates:review", args=[record.pk])).content.decode()
    assert "记录与台账不一致" in review
    assert "电子汽车衡" in review
    batch = client_of(cast, "signatory").get(reverse("certificates:batch", args=["sign"]), {"r": str(record.pk)})
    assert "与台账不同:测量范围 (0~3000) t → (0~30) kg" in batch.content.decode()
    record = Record.objects.get(pk=record.pk)
    signed = signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    told = told_of(signed.document)
    assert "符合III级" in told
    assert not [word for word in ("电子汽车衡", "SCS-100", "(0~3000) t", "符合I级") if word in told]
    scale.refresh_from_db()
    assert (scale.name, scale.specification, scale.measuring_range) == ("电子计价秤", "ACS-30", "(0~30) kg")
    assert scale.accuracy_class == "III"
    event = events.history(scale).get(verb="instruments.corrected_by_verification")
    assert {k: event.before[k] for k in FORGED} == FORGED
    assert signed.document is not None
    assert signed.document.number in event.reason


def test_a_replacement_says_what_the_record_says(cast: Cast) -> None:
    record = steps.signed(cast)
    Instrument.objects.update(**FORGED)
    record = Record.objects.get(pk=record.pk)
    made = signing.replace_certificate(
        record,
        reason="单位名称有误",
        second_factor_code=steps.code_of(cast.signatory),
        actor=cast.actor("signatory"),
    )
    told = told_of(made)
    assert "符合III级" in told
    assert not [word for word in ("电子汽车衡", "SCS-100", "(0~3000) t", "符合I级") if word in told]


def test_a_replacement_of_a_record_without_item_repeats_its_document(cast: Cast) -> None:
    record = steps.signed(cast)
    Record.objects.update(data={k: v for k, v in record.data.items() if k != "item"})
    Instrument.objects.update(**FORGED)
    said = item.printed(Record.objects.get(pk=record.pk))
    assert (said["name"], said["specification"], said["accuracy_class"]) == ("电子计价秤", "ACS-30", "III")


def test_a_class_outside_the_procedure_is_refused(cast: Cast) -> None:
    sheet = steps.make_sheet()["instrument"]
    draft = steps.filled(cast, instrument={**sheet, "accuracy_class": "I"})
    client = client_of(cast, "verifier")
    page = client.post(reverse("certificates:submit", args=[draft.pk]))
    assert page.status_code == 422
    assert "准确度等级" in page.content.decode()
    assert "不在可选项内" in page.content.decode()


def test_a_range_in_words_that_is_not_what_was_measured_is_refused(cast: Cast) -> None:
    draft = steps.filled(cast)
    data = {**draft.data, "item": {**draft.data["item"], "measuring_range": "(0~3000) t"}}
    draft = services.save_draft(draft, data=data, version=draft.version, actor=cast.actor("verifier"))
    with pytest.raises(Refused, match="3000"):
        services.submit(draft, actor=cast.actor("verifier"))


def test_the_verifier_corrects_words_on_the_sheet_but_not_the_identity(cast: Cast) -> None:
    draft = steps.filled(cast)
    address, client = reverse("certificates:record", args=[draft.pk]), client_of(cast, "verifier")
    page = client.get(address).content.decode()
    assert 'data-path="item.specification"' in page
    assert 'data-path="item.serial_number"' not in page
    assert 'data-path="item.accuracy_class"' not in page
    typed = {**draft.data["item"], "specification": "ACS-30B", "serial_number": "FORGED", "accuracy_class": "I"}
    body = json.dumps({"data": {**draft.data, "item": typed}, "version": draft.version})
    assert client.post(f"{address}save/", body, "application/json").status_code == 200
    draft.refresh_from_db()
    assert draft.data["item"]["serial_number"] == draft.instrument.serial_number
    record = services.check(services.submit(draft, actor=cast.actor("verifier")), actor=cast.actor("checker"))
    signed = signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    assert signed.document is not None
    assert signed.document.public["item"]["model"] == "ACS-30B"
    assert signed.document.public["item"]["accuracy_class"] == "III"
    assert Instrument.objects.get(pk=draft.instrument_id).specification == "ACS-30B"


def test_what_was_fixed_at_submission_cannot_be_altered_before_the_signature(cast: Cast) -> None:
    record = steps.checked(cast)
    Record.objects.update(data={**record.data, "item": {**record.data["item"], "name": "电子汽车衡"}})
    failing = conditions.failing(conditions.issue_conditions(Record.objects.get(pk=record.pk)))
    assert [c.key for c in failing] == ["result_identical"]


def test_the_public_page_shows_what_was_verified_and_the_owner_cannot_change_it(cast: Cast) -> None:
    scale = steps.signed(cast).instrument
    scale.refresh_from_db()
    before = scale.version
    assert edit_through_the_page(cast, scale, **FORGED) == 422
    assert edit_through_the_page(cast, scale, location="别处") == 422
    assert edit_through_the_page(cast, scale) == 302  # looked at and saved: nothing changes
    scale.refresh_from_db()
    assert (scale.name, scale.measuring_range, scale.version) == ("电子计价秤", "(0~30) kg", before)
    Instrument.objects.update(**FORGED)  # even past every form
    page = Client().get(f"/v/{scale.code}/").content.decode()
    assert "ACS-30" in page
    assert not [word for word in ("电子汽车衡", "SCS-100", "(0~3000) t") if word in page]
