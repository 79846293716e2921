from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from lxml import etree
from signxml.signer import XMLSigner

from quanheng.errors import InputError
from quanheng.evidence.dcc import names, schema
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read_root
from quanheng.evidence.dcc.safe import parse
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.report import SignatureReport
from quanheng.evidence.signing.xades import sign_xml
from quanheng.evidence.signing.xmlverify import verify_xml
from tests.evidence.sample_content import make_content, make_rejection
from tests.evidence.signing.keys import AT, OFFICE, authority, seal

LATER = AT + timedelta(days=4000)
DS = f"{{{names.DS}}}"


@cache
def signed() -> bytes:
    return sign_xml(build(make_content()), seal(), AT)


def check(data: bytes, **options: object) -> SignatureReport:
    return verify_xml(data, [authority().certificate], **{"now": AT, **options})  # type: ignore[arg-type]


def test_a_signed_certificate_is_valid_and_names_its_signer() -> None:
    report = check(signed())
    assert (report.state, report.form, report.signer) == ("valid-now", "XAdES", OFFICE)
    assert report.signing_time == AT
    assert report.good
    assert report.chain_trusted


def test_a_signed_certificate_is_still_valid_by_the_schema(shared: Path) -> None:
    assert schema.check(parse(signed()), shared / "schemas/dcc").valid


def test_what_was_signed_is_read_from_the_signed_part_alone() -> None:
    report = check(signed())
    assert report.signed_root is not None
    certificate = read_root(report.signed_root)
    assert certificate.core.unique_identifier == "LZ-2026-000123"
    assert certificate.signatures == 0


def test_the_time_that_counts_decides_the_state() -> None:
    anchors = [authority().certificate]
    assert verify_xml(signed(), anchors, now=LATER).state == "claimed-time-only"
    assert verify_xml(signed(), anchors, AT, now=LATER).state == "valid-at-timestamp"
    assert verify_xml(signed(), anchors, LATER, now=LATER).state == "claimed-time-only"
    late = sign_xml(build(make_content()), seal(), LATER)
    assert verify_xml(late, anchors, now=LATER).state == "expired"
    early = sign_xml(build(make_content()), seal(), AT - timedelta(days=90))
    assert verify_xml(early, anchors, now=AT).state == "expired"


def test_a_time_that_had_not_come_yet_is_pointed_out() -> None:
    anchors = [authority().certificate]
    ahead = sign_xml(build(make_content()), seal(), AT + timedelta(days=3))
    report = verify_xml(ahead, anchors, now=AT)
    assert (report.state, report.ahead, report.as_json()["signing_time_ahead"]) == ("valid-now", True, True)
    assert "had not come yet" in report.reason
    assert verify_xml(ahead, anchors, AT, now=AT + timedelta(days=9)).ahead  # later than what somebody vouches for
    assert not verify_xml(ahead, anchors, now=AT + timedelta(days=3)).ahead
    assert not verify_xml(ahead, anchors, now=AT + timedelta(days=3, minutes=-5)).ahead  # clocks differ a little


def test_without_the_right_anchor_nothing_is_trusted(tmp_path: Path) -> None:
    stranger = Authority.create(tmp_path, "测试根证书", at=AT)
    for anchors in ([], [stranger.certificate]):
        report = verify_xml(signed(), anchors, now=AT)
        assert (report.state, report.chain_trusted) == ("untrusted", False)


def test_a_seal_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    stranger = Authority.create(tmp_path / "ca", "测试根证书", at=AT)
    forged = sign_xml(build(make_content()), stranger.issue_seal(tmp_path / "s", OFFICE, at=AT), AT)
    assert check(forged).state == "untrusted"


def test_a_revoked_seal_is_reported() -> None:
    revoked_on = AT + timedelta(days=10)
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(seal().certificate.serial_number)
        .revocation_date(revoked_on)
        .build()
    )
    root = authority()
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.subject)
    builder = builder.last_update(revoked_on).next_update(revoked_on + timedelta(days=30))
    crl = builder.add_revoked_certificate(entry).sign(root.key, root.suite.certificate_hash())
    assert check(signed(), revocations=[crl]).state == "revoked"
    assert check(signed(), at=AT, revocations=[crl]).state == "valid-at-timestamp"
    forged = builder.add_revoked_certificate(entry).sign(seal().key, root.suite.certificate_hash())
    assert check(signed(), revocations=[forged]).state == "valid-now"


def test_no_signature_is_absent() -> None:
    assert check(build(make_content())).state == "absent"


def survivors(data: bytes, positions: list[int], rng: random.Random) -> list[tuple[int, int]]:
    """Positions at which a changed byte is still reported good."""
    found = []
    for at in positions:
        changed = bytearray(data)
        changed[at] = (changed[at] + 1 + rng.randrange(255)) % 256
        with contextlib.suppress(InputError):
            if check(bytes(changed)).good:
                found.append((at, changed[at]))
    return found


