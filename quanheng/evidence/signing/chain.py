"""Whether a certificate leads to an anchor that was given, at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509 import verification


def holds(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime,
) -> bool:
    """For a certificate that signs documents or time stamps; every issuer between must be an authority."""
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
