"""Real forged files: wrapping, doubled identifiers, confused algorithms, weak digests, several signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.signer import XMLSigner

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.build import build
from quanheng.evidence.dcc.read import read_root
from quanheng.evidence.dcc.safe import parse
from quanheng.evidence.signing.report import SignatureReport
from quanheng.evidence.signing.xades import sign_xml
from quanheng.evidence.signing.xmlverify import verify_signatures
from tests.evidence.sample_content import make_content
from tests.evidence.signing.keys import AT, authority, seal

FOREIGN = build(make_content()).replace(b"qh_issuingSoftware", b"other_software")
DS = f"{{{names.DS}}}"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"


def check(data: bytes) -> Sequence[SignatureReport]:
    return verify_signatures(data, [authority().certificate], now=AT)


def states(data: bytes) -> list[str]:
    return [r.state for r in check(data)]


@cache
def signed() -> bytes:
    return sign_xml(FOREIGN, seal(), AT)


@cache
def rsa_signer(bits: int = 2048) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"rsa {bits}")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(authority().certificate.subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(AT - timedelta(days=1)).not_valid_after(AT + timedelta(days=9))
    builder = builder.add_extension(x509.BasicConstraints(False, None), True)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    builder = builder.add_extension(usage, True)
    root_id = authority().certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), False)
    return key, builder.sign(authority().key, hashes.SHA256())


def by_hand(xml: bytes, transform: str, *, references: str = "") -> bytes:
    """A signature made without any library, over the document without signatures, with the transform given."""
    root = parse(xml)
    bare = parse(xml)
    for found in bare.findall(names.SIGNATURE):
        bare.remove(found)
    digest = base64.b64encode(hashlib.sha256(etree.tostring(bare, method="c14n", exclusive=True)).digest()).decode()
    info = (
        f'<ds:SignedInfo xmlns:ds="{names.DS}">'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></ds:SignatureMethod>'
        f'<ds:Reference URI=""><ds:Transforms>{transform}'
        '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue>'
        f"</ds:Reference>{references}</ds:SignedInfo>"
    )
    canonical = etree.tostring(etree.fromstring(info), method="c14n", exclusive=True)
    r, s = decode_dss_signature(seal().key.sign(canonical, ec.ECDSA(hashes.SHA256())))
    value = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
    certificate = base64.b64encode(seal().certificate.public_bytes(Encoding.DER)).decode()
    text = (
        f'<ds:Signature xmlns:ds="{names.DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo>'
        f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    root.append(etree.fromstring(text))
    return etree.tostring(root)


SUBTRACT = (
    f'<ds:Transform Algorithm="{FILTER}"><f:XPath xmlns:f="{FILTER}" Filter="subtract">'
    "/descendant::ds:Signature</f:XPath></ds:Transform>"
)
NOT_SIGNATURE = (
    '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>"
)


@pytest.mark.parametrize("transform", [SUBTRACT, NOT_SIGNATURE])
def test_parallel_signatures_are_each_judged(transform: str) -> None:
    twice = by_hand(by_hand(FOREIGN, transform), transform)
    assert states(twice) == ["valid-now", "valid-now"]
    assert states(twice.replace(b"A2209-00417", b"A2209-00418")) == ["tampered", "tampered"]


def test_serial_signatures_are_each_judged_over_what_stood_then() -> None:
    key, certificate = rsa_signer()
    second = XMLSigner(signature_algorithm="rsa-sha256").sign(parse(signed()), key=key, cert=[certificate])
    assert states(etree.tostring(second)) == ["valid-now", "valid-now"]
    # whoever takes the first one away is noticed by the second, which covers it
    second.remove(second.findall(names.SIGNATURE)[0])
    assert states(etree.tostring(second)) == ["tampered"]
    both = by_hand(signed(), SUBTRACT)
    assert states(both) == ["valid-now", "valid-now"]
    assert [r.form for r in check(both)] == ["XAdES", "XMLDSig"]
    changed = both.replace(b"A2209-00417", b"A2209-00418")
    assert states(changed) == ["tampered", "tampered"]


def test_only_the_signed_part_is_read() -> None:
    for report in check(by_hand(FOREIGN, SUBTRACT)):
        assert report.signed_root is not None
        assert read_root(report.signed_root).signatures == 0


@pytest.mark.parametrize(
    "transform",
    [
        SUBTRACT.replace("/descendant::ds:Signature", "/descendant::ds:Signature | //*[local-name()='items']"),
        SUBTRACT.replace("subtract", "intersect"),
        NOT_SIGNATURE.replace("ds:Signature", "ds:Signature or ancestor-or-self::*[local-name()='results']"),
        NOT_SIGNATURE + SUBTRACT,
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>' + NOT_SIGNATURE,
        "",
    ],
)
def test_transforms_that_leave_something_else_out_are_refused(transform: str) -> None:
    assert states(by_hand(FOREIGN, transform)) == ["unsupported"]


def test_a_prefix_that_means_something_else_does_not_fool_the_transform() -> None:
    lie = NOT_SIGNATURE.replace("<ds:XPath>", '<x:XPath xmlns:x="http://www.w3.org/2000/09/xmldsig#" xmlns:ds="urn:x">')
    lie = lie.replace("</ds:XPath>", "</x:XPath>")
    assert states(by_hand(FOREIGN, lie)) == ["unsupported"]


def test_rsa_signatures_are_checked_and_short_keys_refused() -> None:
    for bits, expected in ((2048, "valid-now"), (1024, "unsupported")):
        key, certificate = rsa_signer(bits)
        data = etree.tostring(
            XMLSigner(signature_algorithm="rsa-sha256").sign(parse(FOREIGN), key=key, cert=[certificate])
        )
        assert states(data) == [expected]


def test_the_public_key_as_a_password_does_not_pass() -> None:
    """Algorithm confusion: an HMAC keyed with the bytes of the certificate everybody has."""
    root = parse(signed())
    method = next(root.iter(f"{DS}SignatureMethod"))
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    info = next(root.iter(f"{DS}SignedInfo"))
    key = seal().certificate.public_bytes(Encoding.DER)
    canonical = etree.tostring(info, method="c14n")
    value = next(root.iter(f"{DS}SignatureValue"))
    value.text = base64.b64encode(hmac.new(key, canonical, "sha256").digest()).decode()
    assert states(etree.tostring(root)) == ["unsupported"]


def test_a_signature_of_one_kind_does_not_pass_for_another() -> None:
    swapped = signed().replace(b"xmldsig-more#ecdsa-sha256", b"xmldsig-more#rsa-sha256")
    assert states(swapped) == ["tampered"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"xmlenc#sha256", b"xmldsig-more#sha224"),
        (b"xmlenc#sha256", b"xmldsig-more#md5"),
        (b"xmldsig-more#ecdsa-sha256", b"xmldsig-more#ecdsa-sha1"),
        (b"xmldsig-more#ecdsa-sha256", b"xmldsig-more#ecdsa-sha224"),
        (b"2006/12/xml-c14n11", b"2006/12/xml-c14n11#WithComments"),
    ],
)
def test_weak_or_odd_algorithms_are_refused(old: bytes, new: bytes) -> None:
    assert old in signed()
    assert states(signed().replace(old, new)) == ["unsupported"]


def test_the_document_hidden_inside_another_is_refused() -> None:
    """Wrapping: the reader would see the outer document, the verifier the inner one."""
    inner = parse(signed())
    outer = parse(FOREIGN.replace(b"A2209-00417", b"FORGED"))
    etree.SubElement(outer, f"{{{names.DCC}}}comment").append(inner)
    assert states(etree.tostring(outer)) == ["unsupported"]
    lifted = parse(signed())
    signature = lifted.find(names.SIGNATURE)
    assert signature is not None
    outer = parse(FOREIGN.replace(b"A2209-00417", b"FORGED"))
    etree.SubElement(outer, f"{{{names.DCC}}}comment").append(lifted)
    outer.append(signature)
    assert states(etree.tostring(outer)) == ["tampered"]


def test_the_signed_document_carried_inside_the_signature_is_refused() -> None:
    """Wrapping the other way round: an Object with the original and a reference to it by Id."""
    root = parse(signed())
    signature = root.find(names.SIGNATURE)
    assert signature is not None
    box = etree.SubElement(signature, f"{DS}Object")
    box.set("Id", "original")
    box.append(parse(FOREIGN))
    next(signature.iter(f"{DS}Reference")).set("URI", "#original")
    assert states(etree.tostring(root)) == ["unsupported"]


def test_an_identifier_used_twice_is_refused() -> None:
    root = parse(signed())
    properties = next(e for e in root.iter() if names.local(e.tag) == "SignedProperties")
    root[0].set("Id", str(properties.get("Id")))
    assert states(etree.tostring(root)) == ["unsupported"]
    root = parse(signed())
    properties = next(e for e in root.iter() if names.local(e.tag) == "SignedProperties")
    parent = properties.getparent()
    assert parent is not None
    copy = etree.fromstring(etree.tostring(properties))
    next(e for e in copy.iter() if names.local(e.tag) == "SigningTime").text = "2020-01-01T00:00:00Z"
    parent.insert(0, copy)
    assert states(etree.tostring(root)) == ["unsupported"]


def test_another_certificate_cannot_be_slipped_in() -> None:
    _, other = rsa_signer()
    root = parse(signed())
    box = next(root.iter(f"{DS}X509Certificate"))
    box.text = base64.b64encode(other.public_bytes(Encoding.DER)).decode()
    assert states(etree.tostring(root)) == ["tampered"]


def test_a_reference_that_leads_outside_is_refused_and_nothing_is_fetched() -> None:
    for uri in ("http://127.0.0.1:9/x", "file:///etc/passwd"):
        data = signed().replace(b'URI="#', f'URI="{uri}#'.encode(), 1)
        assert states(data) == ["unsupported"]


def test_hundreds_of_signatures_are_not_worked_through() -> None:
    root = parse(signed())
    text = etree.tostring(root[-1])
    for _ in range(200):
        root.append(etree.fromstring(text))
    assert [r.state for r in check(etree.tostring(root))] == ["unsupported"]


@pytest.mark.parametrize("spoil", ["cut", "letters", "empty", "none"])
def test_spoiled_signature_values_are_tampered_and_never_crash(spoil: str) -> None:
    root = parse(signed())
    value = next(root.iter(f"{DS}SignatureValue"))
    text = value.text or ""
    value.text = {"cut": text[:-3], "letters": "§" + text, "empty": "", "none": None}[spoil]
    assert states(etree.tostring(root)) == ["tampered"]
