"""Certificates of others come in through the pages: read, matched, decided by a person, undone as one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from quanheng.evidence.dcc.build import build
from quanheng.platform.certificates.models import ForeignCertificate, ForeignItem, ForeignValue
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, files
from quanheng.platform.kernel.models import ImportBatch
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceCertificate
from quanheng.platform.trace.queries import prove
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import foreign_files as make
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        accepted = make.accept_institute()
        yield
        accepted.unlink()


def client_of(cast: Cast, part: str = "manager") -> Client:
    client = Client()
    client.force_login(getattr(cast, part))
    return client


def hand_in(client: Client, organisation: Any, *given: tuple[str, bytes], months: str = "24") -> Any:
    uploads = [SimpleUploadedFile(name, data) for name, data in given]
    data = {"organisation": str(organisation.pk), "upload": uploads, "months": months}
    return client.post("/certificates/intake/", data)


def fields(html: str) -> dict[str, str]:
    """What a browser would post of the review as it stands."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        chosen = 'type="radio"' not in tag or " checked" in tag
        if name and chosen and name[1] not in ("csrfmiddlewaretoken", "do"):
            found[name[1]] = value[1] if value else ""
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        options = re.findall(r'<option value="([^"]*)"( selected)?', body)
        if options:
            found[name] = next((v for v, s in options if s), options[0][0])
    return {k: v for k, v in found.items() if ":" in k}


def review(client: Client, cast: Cast, *given: tuple[str, bytes], **options: Any) -> tuple[str, str]:
    """The address of the review, and the page."""
    answer = hand_in(client, options.pop("organisation", cast.institute), *given, **options)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"], client.get(answer["Location"]).content.decode()


def decide(client: Client, url: str, **changes: str) -> str:
    """Change what is chosen and look again."""
    data = {**fields(client.get(url).content.decode()), **changes, "do": "mend"}
    return str(client.post(url, data, follow=True).content.decode())


def confirm(client: Client, url: str) -> str:
    data = {**fields(client.get(url).content.decode()), "do": "apply"}
    return str(client.post(url, data, follow=True).content.decode())


def make_own(cast: Cast, **changes: Any) -> MeasurementStandard:
    return makers.make_standard(cast.institute, makers.make_norm(), **{"serial_number": "SN-778", **changes})


def test_a_signed_certificate_goes_from_the_upload_into_the_chain(cast: Cast) -> None:
    own, upper = make_own(cast), steps.make_weights(cast, code="BZ-2019-0031")
    client, data = client_of(cast), make.signed()
    url, page = review(client, cast, ("nnmi.xml", data))
    assert "出厂编号相同" in page
    assert "签名有效" in page
    assert "标准编号或出厂编号相同" in page
    assert f"记到「{own}」,2026-03-02 至 2028-03-01" in page
    assert not ForeignCertificate.objects.exists()
    assert "已导入 1 项" in confirm(client, url)
    kept = ForeignCertificate.objects.get()
    assert (kept.signature_state, kept.validity_stated, files.get(kept.sha256)) == ("valid-now", False, data)
    paper = TraceCertificate.objects.get(item_id=own.pk)
    assert (paper.basis, paper.uncertainty, paper.file_sha256) == ("proven", "U = 3.0 g (k = 2)", kept.xml_sha256)
    assert paper.uses.get().standard_id == upper.pk
    answer = prove(own.pk, clock.today())
    assert next(link["certificate"] for link in answer["chain"]) == str(paper.pk)
    assert answer["holds"]
    assert not answer["proven"]
    shown = client.get(f"/certificates/foreign/{kept.pk}/").content.decode()
    assert "文件自签名后没有改动" in shown
    assert "一字不改" in shown
    assert f"/certificates/foreign/{kept.pk}/" in client.get(f"/standards/{own.pk}/").content.decode()
    assert client.get(f"/certificates/foreign/{kept.pk}/file/").content == data
    assert not Document.objects.exists()


