"""One interface over signature algorithms: how a seal's key is made, what it signs with, how XML and PDF name it.

Keys are objects of ``cryptography``, or of a token that quacks like one (``pkcs11``). SM2 with SM3 is in ``sm2``: the
certificate library cannot read its keys, so it has its own containers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from quanheng.errors import InputError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
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

    def sign(self, key: PrivateKey, data: bytes) -> bytes:
        """The signature as X.509 and CMS write it: DER for ECDSA, a number for RSA."""
        ...

    def verify(self, key: PublicKey, signature: bytes, data: bytes) -> bool: ...


@dataclass(frozen=True)
class Ecdsa:
    """ECDSA over a NIST curve, with the hash of its strength."""

    name: str
    curve: type[ec.EllipticCurve]
    digest: type[CertificateHash]
    xml_signature: str
    xml_digest: str
    pdf_digest: str

    def new_key(self) -> PrivateKey:
        return ec.generate_private_key(self.curve())

    def certificate_hash(self) -> CertificateHash:
        return self.digest()

    def fits(self, key: object) -> bool:
        kinds = ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey
        return isinstance(key, kinds) and isinstance(key.curve, self.curve)

    def sign(self, key: PrivateKey, data: bytes) -> bytes:
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _wrong_key(self.name)
        return key.sign(data, ec.ECDSA(self.digest()))

    def verify(self, key: PublicKey, signature: bytes, data: bytes) -> bool:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise _wrong_key(self.name)
        try:
            key.verify(signature, data, ec.ECDSA(self.digest()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class RsaSha256:
    """RSA with PKCS#1 v1.5 padding, which every validator reads; new keys have 3072 bits, 2048 are accepted."""

    name: str = "rsa-3072"
    xml_signature: str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    xml_digest: str = "http://www.w3.org/2001/04/xmlenc#sha256"
    pdf_digest: str = "sha256"

    def new_key(self) -> PrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)

    def certificate_hash(self) -> CertificateHash:
        return hashes.SHA256()

    def fits(self, key: object) -> bool:
        return isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) and key.key_size >= 2048

    def sign(self, key: PrivateKey, data: bytes) -> bytes:
        if not isinstance(key, rsa.RSAPrivateKey):
            raise _wrong_key(self.name)
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def verify(self, key: PublicKey, signature: bytes, data: bytes) -> bool:
        if not isinstance(key, rsa.RSAPublicKey):
            raise _wrong_key(self.name)
        try:
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def _wrong_key(name: str) -> InputError:
    return InputError("key", f"the key is not one of the suite {name}: use a key of its kind", "key")


DEFAULT: Suite = Ecdsa(
    "ecdsa-p256",
    ec.SECP256R1,
    hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha256",
)
P384: Suite = Ecdsa(
    "ecdsa-p384",
    ec.SECP384R1,
    hashes.SHA384,
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha384",
)
SUITES: dict[str, Suite] = {suite.name: suite for suite in (DEFAULT, P384, RsaSha256())}


def suite_for(key: object) -> Suite:
    """The suite a key belongs to; InputError where we have none."""
    for suite in SUITES.values():
        if suite.fits(key):
            return suite
    known = ", ".join(SUITES)
    raise InputError("suite_unknown", f"the key belongs to no signature suite in use: make one of {known}", "key")


def suite_named(name: str, *, place: str) -> Suite:
    """The suite of a name, as the configuration gives it."""
    try:
        return SUITES[name]
    except KeyError:
        known = ", ".join(SUITES)
        raise InputError(
            "suite_unknown", f"there is no signature suite {name[:40]!r}: name one of {known}", place
        ) from None
