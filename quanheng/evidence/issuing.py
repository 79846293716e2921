"""The whole path from content to bytes: build, sign, print, seal."""

from __future__ import annotations

from datetime import datetime

from quanheng.evidence.content import CertificateContent
from quanheng.evidence.dcc.build import build
from quanheng.evidence.rendering.certificate import render_certificate
from quanheng.evidence.signing.authority import Seal
from quanheng.evidence.signing.pades import sign_pdf
from quanheng.evidence.signing.xades import sign_xml


def issue_bytes(content: CertificateContent, seal: Seal, at: datetime) -> tuple[bytes, bytes]:
    """The signed XML and the sealed PDF that carries it. Nothing is stored."""
    xml = sign_xml(build(content), seal, at)
    pdf = render_certificate(content, xml, at)
    return xml, sign_pdf(pdf, seal, at, reason=f"{content.title.zh} {content.number}")