def test_any_changed_byte_is_noticed() -> None:
    rng = random.Random(1)
    data = signed()
    positions = [0, 15, 20, len(data) - 1, len(data) - 2, *rng.sample(range(len(data)), 150)]
    assert survivors(data, positions, rng) == []


def test_any_changed_byte_of_the_signature_itself_is_noticed() -> None:
    rng = random.Random(2)
    data = signed()
    start = data.index(b"<ds:Signature ")
    assert survivors(data, rng.sample(range(start, len(data)), 250), rng) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<dcc:items>", b"<!-- note --><dcc:items>"),
        (b"<dcc:items>", b"<dcc:items >"),
        (b"encoding='UTF-8'", b'encoding="utf-8"'),
        (b"</dcc:digitalCalibrationCertificate>\n", b"</dcc:digitalCalibrationCertificate>"),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue> "),
        (b"<ds:Object>", b"<ds:Object><ds:Any/>"),
        (b"<ds:Object>", b'<ds:Object Id="x">'),
        (b"</ds:Object>", b"</ds:Object><ds:Object/>"),
        (b'refType="qh_issuingSoftware"', b'refType="other"'),
    ],
)
def test_changes_that_xml_signatures_do_not_cover_are_noticed_too(old: bytes, new: bytes) -> None:
    assert old in signed()
    assert check(signed().replace(old, new, 1)).state == "tampered"


def test_a_signature_cut_from_one_document_does_not_fit_another() -> None:
    mine, other = signed(), build(make_rejection())
    signature = mine[mine.index(b"<ds:Signature ") : mine.index(b"</dcc:digitalCalibrationCertificate>")]
    pasted = other.replace(b"</dcc:digitalCalibrationCertificate>", signature + b"</dcc:digitalCalibrationCertificate>")
    assert check(pasted).state == "tampered"


def test_a_wrapped_document_is_refused() -> None:
    root = parse(signed())
    forged = parse(build(make_rejection()))
    box = etree.SubElement(forged, f"{{{names.DCC}}}comment")
    box.append(root)
    assert check(etree.tostring(forged)).state == "unsupported"
    moved = parse(signed())
    signature = moved.find(names.SIGNATURE)
    assert signature is not None
    moved[0].append(signature)
    assert check(etree.tostring(moved)).state == "unsupported"


def test_a_reference_to_a_part_is_refused() -> None:
    root = parse(build(make_content()))
    part = root[0]
    part.set("Id", "part")
    signer = XMLSigner(signature_algorithm="ecdsa-sha256")
    partial = signer.sign(root, key=seal().key, cert=[seal().certificate], reference_uri="#part")
    assert check(etree.tostring(partial)).state == "unsupported"


def test_a_second_signature_makes_ours_an_altered_copy() -> None:
    root = parse(signed())
    root.append(parse(etree.tostring(root[-1])))
    assert check(etree.tostring(root)).state == "tampered"


def test_plain_xmldsig_of_others_is_checked_too() -> None:
    foreign = parse(build(make_content()).replace(b"qh_issuingSoftware", b"other_software"))
    for algorithm in ("ecdsa-sha256", "ecdsa-sha512"):
        signer = XMLSigner(signature_algorithm=algorithm, digest_algorithm="sha256")
        data = etree.tostring(signer.sign(foreign, key=seal().key, cert=[seal().certificate]))
        report = check(data)
        assert (report.state, report.form, report.signing_time) == ("valid-now", "XMLDSig", None)
        assert check(data.replace(b"LZ-2026-000123", b"LZ-2026-000124", 1)).state == "tampered"
        foreign.remove(foreign[-1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"xmldsig-more#ecdsa-sha256", b"xmldsig#hmac-sha1"),
        (b"xmlenc#sha256", b"xmldsig#sha1"),
        (b"xmldsig#enveloped-signature", b"xpath-19991116"),
        (b"2001/04/xmldsig-more#ecdsa-sha256", b"2001/04/xmldsig-more#sm2-sm3"),
    ],
)
def test_weak_or_unknown_algorithms_are_unsupported(old: bytes, new: bytes) -> None:
    assert check(signed().replace(old, new)).state == "unsupported"


def test_a_document_with_comments_or_a_signature_is_not_signed() -> None:
    with pytest.raises(InputError) as caught:
        sign_xml(build(make_content()).replace(b"<dcc:items>", b"<!-- x --><dcc:items>"), seal(), AT)
    assert caught.value.code == "comment"
    with pytest.raises(InputError):
        sign_xml(signed(), seal(), AT)
