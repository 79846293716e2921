"""The page that reads anybody's certificate: findings beside their place, matches in the ledger, nothing kept."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from quanheng.evidence.dcc import pageview, rules
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read
from quanheng.evidence.dcc.safe import parse
from quanheng.platform.certificates.reading import matches
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import ImportBatch, StoredFile
from quanheng.platform.project import doctor
from tests.evidence.sample_content import make_content
from tests.platform.cast import Cast
from tests.platform.certificates import foreign_files, steps


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


pytestmark = pytest.mark.django_db
GOOD = build(make_content())
WRONG = GOOD.replace(b"<si:unit>\\degreecelsius", b"<si:unit>\\degreeCelsius", 1)


def page(cast: Cast, *files: tuple[str, bytes]) -> str:
    client = Client()
    client.force_login(cast.verifier)
    given = [SimpleUploadedFile(name, data) for name, data in files]
    answer = client.post("/certificates/read/", {"files": given})
    return f"{answer.status_code} {answer.content.decode()}"


def test_each_finding_stands_in_the_section_it_concerns() -> None:
    for old, new, key in (
        (b"<si:unit>\\degreecelsius", b"<si:unit>\\degreeCelsius", "m1"),
        (b"ExpandedMUXMLList>1.2 1.3 1.9 3.0", b"ExpandedMUXMLList>1.2 1.3", "m1r1"),
        (b"<dcc:issueDate>2026-10-12", b"<dcc:issueDate>x", "core"),
        (b"<dcc:countryCode>CN", b"<dcc:countryCode>XX", "laboratory"),
        (b'schemaVersion="3.3.0"', b'schemaVersion="9.9.9"', "file"),
    ):
        data = GOOD.replace(old, new, 1)
        assert data != GOOD
        found = [f for f in rules.check(parse(data)) if f.code != "claim_unsigned"]
        for lang in ("zh", "en"):
            noted = {s.key for s in pageview.sections(read(data), found, lang) if s.notes}
            assert noted == {key}


def test_the_view_speaks_the_language_asked_for() -> None:
    chinese = pageview.sections(read(GOOD), (), "zh")
    english = pageview.sections(read(GOOD), (), "en")
    assert [s.key for s in chinese] == [s.key for s in english]
    assert (chinese[0].title, english[0].title) == ("证书", "Certificate")
    grid = next(s for s in chinese if s.key == "m1r1").grids[0]
    assert "示值误差 / g" in grid.heads
    assert any(head.startswith("U (k = 2, p = 0.95)") for head in grid.heads)


def test_a_dropped_file_is_shown_with_its_findings_and_not_kept(cast: Cast) -> None:
    before = StoredFile.objects.count()
    text = page(cast, ("c.xml", WRONG))
    assert text.startswith("200 ")
    assert "电子计价秤" in text
    assert "\\degreecelsius" in text
    assert "没有签名" in text
    assert StoredFile.objects.count() == before


def test_several_files_are_answered_each_and_one_bad_does_not_hide_the_others(cast: Cast) -> None:
    text = page(cast, ("good.xml", GOOD), ("bad.xml", b"nothing"), ("cut.xml", GOOD[: len(GOOD) // 2]))
    assert text.startswith("200 ")
    assert all(name in text for name in ("good.xml", "bad.xml", "cut.xml"))
    assert "文件已损坏" in text


def test_a_pdf_altered_after_it_was_sealed_is_told_though_its_xml_is_untouched(cast: Cast) -> None:
    pdf = foreign_files.as_pdf()
    assert "签名与文件不符" not in page(cast, ("c.pdf", pdf))
    altered = pdf.replace(b"/CreationDate(D:2026", b"/CreationDate(D:2025", 1)
    assert altered != pdf
    assert "签名与文件不符" in page(cast, ("c.pdf", altered))


def test_a_signer_of_another_name_than_the_laboratory_is_pointed_out(cast: Cast) -> None:
    own = foreign_files.signed()
    assert "名称不同" not in page(cast, ("c.xml", own))
    borrowed = foreign_files.make_foreign(
        issuer={"name": "PTB", "name_en": "PTB", "address": "Allee 1", "country": "DE"}
    )
    text = page(cast, ("c.xml", foreign_files.signed(borrowed)))
    assert "名称不同" in text
    assert foreign_files.NAME in text


def test_a_misspelled_namespace_is_read_and_pointed_out(cast: Cast) -> None:
    text = page(cast, ("c.xml", GOOD.replace(b'"https://ptb.de/dcc"', b'"http://ptb.de/dcc/"')))
    assert text.startswith("200 ")
    assert "电子计价秤" in text
    assert "命名空间写错了" in text
    assert "命名空间写错了" not in page(cast, ("c.xml", GOOD))


def test_a_signature_from_the_future_is_pointed_out(cast: Cast) -> None:
    assert "尚未到来" not in page(cast, ("c.xml", foreign_files.signed()))
    later = foreign_files.signed(at=foreign_files.AT + timedelta(days=365))
    assert "尚未到来" in page(cast, ("c.xml", later))


def test_what_was_read_goes_on_to_the_import_without_being_chosen_again(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.manager)
    data = foreign_files.signed()
    given = SimpleUploadedFile("北标 1.xml", data)
    text = client.post("/certificates/read/", {"files": [given]}).content.decode()
    form = text.partition('action="/certificates/intake/"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(base64|name|organisation)" value="([^"]*)"', form))
    assert base64.b64decode(fields["base64"]) == data
    assert not ImportBatch.objects.exists()
    answer = client.post("/certificates/intake/", fields)
    batch = ImportBatch.objects.get()
    assert answer["Location"] == f"/certificates/intake/{batch.pk}/"
    assert (batch.state, batch.kind) == ("preview", "dcc")
    assert "NNMI-2026-4711" in client.get(answer["Location"]).content.decode()


def test_what_cannot_go_in_is_not_offered_and_a_foreign_organisation_is_refused(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.manager)
    altered = foreign_files.signed().replace(b"NNMI-2026-4711", b"NNMI-2026-4712")
    for data in (altered, GOOD[: len(GOOD) // 2]):
        answer = client.post("/certificates/read/", {"files": [SimpleUploadedFile("c.xml", data)]})
        assert 'action="/certificates/intake/"' not in answer.content.decode()
    for wrong in ({"organisation": str(cast.rival.pk)}, {"organisation": "x"}, {}, {"base64": "%%"}):
        good = {"organisation": str(cast.institute.pk), "base64": base64.b64encode(GOOD).decode(), "name": "c.xml"}
        fields = {**good, **wrong} if wrong else {"base64": good["base64"]}
        answer = client.post("/certificates/intake/", fields, follow=True)
        assert "重新选择文件" in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_who_may_not_import_is_offered_nothing(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.regulator)
    answer = client.post("/certificates/read/", {"files": [SimpleUploadedFile("c.xml", GOOD)]})
    assert answer.status_code == 200
    assert 'action="/certificates/intake/"' not in answer.content.decode()


def test_the_accepted_roots_are_listed_with_what_to_compare(cast: Cast) -> None:
    path = foreign_files.accept_institute()
    broken = path.with_name("broken.pem")
    broken.write_text("no certificate")
    try:
        client = Client()
        client.force_login(cast.verifier)
        text = client.get("/certificates/roots/").content.decode()
        found = {f.text for f in doctor._roots()}
    finally:
        path.unlink()
        broken.unlink()
    assert foreign_files.institute()[0].certificate.fingerprint(SHA256()).hex() in text
    assert "本系统" in text
    assert "无法使用" in text
    assert any("nordmark.pem" in line and "until" in line for line in found)
    assert any("broken.pem" in line for line in found)


@pytest.mark.parametrize("data", [b"", b"x", b"%PDF-1.7 broken", b"<!DOCTYPE a><a/>", b"<a/>"])
def test_what_cannot_be_read_is_said_on_the_page(cast: Cast, data: bytes) -> None:
    assert page(cast, ("x.xml", data)).startswith("422 ")


def test_nothing_chosen_is_told(cast: Cast) -> None:
    assert "请选择证书文件" in page(cast)


def test_what_a_file_says_is_never_run(cast: Cast) -> None:
    evil = GOOD.replace("电子计价秤".encode(), b"&lt;script&gt;alert(1)&lt;/script&gt;")
    assert "<script>alert" not in page(cast, ("<b>.xml", evil))


def test_the_ledger_is_searched_only_as_far_as_one_may_see(cast: Cast) -> None:
    record = steps.signed(cast)
    number = record.instrument.serial_number
    assert [m.number for m in matches(cast.actor("keeper"), [number])] == [number]
    assert matches(cast.actor("rival_keeper"), [number]) == []
    assert matches(cast.actor("keeper"), ["", "x"]) == []


def test_the_page_is_in_english_too(cast: Cast) -> None:
    with translation.override("en"):
        client = Client()
        client.force_login(cast.verifier)
        answer = client.post(
            "/certificates/read/", {"files": [SimpleUploadedFile("c.xml", WRONG)]}, HTTP_ACCEPT_LANGUAGE="en"
        )
    assert "Price-computing scale" in answer.content.decode()


def test_published_examples_are_read(cast: Cast, shared: Path) -> None:
    path = shared / "samples/dcc/ptb-v3.0.0-siliziumkugel.xml"
    assert "SI28KG_03_A" in page(cast, (path.name, path.read_bytes())).upper()