def test_values_stay_as_written(cast: Cast) -> None:
    make_own(cast)
    client = client_of(cast)
    url, _page = review(client, cast, ("a.xml", make.signed()))
    confirm(client, url)
    rows = ForeignValue.objects.filter(ref_type__startswith="basic_measurementError").exclude(uncertainty="")
    assert [(v.uncertainty, v.k, v.p) for v in rows.order_by("row")][:2] == [("1.2", "2", "0.95"), ("1.3", "2", "0.95")]
    bare = make.signed(make.make_foreign(number="N-2", tables=[_table(k=None)]))
    url, _page = review(client, cast, ("b.xml", bare))
    confirm(client, url)
    stored = ForeignValue.objects.filter(certificate__number="N-2", row=1).order_by("pk").last()
    assert stored is not None
    assert (stored.value, stored.uncertainty, stored.k, stored.p) == ("10.000", "0.0010", "NaN", "NaN")
    assert TraceCertificate.objects.get(number="N-2").uncertainty == "U = 0.0010 g (k = -)"


def test_a_pdf_altered_after_it_was_sealed_does_not_come_in(cast: Cast) -> None:
    make_own(cast)
    altered = make.as_pdf().replace(b"/CreationDate(D:2026", b"/CreationDate(D:2025", 1)
    _url, page = review(client_of(cast), cast, ("a.pdf", altered))
    assert "签名与文件不符" in page
    assert not ForeignCertificate.objects.exists()


def test_a_certificate_sealed_by_another_than_its_laboratory_is_pointed_out_before_it_counts(cast: Cast) -> None:
    make_own(cast)
    issuer = {"name": "PTB", "name_en": "PTB", "address": "Allee 1", "country": "DE"}
    _url, page = review(client_of(cast), cast, ("a.xml", make.signed(make.make_foreign(issuer=issuer))))
    assert "名称不同" in page


def test_a_relative_uncertainty_and_an_imaginary_part_are_kept_too(cast: Cast) -> None:
    make_own(cast)
    text = build(make.make_foreign(tables=[_table(k="2")])).decode()
    stated = re.compile(r"<si:measurementUncertaintyUnivariateXMLList>.*?</si:realListXMLList>", re.S)
    relative = (
        "</si:realListXMLList><dcc:relativeUncertainty><dcc:relativeUncertaintyXmlList><si:valueXMLList>0.02 0.03"
        "</si:valueXMLList><si:unitXMLList>\\percent</si:unitXMLList></dcc:relativeUncertaintyXmlList></dcc:relativeUncertainty>"
    )
    client = client_of(cast)
    url, _page = review(client, cast, ("a.xml", stated.sub(lambda _: relative, text).encode()))
    confirm(client, url)
    rows = ForeignValue.objects.exclude(relative="").order_by("row")
    assert [(v.value, v.relative, v.relative_unit) for v in rows] == [("10.000", "0.02", "%"), ("20.00", "0.03", "%")]
    assert TraceCertificate.objects.get(number=ForeignCertificate.objects.get().number).uncertainty == "Urel = 0.03 %"


def _table(k: str | None) -> dict[str, Any]:
    column = {
        "key": "m",
        "title": {"zh": "质量", "en": "Mass"},
        "unit": "\\gram",
        "ref_type": "basic_measuredValue",
        "values": ["10.000", "20.00"],
        "U": ["0.0010", "0.0009"],
    }
    return {"title": {"zh": "质量", "en": "Mass"}, "columns": [{**column, **({"k": k} if k else {})}]}


def test_nothing_is_assumed_about_validity(cast: Cast) -> None:
    make_own(cast)
    client = client_of(cast)
    url, page = review(client, cast, ("a.xml", make.signed()), months="")
    assert "证书没有写有效期" in page
    assert "没有可以导入的项" in confirm(client, url)
    url, page = review(client, cast, ("a.xml", make.signed()), months="")
    assert "2027-01-31" in decide(client, url, **{"cell:1:valid_until": "2027-01-31"})
    confirm(client, url)
    assert ForeignCertificate.objects.get().valid_until.isoformat() == "2027-01-31"
    stated = make.signed(make.make_foreign(number="N-3", valid_until="2027-03-01"))
    url, page = review(client, cast, ("b.xml", stated))
    confirm(client, url)
    assert ForeignCertificate.objects.get(number="N-3").validity_stated


