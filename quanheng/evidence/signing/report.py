"""What checking a signature found, and the judgement of the certificate chain behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from cryptography import x509
from cryptography.x509 import verification
from lxml import etree

from quanheng.evidence.signing.authority import organisation

State = Literal[
    "valid-now",
    "valid-at-timestamp",
    "claimed-time-only",
    "expired",
    "revoked",
    "untrusted",
    "tampered",
    "unsupported",
    "absent",
]
GOOD: frozenset[str] = frozenset({"valid-now", "valid-at-timestamp"})


@dataclass(frozen=True)
class SignatureReport:
    """``signed_root`` is the only part of the file that may be believed; None unless the signature is intact."""

    state: State
    reason: str = ""
    form: str = ""
    signer: str = ""
    certificate: x509.Certificate | None = None
    signing_time: datetime | None = None
    chain_trusted: bool = False
    signed_root: etree._Element | None = None

    @property
    def good(self) -> bool:
        return self.state in GOOD

    @property
    def intact(self) -> bool:
        return self.state not in {"tampered", "unsupported", "absent"}

    def as_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "reason": self.reason,
            "form": self.form,
            "intact": self.intact,
            "signer": self.signer,
            "chain_trusted": self.chain_trusted,
            "signing_time": self.signing_time.isoformat() if self.signing_time else None,
        }


ABSENT = SignatureReport("absent", "the file carries no signature")


@dataclass(frozen=True)
class Trust:
    """What the checker believes in, and when: ``at`` is a time somebody else vouches for, such as a log's."""

    anchors: tuple[x509.Certificate, ...]
    at: datetime | None = None
    now: datetime | None = None
    revocations: tuple[x509.CertificateRevocationList, ...] = ()


def judge(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    trust: Trust,
    signing_time: datetime | None,
) -> tuple[State, str]:
    """The state of an intact signature."""
    now = trust.now or datetime.now(UTC)
    begin = leaf.not_valid_before_utc
    if not any(_chain_holds(leaf, intermediates, trust.anchors, t) for t in {begin, leaf.not_valid_after_utc, now}):
        return "untrusted", "the signer's certificate does not lead to a trust anchor that was given"
    if _revoked(leaf, trust, signing_time):
        return "revoked", "the signer's certificate is on a revocation list"
    if trust.at is not None:
        if _chain_holds(leaf, intermediates, trust.anchors, trust.at):
            return "valid-at-timestamp", f"the certificate chain holds at {trust.at.isoformat()}"
    elif _chain_holds(leaf, intermediates, trust.anchors, now):
        if signing_time is not None and signing_time < begin:
            return "expired", "the signing time lies before the signer's certificate became valid"
        return "valid-now", "the certificate chain holds today"
    if signing_time is not None and _chain_holds(leaf, intermediates, trust.anchors, signing_time):
        return "claimed-time-only", "the chain holds only at the time the signer itself claims"
    return "expired", "the signer's certificate was not valid at the time in question"


def _chain_holds(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
) -> bool:
    if not anchors:
        return False
    policy = verification.ExtensionPolicy.permit_all()
    ca_policy = policy.require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, _is_authority)
    ee_policy = policy.require_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _may_sign)
    builder = verification.PolicyBuilder().store(verification.Store(list(anchors))).time(at.astimezone(UTC))
    verifier = builder.extension_policies(ca_policy=ca_policy, ee_policy=ee_policy).build_client_verifier()
    try:
        verifier.verify(leaf, [c for c in intermediates if c != leaf])
    except (verification.VerificationError, ValueError):
        return False
    return True


def _is_authority(_: object, __: x509.Certificate, value: x509.BasicConstraints) -> None:
    if not value.ca:
        raise ValueError("the issuer is no certificate authority")


def _may_sign(_: object, __: x509.Certificate, value: x509.KeyUsage) -> None:
    if not (value.digital_signature or value.content_commitment):
        raise ValueError("the certificate may not sign")


def _revoked(leaf: x509.Certificate, trust: Trust, signing_time: datetime | None) -> bool:
    """Listed by its issuer; a trusted time before the revocation saves what was signed by then."""
    for crl in trust.revocations:
        issuer = next((a for a in trust.anchors if a.subject == crl.issuer == leaf.issuer), None)
        entry = crl.get_revoked_certificate_by_serial_number(leaf.serial_number)
        if issuer is None or entry is None or not crl.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
            continue
        if trust.at is None or trust.at >= entry.revocation_date_utc:
            return True
    return False


def signer_name(certificate: x509.Certificate) -> str:
    return organisation(certificate)
