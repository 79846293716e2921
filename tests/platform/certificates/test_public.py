"""What a stranger sees who scans a code: the state in one word, the proof, and nothing personal."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from quanheng.platform.certificates import signing
from quanheng.platform.documents import ledger, public, standing
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments import services
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, files
from quanheng.platform.kernel.models import Organisation
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db

SHOWN = {
    "code",
    "headline",
    "item",
    "subject_code",
    "document",
    "norm",
    "standards",
    "unverified",
    "chain",
    "place",
    "newer",
    "void_from",
    "withdrawn_on",
}
SHOWN_OF_DOCUMENT = {
    "number",
    "code",
    "kind",
    "issuer",
    "performed_on",
    "issued_on",
    "valid_until",
    "origin",
    "verification",
}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def issued(cast: Cast, **changes: Any) -> Document:
    document = steps.signed(cast, **changes).document
    assert document is not None
    ledger.merge_leaves()
    return document


def look(client: Client, code: str) -> str:
    return client.get(f"/v/{code}/").content.decode()


def word(code: str) -> str:
    return standing.find(code).headline.key


def test_the_first_line_answers_the_first_question(cast: Cast, client: Client) -> None:
    document = issued(cast)
    scale = Instrument.objects.get(pk=document.subject_id)
    assert (word(document.public_code), word(scale.code)) == ("valid", "valid")
    assert word(steps.make_scale(cast).code) == "unverified"
    assert word("NOSUCHCODE22") == "unknown"
    assert client.get("/v/NOSUCHCODE22/").status_code == 404
    with clock.at(dt.date(2027, 10, 11)):
        assert word(scale.code) == "valid"
    with clock.at(dt.date(2027, 10, 12)):
        assert (word(document.public_code), word(scale.code)) == ("expired", "expired")


def test_a_number_is_no_code_and_nobody_is_called_a_forger_for_typing_it(cast: Cast, client: Client) -> None:
    document = issued(cast)
    answer = client.get(f"/v/{document.number}")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "请输入证书二维码下方网址末尾的 12 位查验码" in page
    assert "谨防伪造" not in page
    assert str(document.public["item"]["name"]) not in page  # numbers can be guessed: they open nothing
    assert "器具码或证书查验码" in client.get("/").content.decode()
    assert client.get("/v/", {"code": f" {document.public_code.lower()} "}, follow=True).status_code == 200


def test_a_repaired_scale_has_no_valid_certificate(cast: Cast, client: Client) -> None:
    document, scale = issued(cast), Instrument.objects.get()
    assert "有效期至" in look(client, scale.code)
    services.send_to_repair(actor=cast.actor("keeper"), instrument=scale, reason="显示不亮")
    assert word(document.public_code) == "ended"
    assert word(scale.code) == "repair"
    services.return_from_repair(actor=cast.actor("keeper"), instrument=Instrument.objects.get())
    assert word(scale.code) == "awaiting"
    for code in (scale.code, document.public_code):
        assert "有效期至" not in look(client, code), "no date that reads as permission"


def test_a_scale_out_of_use_says_whether_it_was_stopped_or_scrapped(cast: Cast) -> None:
    issued(cast)
    keeper = cast.actor("keeper")
    services.stop(actor=keeper, instrument=Instrument.objects.get(), reason="停业")
    scale = Instrument.objects.get()
    assert word(scale.code) == "out_of_use"
    services.scrap(actor=keeper, instrument=scale, reason="损坏")
    assert word(scale.code) == "scrapped"


def test_the_label_of_a_lot_shows_its_whole_range(cast: Cast, client: Client) -> None:
    lot = steps.make_scale(cast, serial_number="M0001", serial_to="M0400", quantity=400)
    assert "M0001 – M0400" in look(client, lot.code)


def test_a_rejected_scale_says_so(cast: Cast) -> None:
    sections = steps.make_sheet()["sections"]
    sections["weighing"][4]["I_up"] = "30.50"
    document = issued(cast, sections=sections)
    assert (word(document.public_code), word(Instrument.objects.get().code)) == ("rejected", "rejected")


def test_revocation_and_replacement_show_at_once(cast: Cast, client: Client) -> None:
    document = issued(cast)
    code = steps.code_of(cast.signatory)
    record = document.record
    new = signing.replace_certificate(record, reason="更名", second_factor_code=code, actor=cast.actor("signatory"))
    assert "已被替换" in look(client, document.public_code)
    assert new.public_code in look(client, document.public_code)
    who_and_when = f"由{document.issuer_name}于 2026-10-12 办理;原因可向该机构查询"
    assert who_and_when in look(client, document.public_code)
    assert who_and_when not in look(client, new.public_code)
    code = steps.code_of(cast.signatory)
    signing.revoke_certificate(
        new, reason="秘密的原因", void_from=steps.TODAY, second_factor_code=code, actor=cast.actor("signatory")
    )
    page = look(client, new.public_code)
    assert "已撤销" in page
    assert who_and_when in page
    assert "秘密的原因" not in page


def test_the_page_is_light_and_needs_no_script(cast: Cast, client: Client) -> None:
    document = issued(cast)
    page = look(client, document.public_code)
    assert len(page.encode()) < 20_000
    assert "<script" not in page
    index = ledger.own_leaf(document).index
    assert index is not None
    assert f"第 {index + 1} 条" in page, "people count from one"
    assert "quanheng-verify" in page
    assert "M1级砝码标准装置" in page
    assert "国家质量基准" in page


def test_the_page_shows_listed_fields_only(cast: Cast) -> None:
    answer = standing.find(issued(cast).public_code)
    assert {f.name for f in dataclasses.fields(answer)} == SHOWN
    assert set(answer.document or {}) == SHOWN_OF_DOCUMENT
    assert set(answer.item) <= set(public.PUBLIC_ITEM_FIELDS)
    assert all(set(s) <= set(public.PUBLIC_STANDARD_FIELDS) for s in answer.standards)
    assert answer.chain is not None
    assert all(set(link) == {"standard", "used_on", "basis", "ok"} for link in answer.chain.links)


def test_nothing_personal_and_nothing_of_the_trade_leaks(cast: Cast, client: Client) -> None:
    Organisation.objects.filter(pk=cast.shop.pk).update(address="市场街 1 号", phone="0470-9990000")
    scale = steps.make_scale(cast, location="东门第三摊位")
    document = issued(cast, task=steps.make_task(cast, scale))
    secrets = ["东陵商贸", "东门第三摊位", "市场街", "0470-9990000", "周检定", "吴核验", "郑签发", "钱掌柜"]
    for code in (document.public_code, scale.code):
        page = look(client, code)
        assert "有效" in page
        assert [s for s in secrets if s in page] == []


def test_bundle_keys_and_log_are_open_with_the_right_headers(cast: Cast, client: Client) -> None:
    document = issued(cast)
    assert client.get(f"/v/{document.public_code}/bundle.json").content == ledger.bundle(document)
    assert b"BEGIN CERTIFICATE" in client.get("/v/keys").content
    checkpoint = client.get("/log/checkpoint")
    assert checkpoint["Cache-Control"] == "no-cache"
    tile = client.get(f"/log/tile/0/000.p/{ledger.log().size}")
    if ledger.log().size < 256:
        assert "immutable" in tile["Cache-Control"]
    status = client.get(f"/log/status/{ledger.own_leaf(document).leaf_hash}")
    assert b"issued" in status.content


@pytest.mark.parametrize(
    "path", [".local/index.sqlite", "../keys/log.ed25519", "status/../../KEYS", "tile/../.local/lock"]
)
def test_nothing_but_the_log_is_served(cast: Cast, client: Client, path: str) -> None:
    issued(cast)
    assert client.get(f"/log/{path}").status_code == 404


def upload(client: Client, data: bytes, name: str = "certificate.pdf") -> Any:
    file = io.BytesIO(data)
    file.name = name
    return client.post("/v/", {"file": file})


def test_an_uploaded_certificate_is_proven_and_a_changed_one_is_not(cast: Cast, client: Client) -> None:
    document = issued(cast)
    pdf, xml = files.get(document.pdf_sha256), files.get(document.xml_sha256)
    for data in (pdf, xml, ledger.bundle(document)):
        page = upload(client, data).content.decode()
        assert "已证明" in page
        assert document.public_code in page
    changed = xml.replace(b"30.01", b"30.00", 1)
    assert changed != xml
    page = upload(client, changed).content.decode()
    assert document.public_code not in page
    assert "已被改动" in page


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 nonsense", b"<a>", b"{", b"\x00" * 100, b"{" * 100_000])
def test_a_hostile_upload_is_answered_in_words(cast: Cast, client: Client, data: bytes) -> None:
    answer = upload(client, data)
    assert answer.status_code in (200, 422)
    assert "已证明" not in answer.content.decode().split("<h2>")[0]


def test_a_typed_code_leads_to_its_page(client: Client) -> None:
    assert client.get("/v/", {"code": " ab-cd 23 efgh56 "})["Location"] == "/v/abcd23efgh56/"


@pytest.mark.parametrize("number", ["HC990100-V2026-000018", "衡检字 2026-000303", "A22000001"])
def test_the_number_of_a_certificate_is_not_called_forged_but_explained(client: Client, number: str) -> None:
    answer = client.get("/v/", {"code": number})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "12 位" in page
    assert f'value="{number}"' in page
    assert "查无此器具" not in page


def test_a_client_that_asks_too_often_is_slowed(cast: Cast, client: Client) -> None:
    answers = {client.get("/v/keys").status_code for _ in range(130)}
    assert answers == {200, 429}