def test_a_decision_is_shown_before_it_counts(cast: Cast) -> None:
    make_own(cast)
    other = make_own(cast, serial_number="OTHER-1", code="BZ-OTHER")
    client = client_of(cast)
    url, page = review(client, cast, ("a.xml", make.signed()))
    changed = {**fields(page), "cell:1:target": "other", "cell:1:other": "BZ-OTHER", "do": "apply"}
    said = client.post(url, changed, follow=True).content.decode()
    assert "请看清将要发生的改变" in said
    assert not ForeignCertificate.objects.exists()
    confirm(client, url)
    assert ForeignItem.objects.get().subject_id == other.pk


def test_an_unknown_item_is_created_or_left_out_and_undone(cast: Cast) -> None:
    makers.make_category()
    client = client_of(cast, "keeper")
    url, page = review(client, cast, ("a.xml", make.signed()), organisation=cast.shop)
    assert "没有匹配的器具" in page
    assert "按您的选择不导入" in decide(client, url, **{"cell:1:target": "leave"})
    assert "新建器具须选择项别/种别" in decide(client, url, **{"cell:1:target": "new-instrument"})
    said = decide(client, url, **{"cell:1:target": "new-instrument", "cell:1:category": "digital-scale"})
    assert "新建器具「" in said
    confirm(client, url)
    made = Instrument.objects.get()
    assert (made.serial_number, made.manufacturer, made.state) == ("SN-778", "Nordmess", "draft")
    kept = ForeignCertificate.objects.get()
    tab = client.get(f"/instruments/{made.pk}/?tab=foreign").content.decode()
    assert f"/certificates/foreign/{kept.pk}/" in tab
    assert made.verified_on is None
    sha = kept.sha256
    client.post(url, {"do": "undo"})
    assert not Instrument.objects.exists()
    assert not ForeignCertificate.objects.exists()
    assert not TraceCertificate.objects.exists()
    assert files.exists(sha)
    assert ImportBatch.objects.get().state == "undone"


def test_a_new_standard_is_entered_with_its_certificate(cast: Cast) -> None:
    client = client_of(cast, "verifier")
    url, _page = review(client, cast, ("a.xml", make.signed()))
    new = {"cell:1:target": "new-standard", "cell:1:code": "BZ-77", "cell:1:accuracy": "E2", "cell:1:range_text": "1 g"}
    assert "新建计量标准「" in decide(client, url, **new)
    confirm(client, url)
    standard = MeasurementStandard.objects.get(code="BZ-77")
    assert TraceCertificate.objects.get().item_id == standard.pk
    client.post(url, {"do": "undo"})
    assert not MeasurementStandard.objects.exists()


def test_a_folder_with_a_bad_file_among_good_ones(cast: Cast) -> None:
    make_own(cast)
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    package = make.zipped(
        {
            "证书/good.xml": make.signed(),
            "证书/bad.xml": bomb,
            "证书/changed.xml": make.signed(make.make_foreign(number="N-9")).replace(b"W-20", b"W-21"),
            "证书/readme.txt": b"hello",
            "证书/huge.xml": b" " * 30 * 2**20,
            "__MACOSX/._good.xml": b"x",
        }
    )
    client = client_of(cast)
    url, page = review(client, cast, ("folder.zip", package))
    assert "签名与文件不符" in page
    assert "DOCTYPE" in page
    assert "文件过大" in page
    assert "已导入 1 项" in confirm(client, url)
    batch = ImportBatch.objects.get()
    assert (batch.total, batch.accepted, batch.rejected) == (5, 1, 4)


