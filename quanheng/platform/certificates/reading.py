"""Reading certificates that somebody brings: in memory, kept nowhere, judged layer by layer, matched to the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from quanheng.errors import InputError
from quanheng.evidence.dcc import pageview, schema
from quanheng.evidence.dcc.read import read_damaged
from quanheng.evidence.dcc.validate import Validation, validate
from quanheng.evidence.verify import read_keys
from quanheng.evidence.verify.attachment import attached_xml
from quanheng.platform.documents.keys import keys_text
from quanheng.platform.instruments import queries as instruments
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.words import words_of
from quanheng.platform.standards import queries as standards

MAX_FILE = 8 * 1024 * 1024
MAX_FILES = 20


@dataclass(frozen=True)
class Match:
    """Something in our ledger that carries a number of the certificate's items."""

    label: str
    number: str
    url: str


@dataclass(frozen=True)
class Reading:
    """One file: what it says and what is wrong with it, or why nothing could be read."""

    name: str
    problem: str = ""
    sha256: str = ""
    attached: bool = False
    validation: Validation | None = None
    sections: tuple[pageview.Section, ...] = ()
    matches: tuple[Match, ...] = ()

    @property
    def schema_state(self) -> str:
        """valid, invalid, or why no schema was applied."""
        if self.validation is None:
            return ""
        result = self.validation.schema
        return {True: "valid", False: "invalid", None: result.state}[result.valid]


def read_file(viewer: Actor, name: str, data: bytes, lang: str) -> Reading:
    """An XML, or a PDF/A-3 that carries one; a problem is told, never raised."""
    try:
        if not data or len(data) > MAX_FILE:
            message = f"a file to read has between 1 byte and {MAX_FILE // 1024 // 1024} MiB"
            raise InputError("too_large" if data else "empty", message, "file")
        attached = data.startswith(b"%PDF-")
        xml = attached_xml(data) if attached else data
        if xml is None:
            raise InputError("pdf_without_xml", "the PDF carries no XML certificate", "file")
        anchors = read_keys(keys_text().encode()).anchors
        result = validate(xml, schema.folder_or_default(None), anchors=anchors, place=name, now=clock.now())
        certificate, _ = read_damaged(xml, name)
    except InputError as error:
        return Reading(name, problem=words_of(error))
    numbers = {i.value.strip() for item in certificate.items for i in item.identifications}
    return Reading(
        name,
        sha256=hashlib.sha256(data).hexdigest(),
        attached=attached,
        validation=result,
        sections=pageview.sections(certificate, result.findings, lang),
        matches=tuple(matches(viewer, numbers)),
    )


def matches(viewer: Actor, numbers: Iterable[str]) -> list[Match]:
    """Instruments and standards the viewer may see that carry one of the numbers."""
    wanted = [n for n in dict.fromkeys(numbers) if 2 <= len(n) <= 80][:50]
    if not wanted:
        return []
    found = [
        Match(str(one), one.serial_number, reverse("instruments:instrument", args=[one.pk]))
        for one in instruments.visible(viewer).filter(serial_number__in=wanted)[:20]
    ]
    found += [
        Match(str(one), one.serial_number, reverse("standards:standard", args=[one.pk]))
        for one in standards.visible(viewer).filter(serial_number__in=wanted)[:20]
    ]
    return found
