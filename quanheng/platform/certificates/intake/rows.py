"""The rows of an import of certificates: one for each item that a file names, or for a file that cannot go in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from quanheng.evidence.dcc.certificate import Certificate, Equipment, Item, pick
from quanheng.platform.certificates.intake.package import files_in
from quanheng.platform.certificates.reading import Reading, read_one
from quanheng.platform.documents.keys import accepted_anchors
from quanheng.platform.kernel.imports import ImportColumn
from quanheng.platform.kernel.sheets import Table
from quanheng.platform.kernel.sheets.reading import SheetRow

COLUMNS = (
    ImportColumn("file", "文件", max_length=400),
    ImportColumn("number", "证书编号", max_length=400),
    ImportColumn("issuer", "出具机构", max_length=1000),
    ImportColumn("item", "器具", max_length=1000),
    ImportColumn("identifiers", "编号", max_length=4000),
    ImportColumn("target", "对应", max_length=200),
    ImportColumn("valid_until", "有效期至", max_length=10),
    ImportColumn("standards", "所用标准", max_length=4000),
    ImportColumn("category", "项别/种别", max_length=80),
    ImportColumn("code", "标准编号", max_length=60),
    ImportColumn("accuracy", "准确度等级/不确定度", max_length=120),
    ImportColumn("range_text", "测量范围", max_length=120),
)
SAID = 5  # the first columns are what the files say; the others what a person decides


@dataclass(frozen=True)
class Named:
    """What a row is about: a file as read, and the item of it; ``position`` counts the files."""

    reading: Reading
    position: int
    item: Item | None = None
    at: int = 0
    first: bool = True

    @property
    def certificate(self) -> Certificate:
        """The certificate, of a file that was read."""
        return cast(Certificate, self.reading.certificate)


@dataclass(frozen=True)
class Used:
    """A piece of equipment that a certificate names, once."""

    equipment: Equipment
    name: str
    numbers: tuple[str, ...]
    certificate_number: str
    certificate_hash: str


@dataclass(frozen=True)
class Source(Table):
    """The table of a package, with its files as read."""

    readings: tuple[Reading, ...] = field(default=())


def source(data: bytes, name: str) -> Source:
    """Every file of the package read through all layers; a bad file is a row with its reason."""
    anchors = accepted_anchors()
    readings = tuple(read_one(path[-200:], content, anchors) for path, content in files_in(data, name))
    rows: list[SheetRow] = []
    for position, reading in enumerate(readings):
        items = reading.certificate.items if reading.certificate is not None else ()
        for at, item in enumerate(items or (None,)):
            named = Named(reading, position, item, at, at == 0)
            cells = (*_said(named), *("" for _ in COLUMNS[SAID:]))
            rows.append(SheetRow("", len(rows) + 1, cells, about=named))
    titles = tuple(c.title for c in COLUMNS)
    places = {c.name: i for i, c in enumerate(COLUMNS)}
    return Source("", 0, titles, places, rows, (), (), readings=readings)


def _said(named: Named) -> tuple[str, ...]:
    if named.reading.certificate is None:
        return (named.reading.name, "", "", "", "")
    c, item = named.certificate, named.item
    shown = (pick(item.name, "zh"), item.model, pick(item.manufacturer, "zh")) if item is not None else ()
    numbers = (i.value for i in item.identifications) if item is not None else ()
    text = (named.reading.name, c.core.unique_identifier, issuer_of(c), " ".join(x for x in shown if x))
    return (*(t[:400] for t in text), " ".join(n for n in numbers if n)[:4000])


def issuer_of(certificate: Certificate) -> str:
    """The laboratory by its name, else by its code."""
    name = pick(certificate.laboratory.name, "zh") if certificate.laboratory is not None else ""
    return (name or certificate.laboratory_code)[:200]


def used_by(certificate: Certificate) -> list[Used]:
    """The equipment of all measurements, each piece once however often it is named."""
    found: dict[tuple[str, ...], Used] = {}
    for measurement in certificate.measurements:
        for one in measurement.equipment:
            numbers = tuple(dict.fromkeys(i.value.strip() for i in one.identifications if i.value.strip()))
            name = pick(one.name, "zh")
            paper = one.certificate
            own = (paper.number.strip(), paper.value.strip()) if paper is not None else ("", "")
            found.setdefault((name, *numbers, *own), Used(one, name, numbers, *own))
    return list(found.values())
