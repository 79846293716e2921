"""Checking the XML signatures of a certificate, whoever made them: XMLDSig and XAdES B, T, LT, one or several."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from quanheng.evidence.dcc import names, safe
from quanheng.evidence.dcc.bytes import remove
from quanheng.evidence.signing import accepted, house
from quanheng.evidence.signing.report import ABSENT, GOOD, SignatureReport, Trust, judge, signer_name
from quanheng.evidence.signing.xades_parts import carried_answers, carried_certificates, signing_time, stamp_of

_DS = f"{{{names.DS}}}"
_XADES = f"{{{names.XADES}}}"
_ERRORS = (UnsupportedAlgorithm, SignXMLException, etree.LxmlError, ValueError, KeyError, TypeError, AttributeError)
MOST = 16


def verify_xml(
    data: bytes,
    anchors: Sequence[x509.Certificate],
    at: datetime | None = None,
    *,
    now: datetime | None = None,
    revocations: Sequence[x509.CertificateRevocationList] = (),
) -> SignatureReport:
    """The state of a certificate as a whole: of its signatures the worst one; absent where there is none.

    ``at`` is a moment a third party vouches for. Believe nothing but ``signed_root`` of the answer.
    """
    reports = verify_signatures(data, anchors, at, now=now, revocations=revocations)
    return next((r for r in reports if r.state not in GOOD), reports[0] if reports else ABSENT)


def verify_signatures(
    data: bytes,
    anchors: Sequence[x509.Certificate],
    at: datetime | None = None,
    *,
    now: datetime | None = None,
    revocations: Sequence[x509.CertificateRevocationList] = (),
) -> tuple[SignatureReport, ...]:
    """One report for each signature, in document order; a file that is no XML raises InputError."""
    root = safe.parse(data)
    signatures = list(root.iter(f"{_DS}Signature"))
    if len(signatures) > MOST:
        return (SignatureReport("unsupported", f"the file carries more than {MOST} signatures"),)
    if any(s.getparent() is not root for s in signatures):
        # a signature anywhere else is how a signed document is wrapped into a forged one
        reason = "a signature is accepted only directly below the root"
        return tuple(SignatureReport("unsupported", reason) for _ in signatures)
    trust = Trust(tuple(anchors), at, now, tuple(revocations))
    reports = []
    for index, signature in enumerate(signatures):
        report = _one(root, index, trust)
        if report.signed_root is not None and house.is_ours(report.signed_root):
            alone = len(signatures) == 1
            if not alone or not house.house_form(data, root, signature):
                report = SignatureReport("tampered", "the bytes differ from those the issuer wrote", report.form)
        reports.append(report)
    return tuple(reports)


def _one(root: etree._Element, index: int, trust: Trust) -> SignatureReport:
    """One signature over the document as it was when it was made: without the later signatures."""
    document = etree.fromstring(etree.tostring(root), safe.parser(huge=True))
    signatures = document.findall(f"{_DS}Signature")
    signature = signatures[index]
    for later in signatures[index + 1 :]:
        remove(later)
    form = "XAdES" if signature.find(f".//{_XADES}SignedProperties") is not None else "XMLDSig"
    problem = accepted.refusal(signature)
    if problem:
        return SignatureReport("unsupported", problem, form)
    if accepted.is_parallel(signature):
        for other in signatures[:index]:
            remove(other)
    try:
        chain = [_certificate(e) for e in signature.iterfind(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")]
        leaf = next((c for c in chain if not _is_issuer_of_another(c, chain)), chain[0])
        weak = _weak(leaf)
        if weak:
            return SignatureReport("unsupported", weak, form)
        signed_root, properties = _intact(document, leaf, form)
    except _ERRORS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return SignatureReport("tampered", f"the signature does not fit the document: {reason}", form)
    return _judged(signature, signed_root, properties, leaf, chain, trust, form)


def _judged(
    signature: etree._Element,
    signed_root: etree._Element,
    properties: etree._Element | None,
    leaf: x509.Certificate,
    chain: list[x509.Certificate],
    trust: Trust,
    form: str,
) -> SignatureReport:
    claimed = signing_time(properties)
    extra = carried_certificates(signature)
    stamp, trouble = stamp_of(signature, trust.anchors, extra)
    answers = carried_answers(signature)
    trust = replace(trust, stamp=stamp, carried=answers)
    others = [c for c in dict.fromkeys((*chain, *extra)) if c != leaf]
    verdict = judge(leaf, others, trust, claimed)
    level = "" if form == "XMLDSig" else "B"
    if stamp is not None:
        level = "LT" if answers.lists or answers.responses else "T"
    trusted = verdict.state not in {"untrusted", "revoked"}
    reason = f"{verdict.reason}; {trouble}" if trouble else verdict.reason
    return SignatureReport(
        verdict.state,
        reason,
        form,
        signer_name(leaf),
        leaf,
        claimed,
        trusted,
        signed_root,
        level,
        stamp,
        verdict.revocation_known,
        verdict.ahead,
    )


def _certificate(element: etree._Element) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode("".join((element.text or "").split()), validate=True))


def _weak(leaf: x509.Certificate) -> str:
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "" if key.key_size >= 2048 else f"an RSA key of {key.key_size} bits is too weak"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if key.curve.key_size >= 256 else f"a key on {key.curve.name} is too weak"
    return "only RSA and elliptic-curve keys are accepted"


class _Plain(XMLVerifier):
    """The library's verifier, pointed at the last signature: later ones were removed."""

    def _get_signature(self, root: Any) -> Any:
        return root.findall(f"{_DS}Signature")[-1]

    def _apply_transforms(self, payload: Any, *, transforms_node: Any, signature: Any) -> Any:
        if transforms_node is not None and accepted.without_signatures(transforms_node):
            remove(signature)
        return super()._apply_transforms(payload, transforms_node=transforms_node, signature=signature)


class _Advanced(_Plain, XAdESVerifier):
    pass


def _intact(root: etree._Element, leaf: x509.Certificate, form: str) -> tuple[etree._Element, etree._Element | None]:
    """The subtree that was signed, verified against the signer's certificate."""
    # the certificate's dates are judged later, against the time that counts
    config: dict[str, Any] = {
        "require_x509": True,
        "location": "./",
        "expect_references": True,
        "signature_methods": accepted.METHODS,
        "digest_algorithms": accepted.DIGESTS,
        "verification_time": leaf.not_valid_before_utc,
    }
    if form == "XAdES":
        results: Any = _Advanced().verify(root, x509_cert=leaf, expect_config=XAdESSignatureConfiguration(**config))
    else:
        results = _Plain().verify(root, x509_cert=leaf, expect_config=SignatureConfiguration(**config))
    found = results if isinstance(results, list) else [results]
    signed = found[0].signed_xml
    if signed is None or signed.tag != root.tag:
        raise ValueError("the signature covers another element than the document")
    properties = [
        r.signed_xml for r in found if r.signed_xml is not None and r.signed_xml.tag == f"{_XADES}SignedProperties"
    ]
    if form == "XAdES" and len(properties) != 1:
        raise ValueError("the XAdES properties are not signed exactly once")
    return signed, properties[0] if properties else None


def _is_issuer_of_another(certificate: x509.Certificate, chain: list[x509.Certificate]) -> bool:
    return any(other != certificate and other.issuer == certificate.subject for other in chain)
