"""XAdES-B enveloped signatures over a certificate's XML: made for ours, checked for everybody's."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSignatureConfiguration, XAdESSigner, XAdESVerifier

from quanheng.errors import InputError
from quanheng.evidence.dcc import names, safe
from quanheng.evidence.dcc.build import serialise
from quanheng.evidence.signing.authority import Seal
from quanheng.evidence.signing.report import SignatureReport, Trust, judge, signer_name

_DS = f"{{{names.DS}}}"
_XADES = f"{{{names.XADES}}}"
_METHODS = frozenset(m for m in SignatureMethod if m.name.startswith(("ECDSA_SHA", "RSA_SHA")) and "SHA1" not in m.name)
_METHODS = frozenset(m for m in _METHODS if "224" not in m.name)
_DIGESTS = frozenset(d for d in DigestAlgorithm if "SHA1" not in d.name and "224" not in d.name)
_ENVELOPED = f"{names.DS}enveloped-signature"
_C14N = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}


class _Signer(XAdESSigner):
    """The library's signer with the signing time as an argument."""

    signing_time: datetime

    def add_signing_time(self, signed_signature_properties: Any, sig_root: Any, signing_settings: Any) -> None:
        element = etree.SubElement(signed_signature_properties, f"{_XADES}SigningTime", nsmap=self.namespaces)
        element.text = self.signing_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sign_xml(xml: bytes, seal: Seal, at: datetime) -> bytes:
    """The document with the seal's signature as last child of its root."""
    root = safe.parse(xml)
    if any(True for _ in root.iter(etree.Comment, etree.PI)):
        raise InputError("comment", "the document holds comments, which no signature covers: remove them", "")
    if root.find(f".//{_DS}Signature") is not None:
        raise InputError("signed_already", "the document is signed already: sign the unsigned one", "")
    signer = _Signer(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=seal.suite.xml_signature,
        digest_algorithm=seal.suite.xml_digest,
        data_object_format=XAdESDataObjectFormat(Description="digital calibration certificate", MimeType="text/xml"),
    )
    signer.signing_time = at
    signed = signer.sign(root, key=seal.key, cert=list(seal.chain[:-1] or seal.chain), always_add_key_value=False)
    return serialise(signed)


