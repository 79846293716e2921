"""The other papers of an institute: raw record, QR label sheet, appointment slip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from quanheng.errors import InputError
from quanheng.evidence.rendering.typeset import qr_svg, typeset

LABELS_PER_PAGE = 24
MAX_LABELS = 5000


@dataclass(frozen=True)
class Sheet:
    """A titled table of plain text; every row has one cell per column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        if not self.columns or any(len(row) != len(self.columns) for row in self.rows):
            raise InputError("sheet", "every row of a table needs one cell per column", self.title)


@dataclass(frozen=True)
class RawRecord:
    """A raw record as printed: header pairs, sections of readings, results, verdict, people."""

    title: str
    subtitle: str
    issuer: str
    number: str
    header: tuple[tuple[str, str], ...]
    sections: tuple[Sheet, ...]
    results: tuple[Sheet, ...]
    verdict: str
    people: tuple[tuple[str, str], ...]
    footer: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """One sticker; ``url`` is the public page its code opens."""

    name: str
    code: str
    serial: str
    number: str
    owner: str
    url: str


@dataclass(frozen=True)
class Slip:
    """An appointment slip （送检单） the customer brings along."""

    issuer: str
    number: str
    customer: str
    header: tuple[tuple[str, str], ...]
    items: Sheet
    notes: tuple[str, ...]
    url: str


def render_record(record: RawRecord, at: datetime) -> bytes:
    return typeset("record", asdict(record), at)


def render_labels(labels: Sequence[Label], at: datetime) -> bytes:
    """A4 sheets of 3 × 8 stickers of 70 mm × 37 mm."""
    if not labels:
        raise InputError("labels", "there is no instrument to print a label for: choose at least one", "")
    if len(labels) > MAX_LABELS:
        raise InputError("labels", f"at most {MAX_LABELS} labels are printed at once: print them in parts", "")
    stickers = [
        {**asdict(label), "qr": qr_svg(label.url), "address": label.url.partition("://")[2]} for label in labels
    ]
    return typeset("labels", {"labels": stickers, "title": "标签"}, at)


def render_slip(slip: Slip, at: datetime) -> bytes:
    return typeset("slip", {**asdict(slip), "qr": qr_svg(slip.url)}, at)
