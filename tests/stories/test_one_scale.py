"""One scale from the shop's ledger to a certificate that a stranger checks, and back when it is rejected or revoked."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdf
import pytest
from django.test import Client

from quanheng.platform.certificates import services as records
from quanheng.platform.certificates import signing
from quanheng.platform.certificates.models import Record
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.instruments import services as instruments
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.status import sentence
from quanheng.platform.kernel import clock, files
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.parties.models import Licence
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceCertificate
from quanheng.platform.trace.queries import prove
from quanheng.platform.verification import services as verification
from quanheng.platform.verification.models import Task
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.certificates import steps
from tests.stories import acts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


@pytest.fixture
def scale(cast: Cast) -> Instrument:
    """Imported by the shop and filed by the county; the institute has its weights."""
    steps.make_weights(cast)
    items = acts.import_ledger(cast, acts.sheet_row("SN00001"))
    acts.file_and_confirm(cast, items)
    return items[0]


def scanned(client: Client, code: str) -> str:
    """What a passer-by reads after scanning a code."""
    answer = client.get(f"/v/{code}/")
    assert answer.status_code == 200
    return answer.content.decode()


def headline(page: str) -> str:
    """The first line of the public page."""
    return page.split('class="word"')[1].split("</svg>")[1].split("</h1>")[0].strip()


def test_a_scale_goes_from_the_ledger_to_a_certificate_that_a_stranger_can_check(
    scale: Instrument, cast: Cast, client: Client, tmp_path: Path
) -> None:
    assert headline(scanned(client, scale.code)) == "未见检定"
    document = acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale)))

    scale.refresh_from_db()
    assert (scale.state, scale.last_verdict, scale.valid_until) == ("in_use", "pass", dt.date(2027, 10, 11))
    assert prove(scale.pk, steps.TODAY)["holds"]
    for code in (scale.code, document.public_code):
        page = scanned(client, code)
        assert headline(page) == "有效"
        assert document.number in page
        assert "2027-10-11" in page
        assert "公开日志的第" in page
        assert "M1级砝码标准装置" in page

    code, answer = acts.verify(tmp_path, document)
    assert (code, answer["result"]) == (0, "proven")
    assert any(document.number in line["text"] for line in answer["proven"] + answer["claimed"])


@pytest.mark.parametrize("part", ["pdf", "xml"])
def test_one_changed_byte_is_not_proven(scale: Instrument, cast: Cast, tmp_path: Path, part: str) -> None:
    document = acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale)))
    code, answer = acts.verify(tmp_path, document, flip=part)
    assert code in {1, 2}
    assert answer.get("result") != "proven"


def test_everything_that_was_done_stands_in_the_trail_with_who_did_it(scale: Instrument, cast: Cast) -> None:
    acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale)))
    done = {(e.verb, e.actor_name) for e in AuditEvent.objects.all()}
    for verb, name in (
        ("kernel.import_applied", "钱掌柜"),
        ("instruments.file", "钱掌柜"),
        ("instruments.confirm_filing", "冯监管"),
        ("applications.submit", "钱掌柜"),
        ("applications.accept", "李受理"),
        ("tasks.handed_over", "李受理"),
        ("tasks.assign", "李受理"),
        ("records.opened", "周检定"),
        ("records.submit", "周检定"),
        ("records.check", "吴核验"),
        ("records.sign", "郑签发"),
        ("documents.issued", "郑签发"),
        ("instruments.verified", "郑签发"),
    ):
        assert (verb, name) in done, sorted(done)


def test_a_revoked_certificate_says_so_to_everybody(
    scale: Instrument, cast: Cast, client: Client, tmp_path: Path
) -> None:
    document = acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale)))
    code = steps.code_of(cast.signatory)
    signing.revoke_certificate(
        document,
        reason="砝码证书系误用",
        void_from=steps.TODAY,
        second_factor_code=code,
        actor=cast.actor("signatory"),
    )
    acts.ledger.merge_leaves()
    page = scanned(client, document.public_code)
    assert headline(page) == "已撤销"
    assert "自 2026-10-12 起无效" in page
    assert "砝码证书系误用" not in page
    assert headline(scanned(client, scale.code)) != "有效"
    assert not prove(scale.pk, steps.TODAY)["holds"]
    code, answer = acts.verify(tmp_path, document)
    assert code == 1
    assert answer["result"] != "proven"
    scale.refresh_from_db()
    assert "合格" not in sentence(scale, steps.TODAY)
    again = acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale)))
    assert headline(scanned(client, scale.code)) == "有效"
    assert headline(scanned(client, again.public_code)) == "有效"
    assert headline(scanned(client, document.public_code)) == "已撤销"


def test_a_rejected_scale_is_stopped_repaired_and_verified_again(scale: Instrument, cast: Cast, client: Client) -> None:
    notice = acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale), "reject"))
    assert (notice.kind, notice.valid_until) == ("rejection_notice", None)
    text = pdf_text(notice)
    assert "检定结果通知书" in text
    scale = Instrument.objects.get(pk=scale.pk)
    assert (scale.state, scale.last_verdict) == ("stopped", "reject")
    assert not prove(scale.pk, steps.TODAY)["holds"]
    for code in (scale.code, notice.public_code):
        assert headline(scanned(client, code)) == "不合格"
    keeper = cast.actor("keeper")
    with pytest.raises(Refused, match="重新检定合格"):
        instruments.restart(actor=keeper, instrument=scale)
    instruments.send_to_repair(actor=keeper, instrument=scale, reason="更换传感器")
    assert headline(scanned(client, scale.code)) != "有效"
    with pytest.raises(Refused):
        acts.apply_and_assign(cast, scale)
    instruments.return_from_repair(actor=keeper, instrument=scale)
    assert headline(scanned(client, scale.code)) == "修后待检"
    certificate = acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale)))
    scale.refresh_from_db()
    assert (scale.state, scale.last_verdict, scale.last_document_number) == ("in_use", "pass", certificate.number)
    assert headline(scanned(client, scale.code)) == "有效"
    assert headline(scanned(client, notice.public_code)) == "不合格"


def pdf_text(document: Document) -> str:
    """The words of the issued paper."""
    return "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(files.get(document.pdf_sha256))).pages)


def test_a_rare_character_goes_all_the_way_to_the_paper(cast: Cast, client: Client) -> None:
    for party in (cast.shop, cast.verifier):
        party.name = f"𠮷{party.name[1:]}"
        party.save()
    steps.make_weights(cast)
    (scale,) = items = acts.import_ledger(cast, acts.sheet_row("𠮷-0001", 生产厂家="𠮷林衡器厂"))
    acts.file_and_confirm(cast, items)
    document = acts.issue(cast, acts.write_down(cast, acts.apply_and_assign(cast, scale)))
    xml = files.get(document.xml_sha256).decode("utf-8")
    for name in (cast.shop.name, cast.verifier.name, "𠮷林衡器厂", "𠮷-0001"):
        assert name in xml
        assert name in pdf_text(document).replace("\n", "")
    assert "𠮷林衡器厂" in scanned(client, scale.code)
    client.force_login(cast.keeper)
    assert scale.serial_number in client.get("/instruments/?q=𠮷林").content.decode()


def change(model: type, **fields: object) -> Callable[[Cast], None]:
    """An accident that happens between the application and the submission."""
    return lambda cast: model.objects.update(**fields) and None  # type: ignore[attr-defined]


YESTERDAY = steps.TODAY - dt.timedelta(days=1)
ACCIDENTS: dict[str, tuple[Callable[[Cast], None], list[str]]] = {
    "the assessment of the standard ended": (
        change(MeasurementStandard, assessed_until=YESTERDAY),
        ["M1级砝码标准装置"],
    ),
    "the certificate of the standard expired": (change(TraceCertificate, valid_to=YESTERDAY), ["当日可溯源", "过期"]),
    "the certificate of the standard was withdrawn": (
        change(TraceCertificate, void_from=dt.date(2026, 9, 1)),
        ["当日可溯源", "撤销"],
    ),
    "the verifier's licence ended": (change(Licence, valid_until=YESTERDAY), ["周检定", "JJG 539-2016"]),
    "the norm is out of force": (
        lambda cast: change(type(makers.make_norm()), in_force_to=YESTERDAY)(cast),
        ["JJG 539-2016 在 2026-10-12 未施行或已废止"],
    ),
}


@pytest.mark.parametrize("accident", sorted(ACCIDENTS))
def test_nothing_is_submitted_or_issued_when(accident: str, scale: Instrument, cast: Cast) -> None:
    happen, words = ACCIDENTS[accident]
    record = acts.write_down(cast, acts.apply_and_assign(cast, scale))
    happen(cast)
    record = Record.objects.get(pk=record.pk)
    with pytest.raises(Refused) as refusal:
        records.submit(record, actor=cast.actor("verifier"))
    said = "\n".join(refusal.value.reasons)
    assert all(word in said for word in words), said
    assert (Record.objects.get().state, Task.objects.get().state) == ("draft", "working")
    assert not Document.objects.exists()
    assert not NumberRecord.objects.exists()


def test_too_warm_a_room_is_named(scale: Instrument, cast: Cast) -> None:
    room = {**steps.make_sheet()["environment"], "temperature": "55.0", "temperature_end": "55.0"}
    record = acts.write_down(cast, acts.apply_and_assign(cast, scale), environment=room)
    with pytest.raises(Refused, match="环境条件在规程限值内"):
        records.submit(record, actor=cast.actor("verifier"))


def test_everything_that_went_wrong_is_named_at_once(scale: Instrument, cast: Cast) -> None:
    record = acts.write_down(cast, acts.apply_and_assign(cast, scale))
    for happen, _words in ACCIDENTS.values():
        happen(cast)
    with pytest.raises(Refused) as refusal:
        records.submit(Record.objects.get(pk=record.pk), actor=cast.actor("verifier"))
    said = "\n".join(refusal.value.reasons)
    for word in ("M1级砝码标准装置", "溯源", "周检定", "JJG 539-2016"):
        assert word in said


def test_a_scale_is_applied_for_once_and_only_by_its_owner(scale: Instrument, cast: Cast) -> None:
    acts.apply_and_assign(cast, scale)
    with pytest.raises(Refused, match="未办结"):
        acts.apply_and_assign(cast, scale)
    with pytest.raises(Refused, match="不属于申请单位"):
        verification.create_application(
            actor=cast.actor("rival_keeper"),
            organisation=cast.rival,
            institute=cast.institute,
            instruments=[scale],
            delivery="sent_in",
        )