def verify_xml(
    data: bytes,
    anchors: Sequence[x509.Certificate],
    at: datetime | None = None,
    *,
    now: datetime | None = None,
    revocations: Sequence[x509.CertificateRevocationList] = (),
) -> SignatureReport:
    """The state of the one signature of a certificate; a file that is no XML raises InputError.

    ``at`` is a moment a third party vouches for. Believe nothing but ``signed_root`` of the answer.
    """
    root = safe.parse(data)
    signatures = list(root.iter(f"{_DS}Signature"))
    if not signatures:
        return SignatureReport("absent", "the file carries no signature")
    if len(signatures) > 1 or signatures[0].getparent() is not root:
        return SignatureReport("unsupported", "only one signature, placed directly below the root, is accepted")
    signature = signatures[0]
    problem = _unsupported(signature, root)
    form = "XAdES" if signature.find(f".//{_XADES}SignedProperties") is not None else "XMLDSig"
    if problem:
        return SignatureReport("unsupported", problem, form)
    try:
        chain = [_certificate(e) for e in signature.iterfind(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")]
        signed_root, properties, leaf = _intact(root, chain, form)
    except (
        UnsupportedAlgorithm,
        SignXMLException,
        etree.LxmlError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return SignatureReport("tampered", f"the signature does not fit the document: {reason}", form)
    if signed_root.tag == names.ROOT and _is_ours(signed_root) and not _house_form(data, root, signature):
        return SignatureReport("tampered", "the bytes differ from those the issuer wrote", form)
    signing_time = _signing_time(properties)
    trust = Trust(tuple(anchors), at, now, tuple(revocations))
    state, reason = judge(leaf, [c for c in chain if c != leaf], trust, signing_time)
    trusted = state not in {"untrusted", "revoked"}
    return SignatureReport(state, reason, form, signer_name(leaf), leaf, signing_time, trusted, signed_root)


def _unsupported(signature: etree._Element, root: etree._Element) -> str:
    """Why this signature is outside what we verify: odd references are how documents get wrapped."""
    info = signature.find(f"{_DS}SignedInfo")
    if info is None:
        return "the signature has no SignedInfo"
    method = info.find(f"{_DS}SignatureMethod")
    if method is None or method.get("Algorithm") not in {m.value for m in _METHODS}:
        return f"signature method {method.get('Algorithm') if method is not None else 'missing'} is not accepted"
    digests = {d.value for d in _DIGESTS}
    references = info.findall(f"{_DS}Reference")
    if not references or references[0].get("URI") != "":
        return "the first reference must cover the whole document"
    for reference in references:
        digest = reference.find(f"{_DS}DigestMethod")
        if digest is None or digest.get("Algorithm") not in digests:
            return "a digest method is missing or not accepted"
    transforms = [t.get("Algorithm") for t in references[0].iter(f"{_DS}Transform")]
    if transforms.count(_ENVELOPED) != 1 or any(t != _ENVELOPED and t not in _C14N for t in transforms):
        return "a transform other than enveloped-signature and canonicalisation is not accepted"
    if signature.find(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate") is None:
        return "the signature carries no certificate"
    return ""


def _certificate(element: etree._Element) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode("".join((element.text or "").split()), validate=True))


def _intact(
    root: etree._Element, chain: list[x509.Certificate], form: str
) -> tuple[etree._Element, etree._Element | None, x509.Certificate]:
    """The subtree that was signed, verified against the first certificate whose key fits."""
    leaf = next((c for c in chain if not _is_issuer_of_another(c, chain)), chain[0])
    # the certificate's dates are judged later, against the time that counts
    config: dict[str, Any] = {
        "require_x509": True,
        "location": "./",
        "expect_references": True,
        "signature_methods": _METHODS,
        "digest_algorithms": _DIGESTS,
        "verification_time": leaf.not_valid_before_utc,
    }
    if form == "XAdES":
        results: Any = XAdESVerifier().verify(root, x509_cert=leaf, expect_config=XAdESSignatureConfiguration(**config))
    else:
        results = XMLVerifier().verify(root, x509_cert=leaf, expect_config=SignatureConfiguration(**config))
    found = results if isinstance(results, list) else [results]
    signed = found[0].signed_xml
    if signed is None or signed.tag != root.tag:
        raise ValueError("the signature covers another element than the document")
    properties = [
        r.signed_xml for r in found if r.signed_xml is not None and r.signed_xml.tag == f"{_XADES}SignedProperties"
    ]
    if form == "XAdES" and len(properties) != 1:
        raise ValueError("the XAdES properties are not signed exactly once")
    return signed, properties[0] if properties else None, leaf


def _is_issuer_of_another(certificate: x509.Certificate, chain: list[x509.Certificate]) -> bool:
    return any(other != certificate and other.issuer == certificate.subject for other in chain)


def _signing_time(properties: etree._Element | None) -> datetime | None:
    element = properties.find(f".//{_XADES}SigningTime") if properties is not None else None
    try:
        time = datetime.fromisoformat((element.text or "").strip()) if element is not None else None
    except ValueError:
        return None
    return time if time is None or time.tzinfo else time.replace(tzinfo=UTC)


def _is_ours(root: etree._Element) -> bool:
    path = f"{{{names.DCC}}}administrativeData/{{{names.DCC}}}dccSoftware/{{{names.DCC}}}software"
    return any(e.get("refType") == "qh_issuingSoftware" for e in root.iterfind(path))


def _house_form(data: bytes, root: etree._Element, signature: etree._Element) -> bool:
    """Whether the bytes are those ``sign_xml`` wrote, also where XML signatures do not look."""
    commented = any(True for _ in root.iter(etree.Comment, etree.PI))
    if commented or data != serialise(root) or root[-1] is not signature:
        return False
    if [names.local(e.tag) for e in signature] != ["SignedInfo", "SignatureValue", "KeyInfo", "Object"]:
        return False
    value, box = signature[1], signature[3]
    text = value.text or ""
    if value.attrib or box.attrib or base64.b64encode(base64.b64decode(text)).decode() != text:
        return False
    qualifying = box[0]
    return (
        len(box) == 1
        and len(qualifying) == 1
        and set(signature.keys()) == {"Id"}
        and qualifying.items() == [("Target", f"#{signature.get('Id')}")]
        and not any((e.text or e.tail or "").strip() for e in (signature, box, qualifying))
    )
