"""What checking a signature found, and the judgement of the certificate chain behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from lxml import etree

from quanheng.evidence.signing.authority import organisation
from quanheng.evidence.signing.chain import holds
from quanheng.evidence.signing.revocation import Answers, standing
from quanheng.evidence.signing.timestamp import Stamp

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
SKEW = timedelta(minutes=10)  # how far the clocks of two organisations may disagree
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
    # B: signed; T: a time stamp fits it; LT: revocation data are carried too. Empty for plain XML signatures
    level: str = ""
    stamp: Stamp | None = None
    # whether anybody with authority said if the signer's certificate was revoked
    revocation_known: bool = False
    # the signer claims a time that had not come yet when the signature was here already
    ahead: bool = False

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
            "level": self.level or None,
            "intact": self.intact,
            "signer": self.signer,
            "chain_trusted": self.chain_trusted,
            "signing_time": self.signing_time.isoformat() if self.signing_time else None,
            "signing_time_ahead": self.ahead,
            "timestamp": self._stamped(),
            "revocation": "checked" if self.revocation_known else "unknown",
        }

    def _stamped(self) -> dict[str, Any] | None:
        if self.stamp is None:
            return None
        return {
            "time": self.stamp.time.isoformat(),
            "authority": self.stamp.authority,
            "trusted": self.stamp.trusted,
        }


ABSENT = SignatureReport("absent", "the file carries no signature")


@dataclass(frozen=True)
class Trust:
    """What the checker believes in, and when: ``at`` is a time somebody else vouches for, such as a log's."""

    anchors: tuple[x509.Certificate, ...]
    at: datetime | None = None
    now: datetime | None = None
    revocations: tuple[x509.CertificateRevocationList, ...] = ()
    carried: Answers = field(default_factory=Answers)
    stamp: Stamp | None = None

    @property
    def proven_time(self) -> datetime | None:
        """The moment by which the signature surely existed: vouched for, else stamped by a trusted authority."""
        if self.at is not None:
            return self.at
        return self.stamp.time if self.stamp is not None and self.stamp.trusted else None


@dataclass(frozen=True)
class Judgement:
    state: State
    reason: str
    revocation_known: bool = False
    ahead: bool = False


def judge(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    trust: Trust,
    signing_time: datetime | None,
) -> Judgement:
    """The state of an intact signature, and whether the time it claims can be true."""
    now = trust.now or datetime.now(UTC)
    verdict = _judged(leaf, intermediates, trust, signing_time, now)
    if signing_time is None or signing_time <= min(now, trust.proven_time or now) + SKEW:
        return verdict
    reason = f"{verdict.reason}; the time the signer claims, {signing_time.isoformat()}, had not come yet"
    return replace(verdict, reason=reason, ahead=True)


def _judged(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    trust: Trust,
    signing_time: datetime | None,
    now: datetime,
) -> Judgement:
    begin, proven = leaf.not_valid_before_utc, trust.proven_time
    moments = {begin, leaf.not_valid_after_utc, now}
    if not any(holds(leaf, intermediates, trust.anchors, t) for t in moments):
        return Judgement("untrusted", "the signer's certificate does not lead to a trust anchor that was given")
    known, revoked_at = _revoked(leaf, intermediates, trust)
    if revoked_at is not None and (proven is None or revoked_at <= proven):
        reason = f"a certificate the signature rests on is revoked since {revoked_at.isoformat()}"
        return Judgement("revoked", reason, True)
    state, reason = _in_time(leaf, intermediates, trust, signing_time, now, revoked_at is not None)
    return Judgement(state, reason, known)


def _in_time(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    trust: Trust,
    signing_time: datetime | None,
    now: datetime,
    revoked_later: bool,
) -> tuple[State, str]:
    proven = trust.proven_time
    if trust.at is None and not revoked_later and holds(leaf, intermediates, trust.anchors, now):
        if signing_time is not None and signing_time < leaf.not_valid_before_utc:
            return "expired", "the signing time lies before the signer's certificate became valid"
        return "valid-now", "the certificate chain holds today"
    if proven is not None and holds(leaf, intermediates, trust.anchors, proven):
        return "valid-at-timestamp", f"the certificate chain holds at {proven.isoformat()}"
    if signing_time is not None and holds(leaf, intermediates, trust.anchors, signing_time):
        return "claimed-time-only", "the chain holds only at the time the signer itself claims"
    return "expired", "the signer's certificate was not valid at the time in question"


def _revoked(
    leaf: x509.Certificate, intermediates: Sequence[x509.Certificate], trust: Trust
) -> tuple[bool, datetime | None]:
    """Whether the leaf's standing is known, and since when anything below the anchors is void."""
    answers = Answers((*trust.revocations, *trust.carried.lists), trust.carried.responses)
    issuers = (*trust.anchors, *intermediates)
    own = standing(leaf, issuers, answers)
    moments = [own.revoked_at]
    certificate, seen = leaf, {leaf}
    while True:
        above = next((c for c in intermediates if c not in seen and c.subject == certificate.issuer), None)
        if above is None or above in trust.anchors:
            break
        seen.add(above)
        moments.append(standing(above, issuers, answers).revoked_at)
        certificate = above
    return own.known, min((m for m in moments if m is not None), default=None)


def signer_name(certificate: x509.Certificate) -> str:
    return organisation(certificate)
