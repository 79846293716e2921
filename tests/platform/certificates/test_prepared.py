"""Documents whose content was written elsewhere: errors by field, three people, second factor, leaf, public page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from quanheng.evidence.verify import read_keys, verify_file
from quanheng.platform.certificates import prepared
from quanheng.platform.certificates.models import PREPARED_KINDS, PreparedDocument
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.kernel import clock, files, work
from quanheng.platform.kernel.models import RoleGrant
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.trace.queries import prove
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db
RAW = b"readings as they were written"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def client_of(cast: Cast, part: str) -> Client:
    client = Client()
    client.force_login(getattr(cast, part))
    return client


def hand_in(cast: Cast, data: bytes, kind: str = "calibration_certificate", query: str = "", **more: str) -> Any:
    fields = {"organisation": str(cast.institute.pk), "kind": kind, **more}
    uploads = {
        "content": SimpleUploadedFile("content.json", data),
        "record": SimpleUploadedFile("raw.txt", RAW),
    }
    return client_of(cast, "verifier").post(f"/certificates/prepared/new/{query}", {**fields, **uploads})


def act(cast: Cast, part: str, one: PreparedDocument, name: str, **fields: str) -> Any:
    return client_of(cast, part).post(f"/certificates/prepared/{one.pk}/act/{name}/", fields)


def signed(cast: Cast, kind: str = "calibration_certificate", query: str = "", **changes: Any) -> Document:
    """From the upload to the sealed document, through the pages."""
    more = {k: changes.pop(k) for k in ("reason",) if k in changes}
    answer = hand_in(cast, steps.make_given(kind, **changes), kind, query, **more)
    assert answer.status_code == 302, answer.content.decode()
    one = PreparedDocument.objects.get(state="checking")
    assert "全部条件满足" in client_of(cast, "checker").get(f"/certificates/prepared/{one.pk}/").content.decode()
    assert act(cast, "checker", one, "check").status_code == 302
    code = steps.code_of(cast.signatory)
    answer = act(cast, "signatory", one, "sign", code=code, meaning="approve")
    assert answer.status_code == 302, answer.content.decode()
    one.refresh_from_db()
    assert one.document is not None
    return one.document


@pytest.mark.parametrize("kind", [k for k, _label in PREPARED_KINDS])
def test_every_kind_is_numbered_sealed_logged_shown_and_verified(cast: Cast, kind: str) -> None:
    steps.make_weights(cast, code="BZ-2019-0031")
    document = signed(cast, kind)
    assert NumberRecord.objects.get(number=document.number).state == "used"
    assert files.get(document.record_sha256) == RAW
    ledger.merge_leaves()
    keys = read_keys(keys_text().encode())
    assert verify_file(ledger.bundle(document), None, keys).as_json("en")["result"] == "proven"
    page = Client().get(f"/v/{document.public_code}").content.decode()
    assert str(document.get_kind_display()) in page
    assert "它陈述测得的结果" in page
    assert "检定日期" not in page
    listed = client_of(cast, "verifier").get(f"/certificates/?kind={kind}").content.decode()
    assert document.number in listed


def test_every_wrong_field_is_named_and_nothing_is_kept(cast: Cast) -> None:
    steps.make_weights(cast, code="BZ-2019-0031")
    for data, words in (
        (steps.make_given(place={"kind": "moon", "text": "x"}, customer={}), ("place.kind", "customer.name")),
        (steps.make_given(number="X-1"), ("number:由系统填写",)),
        (steps.make_given(norm={"number": "JJG 0-1900", "title": "x"}), ("目录中没有这个技术规范",)),
        (steps.make_given(performed_to="2026-10-13", performed_from="2026-10-13"), ("签发日期早于 performed_to",)),
        (b'{"valid_until": 20271010}', ("带引号的文本",)),
        (b"not json", ("内容不是 JSON",)),
    ):
        answer = hand_in(cast, data)
        assert answer.status_code == 422
        assert all(w in answer.content.decode() for w in words), (words, answer.content.decode())
    assert not PreparedDocument.objects.exists()


def test_what_is_wrong_with_a_content_is_said_in_the_language_of_the_page(cast: Cast) -> None:
    steps.make_weights(cast, code="BZ-2019-0031")
    table = {"title": {"zh": "表", "en": "Table"}, "columns": []}
    wrong = steps.make_given(place={"kind": "moon"}, valid_until="soon", tables=[table])
    text = hand_in(cast, wrong).content.decode()
    for words in (
        "place.kind:只能是",
        "place.text:缺少这个字段",
        "valid_until:须为日期",
        "tables.0:表格至少有一列和一行",
    ):
        assert words in text
    assert "Field required" not in text
    client = client_of(cast, "verifier")
    client.cookies["django_language"] = "en"
    upload = {"content": SimpleUploadedFile("c.json", wrong), "record": SimpleUploadedFile("r.txt", RAW)}
    fields = {"organisation": str(cast.institute.pk), "kind": "calibration_certificate"}
    assert "Field required" in client.post("/certificates/prepared/new/", {**fields, **upload}).content.decode()


def test_it_waits_in_the_work_of_those_who_check_and_sign_and_of_nobody_else(cast: Cast) -> None:
    steps.make_weights(cast, code="BZ-2019-0031")
    assert hand_in(cast, steps.make_given()).status_code == 302

    def waiting(part: str) -> list[str]:
        return [g.key for g in work.queue(cast.actor(part)) if g.key.startswith("prepared")]

    assert (waiting("checker"), waiting("signatory"), waiting("verifier")) == (["prepared.checking"], [], [])
    (group,) = [g for g in work.queue(cast.actor("checker")) if g.key == "prepared.checking"]
    assert client_of(cast, "checker").get(group.items[0].url).status_code == 200
    assert "电子计价秤" in client_of(cast, "checker").get(group.url).content.decode()
    prepared.check(PreparedDocument.objects.get(), actor=cast.actor("checker"))
    assert (waiting("checker"), waiting("signatory")) == ([], ["prepared.signing"])


def test_a_failing_condition_is_named_and_stops(cast: Cast) -> None:
    assert hand_in(cast, steps.make_given()).status_code == 302
    one = PreparedDocument.objects.get()
    answer = act(cast, "checker", one, "check")
    assert answer.status_code == 422
    assert "本机构台账中没有这个标准编号" in answer.content.decode()
    one.refresh_from_db()
    assert one.state == "checking"


def test_three_people_and_the_second_factor(cast: Cast) -> None:
    steps.make_weights(cast, code="BZ-2019-0031")
    RoleGrant.objects.create(user=cast.verifier, role="checker", organisation=cast.institute)
    hand_in(cast, steps.make_given())
    one = PreparedDocument.objects.get()
    assert act(cast, "verifier", one, "check").status_code == 422
    assert act(cast, "signatory", one, "sign", code=steps.code_of(cast.signatory), meaning="approve").status_code == 422
    assert act(cast, "checker", one, "check").status_code == 302
    assert act(cast, "signatory", one, "sign", code="000000", meaning="approve").status_code == 422
    one.refresh_from_db()
    assert (one.state, Document.objects.count()) == ("signing", 0)
    assert act(cast, "checker", one, "return", reason="表 2 有误").status_code == 302
    one.refresh_from_db()
    assert one.state == "voided"


def test_strangers_neither_see_nor_hand_in(cast: Cast) -> None:
    steps.make_weights(cast, code="BZ-2019-0031")
    hand_in(cast, steps.make_given())
    one = PreparedDocument.objects.get()
    for part in ("keeper", "rival_keeper", "other_regulator"):
        assert client_of(cast, part).get(f"/certificates/prepared/{one.pk}/").status_code == 404
    for part in ("keeper", "checker", "regulator"):
        assert client_of(cast, part).get("/certificates/prepared/new/").status_code == 403
    with pytest.raises(Refused):
        prepared.prepare(
            actor=cast.actor("checker"),
            organisation=cast.institute,
            kind="test_report",
            data=steps.make_given(),
            record=RAW,
            record_name="raw",
        )


def test_replaced_and_revoked_by_the_same_services(cast: Cast) -> None:
    weights = steps.make_weights(cast, code="BZ-2019-0031")
    scale = makers.make_instrument(cast.shop, code="QH7K2M9P")
    old = signed(cast)
    assert old.owner == cast.shop
    chain = prove(scale.pk, steps.TODAY)
    assert chain["holds"]
    assert chain["chain"][0]["standard"] == str(weights.pk)
    assert f"/certificates/prepared/new/?replaces={old.pk}" in (
        client_of(cast, "verifier").get(f"/certificates/{old.pk}/").content.decode()
    )
    new = signed(cast, query=f"?replaces={old.pk}", reason="客户名称有误")
    old.refresh_from_db()
    assert (old.state, new.replaces) == ("replaced", old)
    assert prove(scale.pk, steps.TODAY)["holds"]
    answer = client_of(cast, "signatory").post(
        f"/certificates/{new.pk}/revoke/",
        {"reason": "标准器失准", "void_from": "2026-10-12", "code": steps.code_of(cast.signatory)},
    )
    assert answer.status_code == 302, answer.content.decode()
    new.refresh_from_db()
    assert new.state == "revoked"
    assert "已撤销" in Client().get(f"/v/{new.public_code}").content.decode()


def test_the_schema_names_only_what_is_asked(cast: Cast) -> None:
    schema = json.loads(client_of(cast, "verifier").get("/certificates/prepared/schema/").content)
    assert set(schema["properties"]) == prepared.GIVEN
    assert "number" not in schema["required"]
