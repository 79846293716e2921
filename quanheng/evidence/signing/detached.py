"""A seal beside a file, over its bytes, by any suite: how SM2 with SM3 is offered until a rule says more.

The signature is the bare one that a suite makes (DER for ECDSA and SM2, a number for RSA), so that OpenSSL or a
vendor's tool checks it with nothing of ours. It states neither time nor signer: the key does, to whoever was given it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import csr, keys, x509
from asn1crypto import pem as armour
from cryptography.hazmat.primitives import serialization

from quanheng.errors import InputError
from quanheng.evidence.signing import sm2, token
from quanheng.evidence.signing.authority import load_key
from quanheng.evidence.signing.suite import PrivateKey, PublicKey, suite_for

SUFFIX = ".sig"
# a seal's folder says in public whose key it holds: by the chain, or by the request that went out
_PUBLIC = ("seal.pem", "seal.csr.pem")


@dataclass(frozen=True)
class DetachedKey:
    """A public key that seals bytes; ``point`` is that of an SM2 key, which the library for the others cannot read."""

    spki: bytes
    suite: str
    point: bytes = b""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.spki).hexdigest()

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature fits the bytes."""
        if self.suite == sm2.NAME:
            return sm2.verify(self.point, signature, data)
        key = _loaded(self.spki)
        return suite_for(key).verify(key, signature, data)


def public_key(pem: bytes, place: str = "") -> DetachedKey:
    """The key of a PEM public key, certificate (the first of a chain) or certificate request."""
    info = _spki(pem, place)
    spki = bytes(info.dump())
    try:
        on_curve = info["algorithm"]["parameters"].chosen.dotted if info.algorithm == "ec" else ""
    except (ValueError, KeyError, AttributeError):
        on_curve = ""
    if on_curve == sm2.CURVE_OID:
        return DetachedKey(spki, sm2.NAME, bytes(info["public_key"].native))
    return DetachedKey(spki, suite_for(_loaded(spki, place)).name)


def sign_detached(folder: Path, data: bytes, passphrase: bytes | None = None) -> tuple[bytes, DetachedKey]:
    """The signature of a seal's folder over the bytes, and the key it is checked with."""
    public = public_key(_public(folder), str(folder))
    signature = _signer(folder, public, passphrase)(data)
    if not public.verify(signature, data):
        raise InputError("seal", "the seal's certificate does not belong to its key: ask for a new one", str(folder))
    return signature, public


def _signer(folder: Path, public: DetachedKey, passphrase: bytes | None) -> Callable[[bytes], bytes]:
    if public.suite == sm2.NAME:
        return sm2.Sm2Key(folder / "seal.key.pem", passphrase).sign
    where = folder / token.FILE
    key: PrivateKey
    if where.exists():
        key = token.private_key(token.read_token_key(where), _loaded(public.spki))
    else:
        key = load_key(folder / "seal.key.pem", passphrase)
    return lambda data: suite_for(key).sign(key, data)


def _public(folder: Path) -> bytes:
    for name in _PUBLIC:
        if (folder / name).exists():
            try:
                return (folder / name).read_bytes()
            except OSError as error:
                raise InputError("unreadable", f"the seal cannot be read: {error.strerror}", str(folder)) from None
    raise InputError("seal", "the folder holds no seal: make one with `seal request` or `seal issue`", str(folder))


def _spki(pem: bytes, place: str) -> keys.PublicKeyInfo:
    try:
        kind, _, der = armour.unarmor(pem)
        if kind == "PUBLIC KEY":
            return keys.PublicKeyInfo.load(der, strict=True)
        if kind == "CERTIFICATE":
            return x509.Certificate.load(der, strict=True).public_key
        if kind.endswith("CERTIFICATE REQUEST"):
            return csr.CertificationRequest.load(der, strict=True)["certification_request_info"]["subject_pk_info"]
    except (ValueError, TypeError, KeyError):
        pass
    raise InputError("key", "the file holds no PEM public key, certificate or certificate request", place)


def _loaded(spki: bytes, place: str = "") -> PublicKey:
    try:
        key = serialization.load_der_public_key(spki)
    except Exception:
        key = None
    if not isinstance(key, PublicKey):
        raise InputError("key", "the key is of a kind that no suite uses", place)
    return key
