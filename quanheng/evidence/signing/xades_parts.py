"""What a XAdES signature carries beside itself: signing time, time stamp, certificates, revocation data."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509 import ocsp
from lxml import etree

from quanheng.evidence.dcc import names, safe
from quanheng.evidence.signing.revocation import Answers
from quanheng.evidence.signing.timestamp import Stamp, verify_token

_DS = f"{{{names.DS}}}"
_XADES = f"{{{names.XADES}}}"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_METHODS = {C14N, "http://www.w3.org/2006/12/xml-c14n11", _EXCLUSIVE}
_MOST = 64
_UNSIGNED = f"{_DS}Object/{_XADES}QualifyingProperties/{_XADES}UnsignedProperties/{_XADES}UnsignedSignatureProperties"


def signing_time(properties: etree._Element | None) -> datetime | None:
    """The time the signer claims, from the signed properties alone."""
    element = properties.find(f".//{_XADES}SigningTime") if properties is not None else None
    try:
        time = datetime.fromisoformat((element.text or "").strip()) if element is not None else None
    except ValueError:
        return None
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)


def stamped_bytes(signature: etree._Element, method: str) -> bytes:
    """What a SignatureTimeStamp is over: the canonical SignatureValue."""
    value = signature.find(f"{_DS}SignatureValue")
    if value is None:
        raise ValueError("the signature has no value")
    copy = etree.fromstring(etree.tostring(value, with_tail=False), safe.parser())
    return etree.tostring(copy, method="c14n", exclusive=method == _EXCLUSIVE, with_comments=False)


def stamp_of(
    signature: etree._Element, anchors: Sequence[x509.Certificate], extra: Sequence[x509.Certificate]
) -> tuple[Stamp | None, str]:
    """The earliest time stamp that fits, trusted ones first; else None and what is wrong with what is there."""
    stamps: list[Stamp] = []
    trouble = ""
    for element in signature.findall(f"{_UNSIGNED}/{_XADES}SignatureTimeStamp")[:_MOST]:
        method = element.find(f"{_DS}CanonicalizationMethod")
        algorithm = (method.get("Algorithm") or C14N) if method is not None else C14N
        if algorithm not in _METHODS:
            trouble = "the time stamp uses a canonicalisation that is not accepted"
            continue
        for box in element.findall(f"{_XADES}EncapsulatedTimeStamp"):
            try:
                stamps.append(verify_token(_decode(box), stamped_bytes(signature, algorithm), anchors, extra))
            except ValueError as error:
                trouble = str(error)
    if not stamps:
        return None, trouble
    best = min(stamps, key=lambda s: (not s.trusted, s.time))
    return best, "" if best.trusted else "the time stamp's authority leads to no anchor that was given"


def carried_certificates(signature: etree._Element) -> tuple[x509.Certificate, ...]:
    """Certificates beside the signer's own; anchors are never taken from here."""
    path = f"{_UNSIGNED}/{_XADES}CertificateValues/{_XADES}EncapsulatedX509Certificate"
    found = []
    for data in _all(signature, path):
        try:
            found.append(x509.load_der_x509_certificate(data))
        except ValueError:
            continue
    return tuple(found)


def carried_answers(signature: etree._Element) -> Answers:
    """Revocation lists and OCSP answers; whether they may be believed is judged by who signed them."""
    base = f"{_UNSIGNED}/{_XADES}RevocationValues"
    lists, responses = [], []
    for data in _all(signature, f"{base}/{_XADES}CRLValues/{_XADES}EncapsulatedCRLValue"):
        try:
            lists.append(x509.load_der_x509_crl(data))
        except ValueError:
            continue
    for data in _all(signature, f"{base}/{_XADES}OCSPValues/{_XADES}EncapsulatedOCSPValue"):
        try:
            responses.append(ocsp.load_der_ocsp_response(data))
        except ValueError:
            continue
    return Answers(tuple(lists), tuple(responses))


def _all(signature: etree._Element, path: str) -> Iterator[bytes]:
    for element in signature.findall(path)[:_MOST]:
        try:
            yield _decode(element)
        except ValueError:
            continue


def _decode(element: etree._Element) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except binascii.Error:
        raise ValueError("its base64 is damaged") from None