def test_several_files_at_once_are_one_import(cast: Cast) -> None:
    make_own(cast)
    make_own(cast, serial_number="SN-779")
    second = make.signed(make.make_foreign("SN-779", number="N-2"))
    client = client_of(cast)
    url, _page = review(client, cast, ("a.xml", make.signed()), ("a.xml", second))
    assert "已导入 2 项" in confirm(client, url)


def test_a_pdf_is_read_by_its_attachment_and_kept_whole(cast: Cast) -> None:
    make_own(cast)
    data = make.as_pdf()
    client = client_of(cast)
    url, page = review(client, cast, ("c.pdf", data))
    assert "取自 PDF 附件" in page
    confirm(client, url)
    kept = ForeignCertificate.objects.get()
    assert files.get(kept.sha256) == data
    assert files.get(kept.xml_sha256).startswith(b"<?xml")
    assert client.get(f"/certificates/foreign/{kept.pk}/file/")["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("bomb.zip", make.zipped({f"{n}.xml": b"\0" * 8 * 2**20 for n in range(14)}), "已拒绝"),
        ("cut.zip", make.zipped({"a.xml": b"x" * 1000})[:60], "读不了这个压缩包"),
        ("many.zip", make.zipped({f"{n}.xml": b"x" for n in range(201)}), "200"),
        ("empty.zip", make.zipped({}), "文件是空的"),
    ],
    ids=["bomb", "cut", "many", "empty"],
)
def test_a_hostile_package_is_refused_in_one_line(cast: Cast, name: str, data: bytes, words: str) -> None:
    answer = hand_in(client_of(cast), cast.institute, (name, data))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_the_same_file_is_said_to_be_there_already(cast: Cast) -> None:
    make_own(cast)
    client, data = client_of(cast), make.signed()
    url, page = review(client, cast, ("a.xml", data), ("again.xml", data))
    assert "与本次的另一文件 a.xml 完全相同" in page
    confirm(client, url)
    _url, page = review(client, cast, ("b.xml", data))
    assert "完全相同的文件已于 2026-10-12 导入(a.xml)" in page


def test_our_own_certificate_is_not_foreign(cast: Cast) -> None:
    record = steps.signed(cast)
    assert record.document is not None
    _url, page = review(client_of(cast), cast, ("own.xml", files.get(record.document.xml_sha256)))
    assert f"这是本系统签发的 {record.document.number}" in page


def test_a_new_version_takes_the_place_of_the_old_one_and_gives_it_back(cast: Cast) -> None:
    own = make_own(cast)
    client = client_of(cast)
    first, _page = review(client, cast, ("v1.xml", make.signed()))
    confirm(client, first)
    newer = make.signed(make.make_foreign(issued_on="2026-03-09"))
    second, page = review(client, cast, ("v2.xml", newer))
    assert "将作为新版本替代已导入的 NNMI-2026-4711(v1.xml)" in page
    confirm(client, second)
    old, new = ForeignCertificate.objects.order_by("created_at", "issued")
    assert (new.file_name, new.supersedes) == ("v2.xml", old)
    assert "已被新版本 v2.xml 替代" in client.get(f"/certificates/foreign/{old.pk}/").content.decode()
    page = client.get(f"/standards/{own.pk}/").content.decode()
    assert f"/certificates/foreign/{old.pk}/" in page
    assert "自 2026-03-02 起不再承担链接" in page
    in_force = TraceCertificate.objects.filter(item_id=own.pk, void_from=None)
    assert in_force.get().file_sha256 == new.xml_sha256
    _third, page = review(client, cast, ("v1b.xml", make.signed(make.make_foreign(issued_on="2026-03-05"))))
    assert "已导入签发日期更晚(2026-03-09)的版本" in page
    refused = client.post(first, {"do": "undo"}, follow=True).content.decode()
    assert "之后又导入了新版本" in refused
    client.post(second, {"do": "undo"})
    assert TraceCertificate.objects.get(item_id=own.pk, void_from=None).file_sha256 == old.xml_sha256
    client.post(first, {"do": "undo"})
    assert not TraceCertificate.objects.filter(item_id=own.pk).exists()


