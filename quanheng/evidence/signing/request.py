"""A seal from a real certificate authority: the key is made here, a request goes out, a chain comes back.

``request`` leaves ``seal.key.pem`` (or ``seal.token.toml``) and ``seal.csr.pem`` in the folder; ``install`` puts the
chain that came back into ``seal.pem`` after checking that it belongs to the key and holds together.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from quanheng.errors import InputError
from quanheng.evidence.signing import sm2, token
from quanheng.evidence.signing.authority import Seal, load_anchors, load_key, subject_name, write_key, write_new
from quanheng.evidence.signing.suite import DEFAULT, PrivateKey, PublicKey, Suite, suite_for

REQUEST, CHAIN = "seal.csr.pem", "seal.pem"


def request(
    folder: Path,
    name: str,
    *,
    credit_code: str | None = None,
    suite: Suite = DEFAULT,
    passphrase: bytes | None = None,
    on_token: token.TokenKey | None = None,
) -> bytes:
    """Make a key and the PKCS#10 request for it, in PEM."""
    if (folder / CHAIN).exists() or (folder / REQUEST).exists():
        raise InputError("exists", "this folder holds a seal or a request already: choose an empty one", str(folder))
    key: PrivateKey
    if on_token is not None:
        key = token.private_key(on_token, token.generate(on_token, suite.name))
        write_new(folder / token.FILE, on_token.text().encode(), 0o600)
    else:
        key = suite.new_key()
        write_key(folder / "seal.key.pem", key, passphrase)
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject_name(name, credit_code))
    pem = builder.sign(key, suite.certificate_hash()).public_bytes(serialization.Encoding.PEM)
    write_new(folder / REQUEST, pem, 0o644)
    return pem


def request_sm2(folder: Path, name: str, *, credit_code: str | None = None, passphrase: bytes | None = None) -> Path:
    """An SM2 key and its request, for an authority under the national algorithms; both by OpenSSL."""
    if (folder / CHAIN).exists() or (folder / REQUEST).exists():
        raise InputError("exists", "this folder holds a seal or a request already: choose an empty one", str(folder))
    key = sm2.Sm2Key.create(folder / "seal.key.pem", passphrase)
    write_new(folder / REQUEST, key.request(name, credit_code), 0o644)
    return folder / REQUEST


def read_request(pem: bytes) -> x509.CertificateSigningRequest:
    """A request whose own signature holds: who asks has the key."""
    try:
        found = x509.load_pem_x509_csr(pem)
        holds = found.is_signature_valid
    except ValueError as error:
        raise InputError("request", f"the certificate request cannot be read: {error}", "") from None
    if not holds:
        raise InputError("request", "the request is not signed by the key it names: ask for it again", "")
    suite_for(found.public_key())
    return found


def public_key(asked: x509.CertificateSigningRequest) -> PublicKey:
    """The key a request is about, of one of our suites."""
    key = asked.public_key()
    suite_for(key)
    if not isinstance(key, PublicKey):
        raise InputError("request", "the request is for a key of a kind that no suite uses", REQUEST)
    return key


def install(folder: Path, chain_pem: bytes, passphrase: bytes | None = None) -> Seal:
    """Put the chain of an authority into a seal's folder."""
    chain = load_anchors(chain_pem)
    if not chain:
        raise InputError("certificate", "the file holds no PEM certificate", CHAIN)
    where = folder / token.FILE
    if not where.exists():
        own = load_key(folder / "seal.key.pem", passphrase).public_key()
        if chain[0].public_key() != own:
            raise InputError("seal", "the first certificate is not for the key of this folder", CHAIN)
    elif chain[0].public_key() != _asked(folder).public_key():
        raise InputError("seal", "the first certificate is not for the key that was asked for", CHAIN)
    for lower, upper in itertools.pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except Exception as error:
            message = f"a certificate of the chain is not issued by the next one ({type(error).__name__})"
            raise InputError("certificate", f"{message}: seal first, root last", CHAIN) from None
    pem = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in chain)
    fresh = folder / f".{CHAIN}.{os.getpid()}"
    fresh.write_bytes(pem)
    fresh.replace(folder / CHAIN)
    return Seal.load(folder, passphrase)


def _asked(folder: Path) -> x509.CertificateSigningRequest:
    try:
        return read_request((folder / REQUEST).read_bytes())
    except OSError as error:
        raise InputError("unreadable", f"the request cannot be read: {error.strerror}", str(folder / REQUEST)) from None
