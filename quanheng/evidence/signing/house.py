"""The one form in which our own signed documents are written, also where XML signatures do not look."""

from __future__ import annotations

import base64
import binascii

from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.bytes import serialise

_DS = f"{{{names.DS}}}"
_XADES = f"{{{names.XADES}}}"


def is_ours(root: etree._Element) -> bool:
    """Whether the signed part says that our software wrote it."""
    path = f"{{{names.DCC}}}administrativeData/{{{names.DCC}}}dccSoftware/{{{names.DCC}}}software"
    return any(e.get("refType") == "qh_issuingSoftware" for e in root.iterfind(path))


def house_form(data: bytes, root: etree._Element, signature: etree._Element) -> bool:
    """Whether the bytes are those ``sign_xml`` wrote."""
    commented = any(True for _ in root.iter(etree.Comment, etree.PI))
    if commented or data != serialise(root) or root[-1] is not signature:
        return False
    if [names.local(e.tag) for e in signature] != ["SignedInfo", "SignatureValue", "KeyInfo", "Object"]:
        return False
    value, box = signature[1], signature[3]
    if value.attrib or box.attrib or not _plain_base64(value.text) or len(box) != 1:
        return False
    qualifying = box[0]
    return (
        len(qualifying) in (1, 2)
        and set(signature.keys()) == {"Id"}
        and qualifying.items() == [("Target", f"#{signature.get('Id')}")]
        and not any((e.text or e.tail or "").strip() for e in (signature, box, qualifying))
        and all(_stamp_form(e) for e in list(qualifying)[1:])
    )


def _stamp_form(unsigned: etree._Element) -> bool:
    """One time stamp and nothing beside it; what is in the token is checked where the token is."""
    path = [f"{_XADES}UnsignedProperties", f"{_XADES}UnsignedSignatureProperties", f"{_XADES}SignatureTimeStamp"]
    element = unsigned
    for number, tag in enumerate(path):
        if element.tag != tag or element.attrib or (element.text or "").strip():
            return False
        if number < 2:
            if len(element) != 1:
                return False
            element = element[0]
    if [e.tag for e in element] != [f"{_DS}CanonicalizationMethod", f"{_XADES}EncapsulatedTimeStamp"]:
        return False
    return len(element[0]) == 0 and not element[1].attrib and _plain_base64(element[1].text)


def _plain_base64(text: str | None) -> bool:
    try:
        return base64.b64encode(base64.b64decode(text or "")).decode() == text
    except (binascii.Error, ValueError):
        return False
