"""RFC 3161 time stamps: asking for one (bytes only, no socket here) and believing one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from quanheng.errors import InputError
from quanheng.evidence.signing.chain import holds

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_MAX = 256 * 1024
ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, InvalidSignature, UnsupportedAlgorithm)


@dataclass(frozen=True)
class Stamp:
    """A token whose bytes fit what was stamped; ``trusted`` where its authority leads to an anchor."""

    time: datetime
    authority: str
    trusted: bool
    certificates: tuple[x509.Certificate, ...] = ()


def request(data: bytes, nonce: int) -> bytes:
    """The DER of a request to stamp ``data``."""
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(data).digest()}
    asked = {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    return bytes(tsp.TimeStampReq(asked).dump())


def token_of(response: bytes, nonce: int) -> bytes:
    """The token of an answer; InputError where the authority refused or answered something else."""
    try:
        answer = tsp.TimeStampResp.load(response)
        status = answer["status"]["status"].native
        if status not in {"granted", "granted_with_mods"}:
            why = answer["status"]["status_string"].native or status
            raise InputError("timestamp_refused", f"the time-stamping authority refused: {why}", "")
        token = answer["time_stamp_token"]
        info = token["content"]["encap_content_info"]["content"].parsed
        if info["nonce"].native != nonce:
            raise InputError("timestamp_nonce", "the time stamp answers another request", "")
        return bytes(token.dump())
    except InputError:
        raise
    except ERRORS:
        raise InputError("timestamp", "the time-stamping authority gave an answer that is no time stamp", "") from None


def verify_token(
    token: bytes, data: bytes, anchors: Sequence[x509.Certificate], extra: Sequence[x509.Certificate] = ()
) -> Stamp:
    """The stamp over ``data``; ValueError with the reason where the token does not fit."""
    if len(token) > _MAX:
        raise ValueError("the time stamp is too large")
    try:
        return _verified(token, data, anchors, extra)
    except ERRORS as error:
        raise ValueError(f"the time stamp does not fit: {str(error) or type(error).__name__}") from None


def _verified(
    token: bytes, data: bytes, anchors: Sequence[x509.Certificate], extra: Sequence[x509.Certificate]
) -> Stamp:
    content = cms.ContentInfo.load(token, strict=True)
    if content["content_type"].native != "signed_data":
        raise ValueError("it is no signed message")
    signed = content["content"]
    encapsulated = signed["encap_content_info"]
    if encapsulated["content_type"].native != "tst_info":
        raise ValueError("it holds no time")
    info = encapsulated["content"].parsed
    imprint = info["message_imprint"]
    stamped = imprint["hash_algorithm"]["algorithm"].native
    if stamped not in _HASHES or hashlib.new(stamped, data).digest() != imprint["hashed_message"].native:
        raise ValueError("it is over other bytes")
    if len(signed["signer_infos"]) != 1:
        raise ValueError("it must have one signer")
    signer = signed["signer_infos"][0]
    carried = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed["certificates"] or ()]
    known = (*carried, *extra)
    certificate = _signer_certificate(signer["sid"], known)
    _attributes(signer, encapsulated["content"].contents, certificate)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if list(usage) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("its certificate is not for time stamps alone")
    time = info["gen_time"].native.astimezone(UTC)
    trusted = holds(certificate, known, anchors, time)
    name = certificate.subject.rfc4514_string()
    return Stamp(time, name, trusted, tuple(known))


def _signer_certificate(sid: Any, known: Sequence[x509.Certificate]) -> x509.Certificate:
    if sid.name == "issuer_and_serial_number":
        serial, issuer = sid.chosen["serial_number"].native, sid.chosen["issuer"].dump()
        found = [c for c in known if c.serial_number == serial and c.issuer.public_bytes() == issuer]
    else:
        key_id = sid.native
        found = [
            c
            for c in known
            if any(isinstance(e.value, x509.SubjectKeyIdentifier) and e.value.digest == key_id for e in c.extensions)
        ]
    if not found:
        raise ValueError("its certificate is missing")
    return found[0]


def _attributes(signer: Any, content: bytes, certificate: x509.Certificate) -> None:
    """Signed attributes: the content's hash, the signer's certificate, and the signature over them."""
    attributes = {a["type"].native: a["values"] for a in signer["signed_attrs"]}
    name = signer["digest_algorithm"]["algorithm"].native
    if name not in _HASHES:
        raise ValueError(f"its digest {name} is not accepted")
    if attributes["content_type"][0].native != "tst_info":
        raise ValueError("its content type is wrong")
    if attributes["message_digest"][0].native != hashlib.new(name, content).digest():
        raise ValueError("its content was changed")
    _names(attributes, certificate)
    message = signer["signed_attrs"].untag().dump()
    algorithm = signer["signature_algorithm"]
    chosen = algorithm.signature_algo
    digest = _HASHES[name] if chosen in {"rsassa_pkcs1v15", "rsassa_pss"} else _HASHES[algorithm.hash_algo]
    key = certificate.public_key()
    signature = signer["signature"].native
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        pad: padding.AsymmetricPadding = padding.PKCS1v15()
        if chosen == "rsassa_pss":
            pad = padding.PSS(padding.MGF1(digest()), padding.PSS.AUTO)
        key.verify(signature, message, pad, digest())
    elif isinstance(key, ec.EllipticCurvePublicKey) and chosen == "ecdsa":
        key.verify(signature, message, ec.ECDSA(digest()))
    else:
        raise ValueError("its key is not accepted")


def _names(attributes: dict[str, Any], certificate: x509.Certificate) -> None:
    """The stamp says which certificate it was made with, so that no other of the same key can stand in."""
    if "signing_certificate_v2" in attributes:
        first = attributes["signing_certificate_v2"][0]["certs"][0]
        name = first["hash_algorithm"]["algorithm"].native
        fits = hashlib.new(name if name in _HASHES else "sha256", _der(certificate)).digest()
    else:
        first = attributes["signing_certificate"][0]["certs"][0]
        # RFC 3161 fixes SHA-1 here; it only points at the certificate, whose own signature is checked
        fits = hashlib.new("sha1", _der(certificate), usedforsecurity=False).digest()
    if first["cert_hash"].native != fits:
        raise ValueError("it names another certificate")


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
