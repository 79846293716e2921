"""The pages of recording, review and certificates, as each of the cast meets them."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from quanheng.evidence.bundle import read_bundle
from quanheng.evidence.verify import read_keys, verify_file
from quanheng.platform.certificates import content, papers, signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.documents.models import Document
from quanheng.platform.kernel import clock, work
from quanheng.platform.parties.models import Licence
from quanheng.platform.verification.models import Task
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def as_(cast: Cast, part: str) -> Client:
    client = Client()
    client.force_login(getattr(cast, part))
    session = client.session
    session["second_factor"] = True
    session.save()
    return client


def post_json(client: Client, name: str, record: Record, body: dict[str, Any]) -> Any:
    return client.post(reverse(f"certificates:{name}", args=[record.pk]), json.dumps(body), "application/json")


def test_a_verifier_opens_types_and_submits(cast: Cast) -> None:
    steps.make_weights(cast)
    task = steps.make_task(cast)
    client = as_(cast, "verifier")
    opened = client.post(reverse("certificates:open", args=[task.pk]), follow=True)
    assert opened.status_code == 200
    record = Record.objects.get()
    sheet = {**steps.make_sheet(), "standards": record.data["standards"]}
    painted = post_json(client, "evaluate", record, {"data": sheet}).json()
    assert painted["verdict"] == "pass"
    assert painted["missing"] == []
    assert abs(painted["worst"]["ratio"]) <= 1
    saved = post_json(client, "save", record, {"data": sheet, "version": record.version})
    assert saved.status_code == 200
    stale = post_json(client, "save", record, {"data": sheet, "version": record.version})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    done = client.post(reverse("certificates:submit", args=[record.pk]))
    assert done.status_code == 302
    record.refresh_from_db()
    assert (record.state, record.verdict) == ("checking", "pass")


def test_an_incomplete_record_is_returned_with_the_reason_on_the_page(cast: Cast) -> None:
    steps.make_weights(cast)
    client = as_(cast, "verifier")
    client.post(reverse("certificates:open", args=[steps.make_task(cast).pk]))
    answer = client.post(reverse("certificates:submit", args=[Record.objects.get().pk]))
    assert answer.status_code == 422
    assert "不能提交" in answer.content.decode()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"data": 3}', b'{"data": {"sections": []}, "version": 1}', b"[" * 200_000]
)
def test_a_hostile_body_is_refused_in_one_line(cast: Cast, body: bytes) -> None:
    record = steps.filled(cast)
    for name in ("save", "evaluate"):
        answer = as_(cast, "verifier").post(
            reverse(f"certificates:{name}", args=[record.pk]), body, content_type="application/json"
        )
        assert answer.status_code == 422, (name, body[:20])
        assert answer.json()["message"]


def test_another_device_is_told(cast: Cast) -> None:
    record = steps.filled(cast)
    client, address = as_(cast, "verifier"), reverse("certificates:presence", args=[record.pk])
    assert client.post(address, {"device": "a"}).json()["others"] == []
    assert client.post(address, {"device": "b"}).json()["others"] == ["周检定"]


def test_readings_come_from_a_file(cast: Cast) -> None:
    record = steps.filled(cast, sections={})
    client, address = as_(cast, "verifier"), reverse("certificates:readings", args=[record.pk])
    lines = client.get(address).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("section,row,load")
    for encoding, reading in (
        ("gb18030", "24.00"),
        ("utf-8-sig", "24.01"),
        ("utf-16", "24.02"),
        ("utf-16-le", "24.03"),
    ):
        file = io.BytesIO(f"section,row,I,dL\nrepeatability,2,{reading},0.001\n".encode(encoding))
        file.name = "readings.csv"
        assert client.post(address, {"file": file, "version": record.version}).status_code == 302, encoding
        record.refresh_from_db()
        assert record.data["sections"]["repeatability"][1]["I"] == reading
    bad = io.BytesIO(b"section,row,I\nrepeatability,99,1\n")
    bad.name = "readings.csv"
    refused = client.post(address, {"file": bad, "version": record.version})
    assert refused.status_code == 422
    assert "第 2 行" in refused.content.decode()
    assert "读数文件没有读入" in refused.content.decode()
    picture = io.BytesIO(b"\x00\x01\x02" * 50)
    picture.name = "readings.csv"
    said = client.post(address, {"file": picture, "version": record.version}).content.decode()
    assert "<li>这不是 CSV 文件" in said


def test_the_raw_record_and_the_preview_print(cast: Cast) -> None:
    record = steps.checked(cast)
    client = as_(cast, "signatory")
    for name in ("raw_pdf", "preview"):
        answer = client.get(reverse(f"certificates:{name}", args=[record.pk]))
        assert answer.content.startswith(b"%PDF"), name


def test_the_preview_names_as_approver_only_who_may_sign(cast: Cast) -> None:
    record = steps.checked(cast)
    for viewer, named in ((cast.checker, "待签发"), (cast.signatory, cast.signatory.name)):
        text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(papers.preview(record, viewer))).pages)
        assert named in "".join(text.split()), viewer
    assert cast.signatory.name != cast.checker.name


def test_the_preview_of_a_signed_record_names_its_number_and_who_signed_it(cast: Cast) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    for viewer in (cast.checker, cast.signatory):
        text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(papers.preview(record, viewer))).pages)
        said = "".join(text.split())
        assert record.document.number in said
        assert cast.signatory.name in said
        assert "待签发" not in said
        assert "已签发" not in said


def test_a_document_names_no_private_page_and_no_english_note_as_its_source(cast: Cast) -> None:
    record = steps.checked(cast)
    with translation.override("en"):
        act = content.Act(cast.signatory, clock.now(), "approve", "totp")
        made = content.build(record, number="N1", public_url="https://preview.invalid/", act=act, issued_on=steps.TODAY)
    sources = [row.source for row in made.unverified]
    assert sources
    assert not [s for s in sources if re.search(r"[a-z]{4,}", s)]


def test_review_shows_every_condition_and_signs_with_the_code(cast: Cast) -> None:
    record = steps.checked(cast)
    client = as_(cast, "signatory")
    code = steps.code_of(cast.signatory)
    page = client.get(reverse("certificates:review", args=[record.pk])).content.decode()
    assert "全部条件满足" in page
    assert "本人已审阅" in page
    wrong = client.post(reverse("certificates:act", args=[record.pk, "sign"]), {"code": "1", "meaning": "approve"})
    assert wrong.status_code == 422
    assert Document.objects.count() == 0
    done = client.post(reverse("certificates:act", args=[record.pk, "sign"]), {"code": code, "meaning": "approve"})
    assert done.status_code == 302
    assert Document.objects.get().signed_by == "郑签发"


def test_checker_and_signatory_read_every_reading_with_its_result_beside_the_verdict(cast: Cast) -> None:
    record = steps.submitted(cast)
    reading = record.data["sections"]["weighing"][1]
    for part in ("checker", "signatory"):
        page = as_(cast, part).get(reverse("certificates:review", args=[record.pk])).content.decode()
        table = page.partition('id="record"')[2]
        assert f">{reading['I_up']}<" in table
        assert record.verifier.name in table
        assert "最不利点" in table
        assert all(r["value"] in table for r in record.result["results"])


def test_a_checker_sends_back_with_a_reason_that_the_verifier_reads(cast: Cast) -> None:
    record = steps.submitted(cast)
    as_(cast, "checker").post(reverse("certificates:act", args=[record.pk, "return"]), {"reason": "请重测第 3 点"})
    page = as_(cast, "verifier").get(reverse("certificates:record", args=[record.pk])).content.decode()
    assert "请重测第 3 点" in page


def test_a_batch_is_signed_with_one_code_and_exceptions_come_first(cast: Cast) -> None:
    good, bad = steps.checked(cast), steps.checked(cast)
    type(bad.instrument).objects.filter(pk=bad.instrument_id).update(state="scrapped")
    client = as_(cast, "signatory")
    code = steps.code_of(cast.signatory)
    chosen = client.post(reverse("certificates:records"), {"batch": "sign", "pk": [good.pk, bad.pk]})
    assert chosen.status_code == 302
    page = client.get(chosen["Location"]).content.decode()
    assert page.index(f"{bad.pk}/review") < page.index(f"{good.pk}/review")
    done = client.post(
        reverse("certificates:batch", args=["sign"]), {"r": [good.pk, bad.pk], "code": code, "meaning": "approve"}
    )
    assert done.status_code == 200
    assert Document.objects.count() == 1
    assert Document.objects.get().number in done.content.decode()


def test_who_signs_a_batch_second_reads_who_was_first(cast: Cast) -> None:
    record = steps.checked(cast)
    client = as_(cast, "signatory")
    address = f"{reverse('certificates:batch', args=['sign'])}?r={record.pk}"
    assert 'name="code"' in client.get(address).content.decode()
    signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    form = {"r": [record.pk], "code": steps.code_of(cast.signatory), "meaning": "approve"}
    told = client.post(reverse("certificates:batch", args=["sign"]), form).content.decode()
    assert "未办理" in told
    assert f"{cast.signatory.name} 已于" in told
    assert "现为“已签发”" in client.get(address).content.decode()
    assert Document.objects.count() == 1


def test_a_batch_in_which_nothing_can_be_signed_offers_no_signature(cast: Cast) -> None:
    record = steps.checked(cast)
    steps.code_of(cast.signatory)
    client = as_(cast, "signatory")
    address = f"{reverse('certificates:batch', args=['sign'])}?r={record.pk}"
    assert 'name="code"' in client.get(address).content.decode()
    Licence.objects.filter(user=cast.verifier).update(valid_until=dt.date(2026, 10, 1))
    page = client.get(address).content.decode()
    assert 'name="code"' not in page
    assert "本次不办理" in page


def test_work_waits_for_the_right_person_only(cast: Cast) -> None:
    steps.submitted(cast)
    steps.checked(cast)
    keys = {
        p: [g.key for g in work.queue(cast.actor(p)) if g.key.startswith("records")] for p in ("checker", "signatory")
    }
    assert keys == {"checker": ["records.checking"], "signatory": ["records.signing"]}
    assert as_(cast, "checker").get("/").status_code == 200


def test_the_certificate_page_gives_every_file(cast: Cast) -> None:
    document = steps.signed(cast).document
    assert document is not None
    ledger.merge_leaves()
    client = as_(cast, "keeper")
    assert document.number in client.get(reverse("certificates:detail", args=[document.pk])).content.decode()
    heads = {"pdf": b"%PDF", "xml": b"<?xml", "bundle.json": b'{"v":1'}
    for kind, head in heads.items():
        assert client.get(reverse("certificates:file", args=[document.pk, kind])).content.startswith(head), kind
    assert client.get(reverse("certificates:file", args=[document.pk, "exe"])).status_code == 404


def test_every_chip_of_the_list_counts_what_it_opens(cast: Cast) -> None:
    document = steps.signed(cast).document
    assert document is not None
    Document.objects.filter(pk=document.pk).update(valid_until=dt.date(2026, 1, 31))
    client = as_(cast, "keeper")
    listed = reverse("certificates:list")
    text = " ".join(re.sub("<[^>]*>", " ", client.get(listed).content.decode()).split())
    assert "有效期内 0 已过期 1 不合格 0 已被替换 0 已撤销 0" in text
    for term, there in (("over", True), ("within", False), ("rejected", False), ("replaced", False)):
        assert (document.number in client.get(f"{listed}?term={term}").content.decode()) is there, term


def test_many_certificates_come_as_a_zip_with_stable_names(cast: Cast) -> None:
    scale = steps.make_scale(cast, location="3/17 号摊位")
    document = steps.signed(cast, task=steps.make_task(cast, scale)).document
    assert document is not None
    client = as_(cast, "keeper")
    answer = client.post(reverse("certificates:list"), {"batch": "download", "pk": [document.pk]})
    pack = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    stem = f"东陵商贸有限公司/3-17 号摊位_{document.number}"
    assert sorted(pack.namelist()) == ["verify.txt", f"{stem}.pdf", f"{stem}.xml"]  # not yet in the public log
    ledger.merge_leaves()
    answer = client.post(reverse("certificates:list"), {"batch": "download", "pk": [document.pk]})
    pack = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    keys, proof = read_keys(keys_text().encode()), read_bundle(pack.read(f"{stem}.bundle.json"))
    assert verify_file(pack.read(f"{stem}.pdf"), proof, keys).result == "proven"
    assert "quanheng-verify" in pack.read("verify.txt").decode("utf-8-sig")


def test_replacing_and_revoking_from_the_page(cast: Cast) -> None:
    document = steps.signed(cast).document
    assert document is not None
    client = as_(cast, "signatory")
    code = steps.code_of(cast.signatory)
    client.post(reverse("certificates:replace", args=[document.pk]), {"reason": "单位名称有误", "code": code})
    new = Document.objects.get(replaces=document)
    assert "已被替换" in client.get(reverse("certificates:detail", args=[document.pk])).content.decode()
    replacing = client.get(reverse("certificates:detail", args=[new.pk])).content.decode()
    assert f">{document.number}</a>" in replacing
    assert "签发文书 · 单位名称有误" in replacing
    address, why = reverse("certificates:revoke", args=[new.pk]), {"reason": "读数有误", "void_from": "2026-10-12"}
    assert "本人已核实撤销的原因" in client.get(address).content.decode()
    assert client.post(address, why).status_code == 422
    assert client.post(address, {**why, "code": "000000"}).status_code == 422
    new.refresh_from_db()
    assert new.state == "issued"
    client.post(address, {**why, "code": steps.code_of(cast.signatory)})
    new.refresh_from_db()
    assert new.state == "revoked"


@pytest.mark.parametrize("part", ["rival_keeper", "other_regulator", "nobody", "keeper"])
def test_strangers_see_no_record(cast: Cast, part: str) -> None:
    record = steps.submitted(cast)
    client = as_(cast, part)
    for name in ("record", "review", "raw_pdf", "preview", "readings"):
        assert client.get(reverse(f"certificates:{name}", args=[record.pk])).status_code in (403, 404), name
    for name in ("save", "evaluate", "presence", "submit"):
        assert client.post(reverse(f"certificates:{name}", args=[record.pk])).status_code in (403, 404), name


def test_releasing_a_task_leaves_no_draft_behind(cast: Cast) -> None:
    from quanheng.platform.verification import services as verification

    record = steps.filled(cast)
    task = Task.objects.get(pk=record.task_id)
    verification.release(actor=cast.actor("receptionist"), task=task, reason="检定员请假")
    record.refresh_from_db()
    assert record.state == "voided"


def test_a_record_that_was_signed_names_its_document_and_does_not_announce_one(cast: Cast) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    page = as_(cast, "signatory").get(reverse("certificates:review", args=[record.pk])).content.decode()
    assert f"文书 {record.document.number} 已签发" in page
    assert reverse("certificates:detail", args=[record.document.pk]) in page
    assert "将签发" not in page


def test_small_changes_since_last_time_fold_away_and_large_ones_stand_first(cast: Cast) -> None:
    scale = steps.make_scale(cast)
    steps.signed(cast, task=steps.make_task(cast, scale))
    sheet = steps.make_sheet()["sections"]
    sheet["repeatability"][0]["dL"] = "0.003"
    again = steps.checked(cast, task=steps.make_task(cast, scale), sections=sheet)
    page = as_(cast, "signatory").get(reverse("certificates:review", args=[again.pk])).content.decode()
    assert "另有 1 处小的变化</summary>" in page
    assert page.index("与上次不同") < page.index("<details>") < page.index("签名")
