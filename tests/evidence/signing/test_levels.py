"""XAdES-T and -LT: stamps and revocation data are believed only from those entitled to give them."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from lxml import etree

from quanheng.cli.main import main
from quanheng.errors import InputError
from quanheng.evidence.dcc import names, schema
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.safe import parse
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.report import SignatureReport
from quanheng.evidence.signing.tsa_client import http_stamper
from quanheng.evidence.signing.xades import sign_xml
from quanheng.evidence.signing.xmlverify import verify_xml
from tests.evidence.sample_content import make_content
from tests.evidence.signing.keys import AT, authority, seal
from tests.evidence.signing.stamping import StampAuthority, make_crl, make_ocsp, serving

LATER = AT + timedelta(days=4000)
X = names.XADES
# third-party form: our own mark would hold the bytes to our own writing
FOREIGN = build(make_content()).replace(b"qh_issuingSoftware", b"other_software")


@cache
def tsa() -> StampAuthority:
    return StampAuthority(authority(), AT + timedelta(minutes=1))


def stamped(xml: bytes = FOREIGN, by: StampAuthority | None = None) -> bytes:
    return sign_xml(xml, seal(), AT, (by or tsa()).stamp)


def check(data: bytes, now: datetime = LATER, **options: object) -> SignatureReport:
    return verify_xml(data, [authority().certificate], **{"now": now, **options})  # type: ignore[arg-type]


def with_answers(
    data: bytes, lists: tuple[x509.CertificateRevocationList, ...] = (), responses: tuple[ocsp.OCSPResponse, ...] = ()
) -> bytes:
    """The same signature with revocation data added to its unsigned properties (LT)."""
    root = parse(data)
    box = next(root.iter(f"{{{X}}}UnsignedSignatureProperties"))
    values = etree.SubElement(box, f"{{{X}}}RevocationValues")
    for outer, inner, found in (
        ("CRLValues", "EncapsulatedCRLValue", lists),
        ("OCSPValues", "EncapsulatedOCSPValue", responses),
    ):
        if found:
            holder = etree.SubElement(values, f"{{{X}}}{outer}")
            for one in found:
                etree.SubElement(holder, f"{{{X}}}{inner}").text = base64.b64encode(
                    one.public_bytes(Encoding.DER)
                ).decode()
    return etree.tostring(root)


def test_a_stamp_outlives_the_signers_certificate() -> None:
    assert check(sign_xml(FOREIGN, seal(), AT)).state == "claimed-time-only"
    report = check(stamped())
    assert (report.state, report.level) == ("valid-at-timestamp", "T")
    assert report.stamp is not None
    assert report.stamp.time == AT + timedelta(minutes=1)
    assert report.as_json()["timestamp"]["trusted"] is True
    assert check(stamped(), AT).state == "valid-now"


def test_our_own_stamped_certificate_is_valid_by_schema_and_in_house_form(shared: Path) -> None:
    data = stamped(build(make_content()))
    assert schema.check(parse(data), shared / "schemas/dcc").valid
    assert check(data).state == "valid-at-timestamp"
    for old, new in (
        (b"<xades:EncapsulatedTimeStamp>", b"<xades:EncapsulatedTimeStamp> "),
        (b"</xades:UnsignedProperties>", b"<x/></xades:UnsignedProperties>"),
    ):
        assert old in data
        assert check(data.replace(old, new, 1)).state == "tampered"


def test_a_stamp_of_an_unknown_authority_proves_no_time(tmp_path: Path) -> None:
    stranger = StampAuthority(Authority.create(tmp_path, "别家", at=AT), AT)
    report = check(stamped(by=stranger))
    assert report.state == "claimed-time-only"
    assert "leads to no anchor" in report.reason


def test_a_stamp_by_a_certificate_made_for_something_else_does_not_count() -> None:
    signer = StampAuthority(authority(), AT, usage=ExtendedKeyUsageOID.CODE_SIGNING)
    report = check(stamped(by=signer))
    assert (report.state, report.level) == ("claimed-time-only", "B")
    assert "not for time stamps" in report.reason


def test_a_stamp_taken_from_another_signature_does_not_fit() -> None:
    one, other = parse(stamped()), parse(stamped())
    for root in (one, other):
        assert root.find(f".//{{{X}}}EncapsulatedTimeStamp") is not None
    element = next(one.iter(f"{{{X}}}EncapsulatedTimeStamp"))
    element.text = next(other.iter(f"{{{X}}}EncapsulatedTimeStamp")).text
    report = check(etree.tostring(one))
    assert (report.state, report.level) == ("claimed-time-only", "B")
    assert "other bytes" in report.reason


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_damaged_stamp_is_no_stamp(cut: int) -> None:
    root = parse(stamped())
    element = next(root.iter(f"{{{X}}}EncapsulatedTimeStamp"))
    raw = bytearray(base64.b64decode(element.text or ""))
    raw[-cut] ^= 0x41
    element.text = base64.b64encode(bytes(raw)).decode()
    assert check(etree.tostring(root)).state == "claimed-time-only"


def test_carried_revocation_counts_when_the_right_one_signed_it(tmp_path: Path) -> None:
    root, leaf = authority(), seal().certificate
    before, after = AT - timedelta(hours=1), AT + timedelta(days=9)
    assert check(with_answers(stamped(), (make_crl(root, revoked=leaf, on=before),))).state == "revoked"
    assert check(with_answers(stamped(), (), (make_ocsp(root, leaf, revoked_on=before, at=AT),))).state == "revoked"
    # what was stamped before the revocation stays good, and is good at that time only
    for now in (AT, LATER):
        report = check(with_answers(stamped(), (make_crl(root, revoked=leaf, on=after),)), now)
        assert (report.state, report.level) == ("valid-at-timestamp", "LT")
    stranger = Authority.create(tmp_path, "测试根证书", at=AT)
    for forged in (
        with_answers(stamped(), (make_crl(stranger, revoked=leaf, on=before),)),
        with_answers(stamped(), (), (make_ocsp(stranger, leaf, revoked_on=before, at=AT),)),
    ):
        assert check(forged).state == "valid-at-timestamp"
        assert not check(forged).revocation_known


def test_a_good_answer_is_reported_as_checked() -> None:
    answer = make_ocsp(authority(), seal().certificate, revoked_on=None, at=AT)
    report = check(with_answers(stamped(), (), (answer,)))
    assert (report.state, report.as_json()["revocation"]) == ("valid-at-timestamp", "checked")
    assert check(stamped()).as_json()["revocation"] == "unknown"


def test_the_command_asks_an_authority_and_checks_its_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = tmp_path / "c.xml", tmp_path / "seal"
    file.write_bytes(FOREIGN)
    now = datetime.now(AT.tzinfo)
    root = Authority.create(tmp_path / "ca", "根", at=now)
    root.issue_seal(folder, "计量所", at=now)
    with serving(StampAuthority(root, now).respond) as url:
        assert main(["dcc", "sign", str(file), "--seal", str(folder), "--tsa", url]) == 0
    assert (
        main(["dcc", "verify", str(tmp_path / "c.signed.xml"), "--trust", str(tmp_path / "ca/root.pem"), "--json"]) == 0
    )
    assert '"level": "T"' in capsys.readouterr().out


def test_an_authority_that_refuses_or_is_gone_leaves_nothing_behind(tmp_path: Path) -> None:
    def other(body: bytes) -> bytes:
        return StampAuthority(authority(), AT).respond(body)[:-30]

    def replayed(body: bytes) -> bytes:
        from asn1crypto import tsp

        asked = tsp.TimeStampReq.load(body)
        asked["nonce"] = 1
        return StampAuthority(authority(), AT).respond(asked.dump(force=True))

    for answer, code in ((lambda _: b"no", "timestamp"), (other, "timestamp"), (replayed, "timestamp_nonce")):
        with serving(answer) as url, pytest.raises(InputError) as caught:
            sign_xml(FOREIGN, seal(), AT, http_stamper(url))
        assert caught.value.code == code
    for url in ("http://127.0.0.1:9/", "file:///etc/passwd"):
        with pytest.raises(InputError) as caught:
            http_stamper(url, seconds=1)(b"x")
        assert caught.value.code == "tsa"
