"""Reading certificates that somebody brings: in memory, judged layer by layer, matched to the ledger."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography import x509
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.evidence.attachment import certificate_xml
from quanheng.evidence.dcc import pageview, schema
from quanheng.evidence.dcc.certificate import Certificate
from quanheng.evidence.dcc.read import read_damaged, read_root
from quanheng.evidence.dcc.validate import Validation, validate
from quanheng.platform.certificates.foreign import SIGNATURES
from quanheng.platform.documents.keys import accepted_anchors
from quanheng.platform.instruments import queries as instruments
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.words import words_of
from quanheng.platform.standards import queries as standards
from quanheng.platform.web.components import Status

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MAX_FILE = 8 * 1024 * 1024
MAX_FILES = 20
MAX_CARRIED = 2**20
GOOD = ("valid-now", "valid-at-timestamp")


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
    data: bytes = b""
    xml: bytes = b""
    attached: bool = False
    validation: Validation | None = None
    certificate: Certificate | None = None
    sections: tuple[pageview.Section, ...] = ()
    matches: tuple[Match, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """The hash of the file as it came."""
        return hashlib.sha256(self.data).hexdigest() if self.data else ""

    @cached_property
    def xml_sha256(self) -> str:
        """The hash of the XML, which a PDF only carries."""
        return hashlib.sha256(self.xml).hexdigest()

    @property
    def schema_state(self) -> str:
        """valid, invalid, or why no schema was applied."""
        if self.validation is None:
            return ""
        result = self.validation.schema
        return {True: "valid", False: "invalid", None: result.state}[result.valid]

    @cached_property
    def signature_state(self) -> str:
        """The worst of all signatures decides; absent where there is none."""
        states = [s.state for s in self.validation.signatures] if self.validation else []
        return next((s for s in states if s not in GOOD), states[0] if states else "absent")

    @property
    def importable(self) -> bool:
        """Whether the intake would look at it: neither damaged nor changed after signing."""
        sound = self.validation is not None and self.validation.well_formed
        return sound and self.signature_state != "tampered"

    @property
    def base64(self) -> str:
        """The file for the intake, where it is small enough to travel with the page; nothing is kept here meanwhile."""
        return base64.b64encode(self.data).decode() if len(self.data) <= MAX_CARRIED else ""

    @property
    def proven(self) -> bool:
        """Whether every signature holds and leads to an institute that is accepted here."""
        signatures = self.validation.signatures if self.validation else ()
        return bool(signatures) and all(s.good and s.chain_trusted for s in signatures)

    @property
    def signature_words(self) -> list[tuple[Status, str, StrPromise]]:
        """Each signature as a state, who made it and where, and what the state means."""
        shown = []
        for s in self.validation.signatures if self.validation else ():
            tone, word, meaning = SIGNATURES[s.state]
            place = _("PDF 签名") if s.form == "PAdES" else _("XML 签名")
            shown.append((Status(tone, word), f"{s.signer} ({place})" if s.signer else str(place), meaning))
        tone, word, meaning = SIGNATURES["absent"]
        return shown or [(Status(tone, word), "", meaning)]

    @property
    def ahead(self) -> str:
        """The time, as on clocks here, that a signature claims and that had not come yet; else empty."""
        signatures = self.validation.signatures if self.validation else ()
        claimed = next((s.signing_time for s in signatures if s.ahead and s.signing_time), None)
        return timezone.localtime(claimed).strftime("%Y-%m-%d %H:%M") if claimed is not None else ""

    @property
    def misspelled(self) -> bool:
        """Whether a namespace is written so that other programs find no certificate in the file."""
        return self.validation is not None and any(f.code == "namespace" for f in self.validation.findings)

    @property
    def other_signer(self) -> str:
        """Who signed, where that is by name not the laboratory that the certificate names; else empty.

        An institute that is accepted here may sign its own certificates, not those of others.
        """
        if self.certificate is None or self.validation is None:
            return ""
        laboratory = self.certificate.laboratory
        names = (*(laboratory.name.values() if laboratory is not None else ()), self.certificate.laboratory_code)
        own = [tight for name in names if len(tight := _tight(name)) > 1]
        signers = [s.signer for s in self.validation.signatures if s.intact and s.signer]
        return next((s for s in signers if not any(_tight(s) in name or name in _tight(s) for name in own)), "")


def _tight(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def read_one(name: str, data: bytes, anchors: tuple[x509.Certificate, ...] | None = None) -> Reading:
    """An XML, or a PDF/A-3 that carries one; a problem is told, never raised.

    Of an intact signature only what it covers is believed.
    """
    try:
        if not data or len(data) > MAX_FILE:
            message = f"a file to read has between 1 byte and {MAX_FILE // 1024 // 1024} MiB"
            raise InputError("too_large" if data else "empty", message, "file")
        xml = certificate_xml(data, "file")
        trusted = accepted_anchors() if anchors is None else anchors
        result = validate(data, schema.folder_or_default(None), anchors=trusted, place=name, now=clock.now())
        covered = next((s.signed_root for s in result.signatures if s.intact), None)
        certificate = read_root(covered, name) if covered is not None else read_damaged(xml, name)[0]
    except InputError as error:
        return Reading(name, problem=words_of(error))
    return Reading(name, "", data, xml, result.attached, result, certificate)


def shown(one: Reading, lang: str) -> Reading:
    """The same with what a person reads of it."""
    if one.certificate is None or one.validation is None:
        return one
    return replace(one, sections=pageview.sections(one.certificate, one.validation.findings, lang))


def read_file(viewer: Actor, name: str, data: bytes, lang: str) -> Reading:
    """A file with its view, and what of the viewer's ledger carries its numbers."""
    one = shown(read_one(name, data), lang)
    if one.certificate is None:
        return one
    numbers = {i.value.strip() for item in one.certificate.items for i in item.identifications}
    return replace(one, matches=tuple(matches(viewer, numbers)))


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
