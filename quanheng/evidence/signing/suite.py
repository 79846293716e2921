"""One interface over signature algorithms. ECDSA P-256 now; SM2 with SM3 joins as another ``Suite``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from quanheng.errors import InputError

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey
CertificateHash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512


class Suite(Protocol):
    """What the signing code asks of an algorithm; the URIs are those written into XML signatures."""

    @property
    def name(self) -> str: ...
    @property
    def xml_signature(self) -> str: ...
    @property
    def xml_digest(self) -> str: ...
    @property
    def pdf_digest(self) -> str: ...

    def new_key(self) -> PrivateKey: ...
    def certificate_hash(self) -> CertificateHash: ...
    def fits(self, key: object) -> bool: ...


@dataclass(frozen=True)
class EcdsaP256:
    name: str = "ecdsa-p256"
    xml_signature: str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    xml_digest: str = "http://www.w3.org/2001/04/xmlenc#sha256"
    pdf_digest: str = "sha256"

    def new_key(self) -> PrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    def certificate_hash(self) -> CertificateHash:
        return hashes.SHA256()

    def fits(self, key: object) -> bool:
        return isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"


DEFAULT: Suite = EcdsaP256()
SUITES: dict[str, Suite] = {DEFAULT.name: DEFAULT}


def suite_for(key: object) -> Suite:
    """The suite a key belongs to; InputError where we have none."""
    for suite in SUITES.values():
        if suite.fits(key):
            return suite
    known = ", ".join(SUITES)
    raise InputError("suite_unknown", f"the key belongs to no signature suite in use: make one of {known}", "key")
