"""What an issued or withdrawn certificate changes elsewhere: the trace graph and the instrument."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from quanheng.evidence.dcc.units import symbol
from quanheng.platform.certificates import item
from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.coverage import Demand, demands
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.ratios import ratio
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace import services as trace


def register_instrument(instrument: Instrument, actor: Actor) -> None:
    """The instrument stands in the graph under its own id."""
    trace.register_item(
        kind="instrument",
        id=instrument.pk,
        label=str(instrument),
        organisation=instrument.organisation,
        region=instrument.region,
        actor=actor,
    )


def record_in_graph(record: Record, document: Document, actor: Actor) -> None:
    """The instrument's certificate as a proven link, with an edge to every standard used."""
    instrument = record.instrument
    register_instrument(instrument, actor)
    widest = _widest(record)
    unit = symbol(widest["unit"]) if widest else ""
    trace.record_certificate(
        item_id=instrument.pk,
        number=document.number,
        issuer_name=document.issuer_name,
        document_id=document.pk,
        basis="proven",
        valid_from=record.performed_on,
        valid_to=document.valid_until,
        uncertainty=_stated(widest, unit) if widest else "",
        u_value=float(widest["U"]) if widest else None,
        range_text=item.printed(record)["measuring_range"],
        unit=widest["unit"] if widest else "",
        file_sha256=document.xml_sha256,
        uses=_uses(record),
        actor=actor,
    )


def _stated(widest: dict[str, Any], unit: str) -> str:
    value = f"{widest['U']} {unit}".strip()
    return f"U = {value} (k = {widest['k'] or '-'})"


def _widest(record: Record) -> dict[str, Any] | None:
    """The largest expanded uncertainty of the record's first quantity that has one."""
    stated = [r for r in (record.result or {})["results"] if r["U"] not in (None, "")]
    same = [r for r in stated if (r["section"], r["quantity"]) == (stated[0]["section"], stated[0]["quantity"])]
    return max(same, key=lambda r: Decimal(r["U"]), default=None)


def _uses(record: Record) -> list[dict[str, Any]]:
    wanted = demands(procedures.loaded(record.procedure_id), record.data)
    entries = record.data["standards"]
    known = {str(s.pk): s for s in MeasurementStandard.objects.filter(pk__in={e["item"] for e in entries})}
    return [_use(record, entry, wanted.get(entry["role"]), known[entry["item"]]) for entry in entries]


def _use(record: Record, entry: dict[str, str], demand: Demand | None, standard: MeasurementStandard) -> dict[str, Any]:
    span = demand.span_of(standard, record.performed_on) if demand else None
    return {
        "standard_id": entry["item"],
        "used_on": record.performed_on,
        "u_ratio": ratio(record.procedure_id, record.data, (record.result or {})["results"], entry),
        "use_low": span.low if span else None,
        "use_high": span.high if span else None,
    }


def withdraw_from_instrument(document: Document, void_from: dt.date, actor: Actor) -> None:
    """An instrument whose last certificate was revoked has no valid verification from that day on."""
    instrument = Instrument.objects.filter(last_document_id=document.pk).first()
    if instrument is None:
        return
    before = {"invalidated_on": instrument.invalidated_on}
    Instrument.objects.filter(pk=instrument.pk).update(invalidated_on=void_from)
    events.record(
        actor, "instruments.invalidated", instrument, before=before, after={"invalidated_on": void_from.isoformat()}
    )
