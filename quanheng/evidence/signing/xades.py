"""XAdES-B and XAdES-T enveloped signatures over a certificate's XML."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSigner

from quanheng.errors import InputError
from quanheng.evidence.dcc import names, safe
from quanheng.evidence.dcc.bytes import serialise
from quanheng.evidence.signing.authority import Seal
from quanheng.evidence.signing.xades_parts import C14N, stamped_bytes

_DS = f"{{{names.DS}}}"
_XADES = f"{{{names.XADES}}}"

# bytes to stamp → DER of an RFC 3161 token
Stamper = Callable[[bytes], bytes]


class _Signer(XAdESSigner):
    """The library's signer with the signing time as an argument."""

    signing_time: datetime

    def add_signing_time(self, signed_signature_properties: Any, sig_root: Any, signing_settings: Any) -> None:
        element = etree.SubElement(signed_signature_properties, f"{_XADES}SigningTime", nsmap=self.namespaces)
        element.text = self.signing_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sign_xml(xml: bytes, seal: Seal, at: datetime, stamper: Stamper | None = None) -> bytes:
    """The document with the seal's signature as last child of its root; with a stamper, time-stamped (XAdES-T)."""
    root = safe.parse(xml)
    if any(True for _ in root.iter(etree.Comment, etree.PI)):
        raise InputError(
            "comment", "the document holds comments, which no signature covers: remove them (--drop-comments)", ""
        )
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
    if stamper is not None:
        _stamp(next(signed.iterchildren(names.SIGNATURE)), stamper)
    return serialise(signed)


def _stamp(signature: etree._Element, stamper: Stamper) -> None:
    qualifying = next(signature.iter(f"{_XADES}QualifyingProperties"))
    box = etree.SubElement(qualifying, f"{_XADES}UnsignedProperties")
    box = etree.SubElement(box, f"{_XADES}UnsignedSignatureProperties")
    stamp = etree.SubElement(box, f"{_XADES}SignatureTimeStamp")
    etree.SubElement(stamp, f"{_DS}CanonicalizationMethod").set("Algorithm", C14N)
    token = stamper(stamped_bytes(signature, C14N))
    etree.SubElement(stamp, f"{_XADES}EncapsulatedTimeStamp").text = base64.b64encode(token).decode()
