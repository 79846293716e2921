"""Keys and certificates on disk: a small authority for demo and small offices, and the seal an organisation signs with.

A seal folder holds ``seal.key.pem`` (0600), or ``seal.token.toml`` that names a key on a PKCS#11 token, and
``seal.pem`` (seal certificate, then the chain up to the root).
An authority folder holds ``root.key.pem`` (0600) and ``root.pem``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from quanheng.errors import InputError
from quanheng.evidence.signing import token
from quanheng.evidence.signing.suite import DEFAULT, PrivateKey, PublicKey, Suite, suite_for

_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Seal:
    """An organisation's seal: its key and the certificates that say whose it is, seal first, root last."""

    key: PrivateKey
    chain: tuple[x509.Certificate, ...]
    suite: Suite

    @property
    def certificate(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def organisation(self) -> str:
        return organisation(self.certificate)

    @classmethod
    def load(cls, folder: Path, passphrase: bytes | None = None) -> Self:
        chain = tuple(load_anchors(_read(folder / "seal.pem")))
        public = _public_key(chain[0]) if chain else None
        on_token = folder / token.FILE
        if public is not None and on_token.exists():
            held = token.private_key(token.read_token_key(on_token), public)
            return cls(held, chain, suite_for(held))
        key = load_key(folder / "seal.key.pem", passphrase)
        if public is None or public != key.public_key():
            raise InputError(
                "seal", "the seal's certificate does not belong to its key: ask for a new one", str(folder)
            )
        return cls(key, chain, suite_for(key))


@dataclass(frozen=True)
class Authority:
    """The root that vouches for seals."""

    key: PrivateKey
    certificate: x509.Certificate
    suite: Suite

    @classmethod
    def create(
        cls,
        folder: Path,
        name: str,
        *,
        at: datetime,
        days: int = 7300,
        passphrase: bytes | None = None,
        suite: Suite = DEFAULT,
    ) -> Self:
        key = suite.new_key()
        subject = x509.Name(
            [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, _fits(name))]
        )
        builder = _builder(subject, subject, key.public_key(), at, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(sign_certificates=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        certificate = builder.sign(key, suite.certificate_hash())
        write_key(folder / "root.key.pem", key, passphrase)
        write_new(folder / "root.pem", _pem(certificate), 0o644)
        return cls(key, certificate, suite)

    @classmethod
    def load(cls, folder: Path, passphrase: bytes | None = None) -> Self:
        key = load_key(folder / "root.key.pem", passphrase)
        certificates = load_anchors(_read(folder / "root.pem"))
        if len(certificates) != 1:
            raise InputError("authority", "root.pem must hold exactly one certificate", str(folder))
        return cls(key, certificates[0], suite_for(key))

    def issue_seal(
        self,
        folder: Path,
        name: str,
        *,
        at: datetime,
        credit_code: str | None = None,
        days: int = 1826,
        passphrase: bytes | None = None,
        suite: Suite | None = None,
    ) -> Seal:
        """A new seal for an organisation, written to its folder; of the authority's suite unless another is named."""
        kind = suite or self.suite
        key = kind.new_key()
        certificate = self.certify(key.public_key(), subject_name(name, credit_code), at=at, days=days)
        write_key(folder / "seal.key.pem", key, passphrase)
        write_new(folder / "seal.pem", _pem(certificate) + _pem(self.certificate), 0o644)
        return Seal(key, (certificate, self.certificate), kind)

    def certify(self, public: PublicKey, subject: x509.Name, *, at: datetime, days: int = 1826) -> x509.Certificate:
        """A seal certificate for a key that somebody else holds, such as that of a certificate request."""
        days = min(days, (self.certificate.not_valid_after_utc - at).days)
        if days < 1:
            raise InputError(
                "authority_expired", "the root certificate has expired: create a new authority", "authority"
            )
        builder = _builder(subject, self.certificate.subject, public, at, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        root_id = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id)
        builder = builder.add_extension(issuer_id, critical=False)
        return builder.sign(self.key, self.suite.certificate_hash())


def subject_name(name: str, credit_code: str | None = None) -> x509.Name:
    """The name of an organisation as its seal carries it."""
    subject = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, _fits(name)),
    ]
    if credit_code:
        subject.insert(2, x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, credit_code))
    return x509.Name(subject)


def _public_key(certificate: x509.Certificate) -> PublicKey:
    key = certificate.public_key()
    suite_for(key)
    if not isinstance(key, PublicKey):
        raise InputError("seal", "the seal's certificate is for a key of a kind that no suite uses", "seal.pem")
    return key


def load_anchors(pem: bytes | str) -> list[x509.Certificate]:
    """Every certificate in a text that may hold other lines too (a KEYS file, a chain)."""
    data = pem.encode() if isinstance(pem, str) else pem
    if b"-----BEGIN CERTIFICATE-----" not in data:
        return []
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise InputError("certificate", f"a PEM certificate cannot be read: {error}", "") from None


def organisation(certificate: x509.Certificate) -> str:
    """The organisation a certificate names, else its common name."""
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        found = certificate.subject.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)
    return certificate.subject.rfc4514_string()


def _fits(name: str, size: int = 64) -> str:
    """The bound X.520 sets; the library counts it in bytes for common names."""
    return name.encode()[:size].decode(errors="ignore")


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey, at: datetime, days: int) -> x509.CertificateBuilder:
    begin = at.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - timedelta(minutes=5))
        .not_valid_after(begin + days * _DAY)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=not sign_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def write_key(path: Path, key: PrivateKey, passphrase: bytes | None) -> None:
    """PKCS#8 in PEM, 0600, encrypted where there is a passphrase."""
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    write_new(path, pem, 0o600)


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Never over an existing file: a lost key cannot be had again."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise InputError("exists", "the key folder is already in use: choose an empty one", str(path)) from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("unreadable", f"the file cannot be read: {error.strerror}", str(path)) from None


def load_key(path: Path, passphrase: bytes | None) -> PrivateKey:
    """A private key of one of our suites, from PEM."""
    try:
        key = serialization.load_pem_private_key(_read(path), passphrase)
    except (ValueError, TypeError) as error:
        raise InputError("key", f"the private key cannot be opened: {error}", str(path)) from None
    suite_for(key)
    if not isinstance(key, PrivateKey):
        raise InputError("key", "the private key is of a kind this suite cannot use", str(path))
    return key
