"""Checking a file that somebody brings: read as hostile, verified as an outsider would, then looked up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db.models import Q

from quanheng.errors import InputError
from quanheng.evidence.bundle import Bundle, read_bundle
from quanheng.evidence.verify import Outcome, read_keys, verify_file
from quanheng.evidence.verify.check import sniff
from quanheng.platform.documents import ledger
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.documents.models import Document

MAX_UPLOAD = 8 * 1024 * 1024


@dataclass(frozen=True)
class Checked:
    """What the check found, and the document whose bytes these are, if they are ours."""

    outcome: Outcome
    document: Document | None


def check(data: bytes) -> Checked:
    """Verify a PDF, an XML or a bundle against our published keys; with our own proof where the bytes are ours."""
    if len(data) > MAX_UPLOAD:
        raise InputError("too_large", f"a file to check is at most {MAX_UPLOAD // 1024 // 1024} MiB", "file")
    if not data:
        raise InputError("empty", "the file is empty; choose the certificate as PDF, XML or bundle", "file")
    keys = read_keys(keys_text().encode())
    if sniff(data) == "bundle":
        return Checked(verify_file(data, None, keys), _ours(read_bundle(data).xml))
    document = _ours(data)
    return Checked(verify_file(data, _proof(document), keys), document)


def _ours(data: bytes) -> Document | None:
    sha256 = hashlib.sha256(data).hexdigest()
    return Document.objects.filter(Q(xml_sha256=sha256) | Q(pdf_sha256=sha256)).first()


def _proof(document: Document | None) -> Bundle | None:
    if document is None:
        return None
    try:
        return read_bundle(ledger.bundle(document))
    except InputError:
        return None