def test_what_rests_on_an_import_keeps_it(cast: Cast) -> None:
    weights = steps.make_weights(cast, serial_number="SN-778")
    client = client_of(cast)
    url, page = review(client, cast, ("a.xml", make.signed()))
    assert "溯源链到这份证书为止" in page
    decide(client, url, **{"use:1:1": str(steps.make_root())})
    confirm(client, url)
    steps.signed(cast)
    assert "已用过" in client.post(url, {"do": "undo"}, follow=True).content.decode()
    assert TraceCertificate.objects.filter(item_id=weights.pk).count() == 2


def test_an_unknown_signer_only_declares(cast: Cast) -> None:
    own = make_own(cast)
    (folder := make.accept_institute()).unlink()
    client = client_of(cast)
    url, page = review(client, cast, ("a.xml", make.signed()))
    assert "签名者未被接受" in page
    confirm(client, url)
    folder.touch()
    assert TraceCertificate.objects.get(item_id=own.pk).basis == "declared"
    assert ForeignCertificate.objects.get().signature_state == "untrusted"


def test_only_the_keepers_of_the_things_may_import(cast: Cast) -> None:
    make_own(cast)
    for part in ("receptionist", "checker", "regulator", "nobody"):
        assert client_of(cast, part).get("/certificates/intake/").status_code == 403
    assert hand_in(client_of(cast, "keeper"), cast.institute, ("a.xml", make.signed())).status_code == 422
    client = client_of(cast)
    url, _page = review(client, cast, ("a.xml", make.signed()))
    for part in ("rival_keeper", "keeper"):
        stranger = client_of(cast, part)
        assert stranger.get(url).status_code == 404
        assert stranger.post(url, {"do": "apply"}).status_code == 404
    confirm(client, url)
    kept = ForeignCertificate.objects.get()
    assert client_of(cast, "checker").get(f"/certificates/foreign/{kept.pk}/").status_code == 200
    assert client_of(cast, "regulator").get(f"/certificates/foreign/{kept.pk}/").status_code == 200
    for part in ("keeper", "other_regulator"):
        assert client_of(cast, part).get(f"/certificates/foreign/{kept.pk}/").status_code == 404
        assert client_of(cast, part).get(f"/certificates/foreign/{kept.pk}/file/").status_code == 404


def test_an_item_of_somebody_else_cannot_be_named(cast: Cast) -> None:
    alien = makers.make_standard(makers.make_organisation("他所", "institute"), makers.make_norm(), code="ALIEN-1")
    client = client_of(cast)
    url, _page = review(client, cast, ("a.xml", make.signed()))
    for target in (f"standard:{alien.pk}", f"instrument:{uuid.uuid4()}", "ALIEN-1", "nonsense:x"):
        assert "本单位没有" in decide(client, url, **{"cell:1:target": target})


def test_the_published_examples_come_in(cast: Cast, shared: Any) -> None:
    given = [(p.name, p.read_bytes()) for p in sorted((shared / "samples/dcc").glob("ptb-*.xml"))]
    client = client_of(cast)
    url, page = review(client, cast, *given)
    places = sorted({k.split(":")[1] for k in fields(page) if k.startswith("cell:")}, key=int)
    assert len(given) == 6
    for place in places:
        new = {"target": "new-standard", "code": f"PTB-{place}", "accuracy": "见证书", "range_text": "见证书"}
        decide(client, url, **{f"cell:{place}:{k}": v for k, v in new.items()})
    confirm(client, url)
    kept = ForeignCertificate.objects.prefetch_related("items")
    assert {c.file_name for c in kept} == {name for name, _data in given}
    assert all(c.values.exists() for c in kept)
    assert not any(TraceCertificate.objects.filter(basis="proven"))
