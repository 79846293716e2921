"""From content to bytes on disk: XML, its signature, PDF, its signature. No database is touched here."""

from __future__ import annotations

from dataclasses import dataclass

from quanheng.evidence.content import CertificateContent
from quanheng.evidence.issuing import issue_bytes
from quanheng.evidence.rendering import fonts
from quanheng.platform.documents.keys import seal_of
from quanheng.platform.kernel import files
from quanheng.platform.kernel.models import Organisation


@dataclass(frozen=True)
class Sealed:
    """A signed document whose bytes are durably kept, not yet issued."""

    content: CertificateContent
    xml_sha256: str
    pdf_sha256: str


def seal_content(content: CertificateContent, organisation: Organisation) -> Sealed:
    """Make and sign the XML and the PDF, and keep their bytes.

    Outside any transaction, because it takes a tenth of a second and nobody else should wait for it. Bytes of an
    issue that then fails stay on disk under their hash and belong to nothing.
    """
    xml, pdf = issue_bytes(content, seal_of(organisation), content.signature_act.at)
    files.put(content.canonical_bytes())
    return Sealed(content, files.put(xml), files.put(pdf))


def ready() -> None:
    """Load what the first document would otherwise wait for."""
    fonts.families()
    fonts.covered()
