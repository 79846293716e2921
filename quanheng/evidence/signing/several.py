"""Every signature of a file, each judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from quanheng.evidence.signing.report import SignatureReport
from quanheng.evidence.signing.xades import verify_xml


def verify_signatures(
    data: bytes, anchors: Sequence[x509.Certificate], at: datetime | None = None, *, now: datetime | None = None
) -> tuple[SignatureReport, ...]:
    """One report for each signature; none where the file carries none."""
    report = verify_xml(data, anchors, at, now=now)
    return () if report.state == "absent" else (report,)
