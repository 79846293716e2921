"""Revocation lists and OCSP answers, given or carried by a signature; each must be signed by the right one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

_ERRORS = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound)


@dataclass(frozen=True)
class Answers:
    """What is known about revocation."""

    lists: tuple[x509.CertificateRevocationList, ...] = ()
    responses: tuple[ocsp.OCSPResponse, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Of one certificate: whether anybody with authority spoke of it, and since when it is void."""

    known: bool = False
    revoked_at: datetime | None = None


def standing(certificate: x509.Certificate, issuers: Sequence[x509.Certificate], answers: Answers) -> Standing:
    """The earliest revocation that the certificate's own issuer, or a responder it appointed, vouches for."""
    known, revoked = False, None
    for issuer in issuers:
        if issuer.subject != certificate.issuer or not _issued(certificate, issuer):
            continue
        for moment in (*_listed(certificate, issuer, answers), *_answered(certificate, issuer, answers)):
            known = True
            if moment is not None and (revoked is None or moment < revoked):
                revoked = moment
    return Standing(known, revoked)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except _ERRORS:
        return False
    return True


def _listed(certificate: x509.Certificate, issuer: x509.Certificate, answers: Answers) -> Iterator[datetime | None]:
    for crl in answers.lists:
        try:
            if crl.issuer != issuer.subject or not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
                continue
        except _ERRORS:
            continue
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        yield entry.revocation_date_utc if entry is not None else None


def _answered(certificate: x509.Certificate, issuer: x509.Certificate, answers: Answers) -> Iterator[datetime | None]:
    for response in answers.responses:
        try:
            if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
                continue
            for single in response.responses:
                if single.serial_number != certificate.serial_number or not _about(single, issuer):
                    continue
                if not _by_responder(response, issuer):
                    continue
                if single.certificate_status == ocsp.OCSPCertStatus.REVOKED:
                    yield single.revocation_time_utc
                elif single.certificate_status == ocsp.OCSPCertStatus.GOOD:
                    yield None
        except _ERRORS:
            continue


def _about(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    digest = hashes.Hash(single.hash_algorithm)
    digest.update(issuer.subject.public_bytes())
    return digest.finalize() == single.issuer_name_hash


def _by_responder(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """Signed by the issuer itself, or by a certificate it issued for answering."""
    candidates = [issuer]
    for certificate in response.certificates:
        usage = next((e.value for e in certificate.extensions if isinstance(e.value, x509.ExtendedKeyUsage)), None)
        if usage is not None and ExtendedKeyUsageOID.OCSP_SIGNING in usage and _issued(certificate, issuer):
            candidates.append(certificate)
    return any(_signed(response, c) for c in candidates)


def _signed(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    digest = response.signature_hash_algorithm
    if digest is None or digest.digest_size < 32:
        return False
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
        else:
            return False
    except _ERRORS:
        return False
    return True
