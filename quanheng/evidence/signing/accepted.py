"""Which algorithms, references and transforms an XML signature may use: everything else is refused by name."""

from __future__ import annotations

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from quanheng.evidence.dcc import names

_DS = f"{{{names.DS}}}"
_STRONG = ("ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512", "RSA_SHA256", "RSA_SHA384", "RSA_SHA512",
           "SHA256_RSA_MGF1", "SHA384_RSA_MGF1", "SHA512_RSA_MGF1")  # fmt: skip
METHODS = frozenset(SignatureMethod[name] for name in _STRONG)
DIGESTS = frozenset(DigestAlgorithm[name] for name in ("SHA256", "SHA384", "SHA512"))
_ENVELOPED = f"{names.DS}enveloped-signature"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
_C14N = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}
# the only two expressions taken: both mean "the document without any signature"
_NO_SIGNATURES = {
    _XPATH: {"not(ancestor-or-self::ds:Signature)"},
    _FILTER: {"/descendant::ds:Signature", "//ds:Signature"},
}


def refusal(signature: etree._Element) -> str:
    """Why a signature is outside what we verify, else empty: odd references are how documents get wrapped."""
    info = signature.find(f"{_DS}SignedInfo")
    if info is None or len(signature.findall(f"{_DS}SignedInfo")) != 1:
        return "the signature needs one SignedInfo"
    method = info.find(f"{_DS}SignatureMethod")
    algorithm = method.get("Algorithm") if method is not None else None
    if algorithm not in {m.value for m in METHODS}:
        return f"signature method {algorithm or 'missing'} is not accepted"
    canonical = info.find(f"{_DS}CanonicalizationMethod")
    if canonical is None or canonical.get("Algorithm") not in _C14N:
        return "the canonicalisation method is missing or not accepted"
    references = info.findall(f"{_DS}Reference")
    if not references or references[0].get("URI") != "":
        return "the first reference must cover the whole document"
    if any(not (r.get("URI") or "").startswith("#") for r in references[1:]):
        return "a reference leads outside the document"
    digests = {d.value for d in DIGESTS}
    for reference in references:
        digest = reference.find(f"{_DS}DigestMethod")
        if digest is None or digest.get("Algorithm") not in digests:
            return "a digest method is missing or not accepted"
    return _transforms(references) or _identifiers(signature) or _key(signature)


def _transforms(references: list[etree._Element]) -> str:
    for number, reference in enumerate(references):
        found = list(reference.iter(f"{_DS}Transform"))
        enveloping = [t for t in found if t.get("Algorithm") == _ENVELOPED or _excludes(t)]
        if len(enveloping) != (1 if number == 0 else 0):
            return "the document must be referenced without its signature, and nothing else so"
        if any(t not in enveloping and t.get("Algorithm") not in _C14N for t in found):
            return "a transform other than enveloped-signature and canonicalisation is not accepted"
    return ""


def _identifiers(signature: etree._Element) -> str:
    """An Id that occurs twice lets a reference point at what was not signed."""
    tree = signature.getroottree().getroot()
    ids = [e.get(name) for e in tree.iter(etree.Element) for name in ("Id", "ID") if e.get(name)]
    wanted = {(r.get("URI") or "")[1:] for r in signature.iterfind(f"{_DS}SignedInfo/{_DS}Reference")} - {""}
    for one in wanted:
        if ids.count(one) > 1 and _clashes(signature, one):
            return f"the Id {one!r} is used more than once"
    return ""


def _clashes(signature: etree._Element, identifier: str) -> bool:
    """Outside the signatures, or twice inside this one."""
    inside = sum(identifier in (e.get("Id"), e.get("ID")) for e in signature.iter(etree.Element))
    tree = signature.getroottree().getroot()
    everywhere = sum(identifier in (e.get("Id"), e.get("ID")) for e in tree.iter(etree.Element))
    return inside != 1 or everywhere != inside


def _key(signature: etree._Element) -> str:
    if signature.find(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate") is None:
        return "the signature carries no certificate"
    return ""


def _excludes(transform: etree._Element) -> bool:
    algorithm = transform.get("Algorithm") or ""
    inner = [e for e in transform if names.local(e.tag) == "XPath"]
    if algorithm not in _NO_SIGNATURES or len(inner) != 1 or len(transform) != 1:
        return False
    if inner[0].nsmap.get("ds") != names.DS:
        return False
    if algorithm == _FILTER and inner[0].get("Filter") != "subtract":
        return False
    return "".join((inner[0].text or "").split()) in _NO_SIGNATURES[algorithm]


def without_signatures(transforms: etree._Element) -> bool:
    """Whether a reference leaves out every signature by an XPath transform."""
    return any(_excludes(t) for t in transforms.iter(f"{_DS}Transform"))


def is_parallel(signature: etree._Element) -> bool:
    """Whether a signature stands beside the others instead of covering the earlier ones."""
    reference = signature.find(f"{_DS}SignedInfo/{_DS}Reference")
    return reference is not None and without_signatures(reference)
