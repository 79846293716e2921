"""Putting accepted certificates in, and taking one import back as a whole."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.utils.translation import gettext as _

from quanheng.evidence.dcc import tables, units
from quanheng.evidence.dcc.cells import entry
from quanheng.evidence.dcc.certificate import Certificate, Quantity, Uncertainty, pick
from quanheng.evidence.dcc.validate import Validation
from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.certificates.intake.checking import NEW_INSTRUMENT, NEW_STANDARD, Plan, day_of, serial_of
from quanheng.platform.certificates.intake.rows import issuer_of
from quanheng.platform.certificates.links import register_instrument
from quanheng.platform.certificates.models import ForeignCertificate, ForeignItem, ForeignValue
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments import services as ledger
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.registries import USED_BY
from quanheng.platform.kernel import clock, events, files
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.imports import Context, ImportRow
from quanheng.platform.kernel.models import ImportBatch
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.standards import services as standards
from quanheng.platform.standards.models import Level, MeasurementStandard
from quanheng.platform.trace import services as trace
from quanheng.platform.trace.models import TraceCertificate, TraceUse

_TEXTS = ("measurement", "result", "column", "ref_type", "label", "time", "value", "unit", "uncertainty", "kind", "k")
_MORE = ("p", "distribution", "low", "high", "conformity", "relative", "relative_unit", "imaginary", "imaginary_unit")


def apply(rows: Sequence[ImportRow], context: Context) -> int:
    """Write the accepted items; of versions of one certificate the older goes in first. How many items went in."""
    by_file: dict[int, list[ImportRow]] = {}
    for row in rows:
        by_file.setdefault(row.values["plan"].named.position, []).append(row)

    def issued(position: int) -> tuple[str, int]:
        core = by_file[position][0].values["plan"].named.certificate.core
        return (str(day_of(core.issued) or ""), position)

    for position in sorted(by_file, key=issued):
        _certificate(by_file[position], context)
    return len(rows)


def _certificate(rows: Sequence[ImportRow], context: Context) -> None:
    plan: Plan = rows[0].values["plan"]
    made = _kept(plan, context)
    if made.supersedes is not None:
        _give_way(made.supersedes, context.actor)
    ForeignValue.objects.bulk_create(_values(made, plan.named.certificate), batch_size=500)
    for row in rows:
        _item(made, row, context)
    after = {
        "number": made.number,
        "issuer": made.issuer_name,
        "signature": made.signature_state,
        "sha256": made.sha256,
    }
    events.record(context.actor, "certificates.foreign_imported", made, after=after)


def _kept(plan: Plan, context: Context) -> ForeignCertificate:
    """The certificate's own row, and its bytes for ever. A version of this very import may have come before it."""
    reading, c = plan.named.reading, plan.named.certificate
    validation = cast(Validation, reading.validation)
    old = ForeignCertificate.objects.filter(
        organisation=context.organisation, number=c.core.unique_identifier, issuer_name=issuer_of(c), superseded_by=None
    )
    files.put(reading.xml)
    files.put(reading.data)
    return ForeignCertificate.objects.create(
        organisation=context.organisation,
        batch=context.batch,
        file_name=reading.name,
        sha256=reading.sha256,
        xml_sha256=reading.xml_sha256,
        number=c.core.unique_identifier,
        issuer_name=issuer_of(c),
        issuer_country=c.core.country[:8],
        customer_name=pick(c.customer.name, "zh")[:200] if c.customer is not None else "",
        version=c.version[:20],
        begin=c.core.begin[:40],
        end=c.core.end[:40],
        issued=c.core.issued[:40],
        performed_on=cast(dt.date, plan.performed),
        valid_until=cast(dt.date, plan.until),
        validity_stated=plan.stated,
        signature_state=reading.signature_state,
        signatures=[s.as_json() for s in validation.signatures],
        schema_state=reading.schema_state,
        findings={s: validation.count(s) for s in ("error", "warning", "info")},
        supersedes=old.order_by("-created_at").first() or plan.supersedes,
    )


def _give_way(old: ForeignCertificate, actor: Actor) -> None:
    """The version before carries no link any more: the new one takes its place from its first day."""
    for paper in TraceCertificate.objects.filter(pk__in=old.items.values("trace_id"), void_from=None):
        trace.mark_void(paper, paper.valid_from, actor=actor)


def _item(made: ForeignCertificate, row: ImportRow, context: Context) -> None:
    plan: Plan = row.values["plan"]
    item = plan.item
    subject = _subject(plan, row, context)
    standard = isinstance(subject, MeasurementStandard)
    if isinstance(subject, Instrument):
        register_instrument(subject, context.actor)
    known = {"range_low": subject.range_low, "range_high": subject.range_high} if standard else {}
    stated = widest(plan.named.certificate)
    paper = trace.record_certificate(
        item_id=subject.pk,
        number=made.number,
        issuer_name=made.issuer_name,
        document_id=None,
        basis="proven" if plan.named.reading.proven else "declared",
        valid_from=made.performed_on,
        valid_to=made.valid_until,
        range_text=subject.range_text if standard else subject.measuring_range,
        file_sha256=made.xml_sha256,
        uses=_edges(plan, made),
        actor=context.actor,
        **known,
        **stated,
    )
    ForeignItem.objects.create(
        certificate=made,
        position=plan.named.at,
        name=pick(item.name, "zh")[:300],
        manufacturer=pick(item.manufacturer, "zh")[:300],
        model=item.model[:300],
        identifiers=[{"issuer": i.issuer, "name": pick(i.name, "zh"), "value": i.value} for i in item.identifications],
        subject_type="standard" if standard else "instrument",
        subject_id=subject.pk,
        subject_added=plan.kind in (NEW_INSTRUMENT, NEW_STANDARD),
        trace_id=paper.pk,
    )


def _subject(plan: Plan, row: ImportRow, context: Context) -> Any:
    item = plan.item
    if plan.kind == NEW_INSTRUMENT:
        return ledger.add_instrument(
            actor=context.actor,
            organisation=context.organisation,
            category=cast(InstrumentCategory, plan.category),
            region=context.organisation.region,
            name=pick(item.name, "zh")[:120],
            specification=item.model[:120],
            serial_number=serial_of(item),
            manufacturer=pick(item.manufacturer, "zh")[:200],
            use="other",
        )
    if plan.kind == NEW_STANDARD:
        return standards.add_standard(
            actor=context.actor,
            organisation=context.organisation,
            name=pick(item.name, "zh")[:160],
            code=row.texts["code"],
            level=Level.WORKING,
            serial_number=serial_of(item),
            accuracy=row.texts["accuracy"],
            range_text=row.texts["range_text"],
        )
    if plan.kind == "standard":
        return MeasurementStandard.objects.select_related("organisation").get(pk=cast(uuid.UUID, plan.id))
    return Instrument.objects.select_related("organisation", "region").get(pk=cast(uuid.UUID, plan.id))


def _edges(plan: Plan, made: ForeignCertificate) -> Iterator[dict[str, Any]]:
    """One edge for each standard that was identified, however often it is named."""
    chosen = {use.chosen: use.ratio for use in plan.uses if use.chosen}
    for pk, ratio in chosen.items():
        used_on = made.performed_on
        yield {"standard_id": uuid.UUID(pk), "used_on": used_on, "u_ratio": float(ratio) if ratio else None}


def widest(certificate: Certificate) -> dict[str, Any]:
    """The largest expanded uncertainty of the first column that states one, in the words of the file; where all are
    relative, the largest of those, which no ratio can be formed with.
    """
    columns = [q for m in certificate.measurements for r in m.results for t in r.tables for q in t.columns]
    for q in columns:
        u = q.uncertainty
        if u is not None and u.kind == "expanded" and len(set(q.units)) <= 1 and (at := _largest(u)) is not None:
            return _stated(q, u, at)
    for u in (q.relative for q in columns if q.relative is not None):
        if (at := _largest(u)) is not None:
            return {"uncertainty": f"Urel = {u.values[at]} {units.symbol(entry(u.units, at))}".strip()[:120]}
    return {}


def _largest(u: Uncertainty) -> int | None:
    numbers = [(n, at) for at, text in enumerate(u.values) if (n := _decimal(text)) is not None]
    return max(numbers)[1] if numbers else None


def _stated(q: Quantity, u: Uncertainty, at: int) -> dict[str, Any]:
    text = u.values[at]
    k = entry(u.k or (), at)
    k = k if _decimal(k) is not None else "-"
    unit = entry(q.units, 0)
    words = f"U = {text} {units.symbol(unit)}".strip() + f" (k = {k})"
    return {"uncertainty": words[:120], "u_value": float(text), "unit": unit[:60]}


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _values(made: ForeignCertificate, certificate: Certificate) -> Iterator[ForeignValue]:
    """Every value as written; only ``reckoned`` is a number, and nothing is ever computed back from it."""
    for line in tables.frame(certificate).iter_rows(named=True):
        texts = {name: line[name] or "" for name in (*_TEXTS, *_MORE)}
        texts["unit"] = line["dsi"] or ""
        yield ForeignValue(certificate=made, table=line["table"], row=line["row"], reckoned=line["number"], **texts)


def undo(batch: ImportBatch, actor: Actor) -> int:
    """Take the certificates and what was added for them out again, unless something rests on them since."""
    made = list(ForeignCertificate.objects.select_for_update().filter(batch=batch).order_by("-created_at", "-pk"))
    ids = {c.pk for c in made}
    later = ForeignCertificate.objects.filter(supersedes__in=ids).exclude(pk__in=ids).first()
    if later is not None:
        raise Refused(_("不能撤销:之后又导入了新版本 %(later)s") % {"later": later}, code="in_use")
    items = list(ForeignItem.objects.filter(certificate__in=ids))
    papers = TraceCertificate.objects.in_bulk([i.trace_id for i in items])
    _unused(batch, papers.values())
    for item in items:
        trace.forget_certificate(papers[item.trace_id], actor=actor)
    ForeignItem.objects.filter(certificate__in=ids).delete()
    ForeignValue.objects.filter(certificate__in=ids).delete()
    _remove_added([i for i in items if i.subject_added], batch, actor)
    for certificate in _newest_first(made):
        _back_in_force(certificate.supersedes, ids, actor)
        events.record(actor, "certificates.foreign_undone", certificate, before={"number": certificate.number})
        certificate.delete()
    return len(items)


def _newest_first(made: Iterable[ForeignCertificate]) -> list[ForeignCertificate]:
    """A version before the one it replaced."""
    left, order = {c.pk: c for c in made}, []
    while left:
        replaced = {c.supersedes_id for c in left.values()}
        free = [c for pk, c in left.items() if pk not in replaced]
        order += free
        for c in free:
            del left[c.pk]
    return order


def _back_in_force(old: ForeignCertificate | None, gone: set[uuid.UUID], actor: Actor) -> None:
    if old is None or old.pk in gone:
        return
    for paper in TraceCertificate.objects.filter(pk__in=old.items.values("trace_id")).exclude(void_from=None):
        trace.mark_void(paper, None, actor=actor)


def _unused(batch: ImportBatch, papers: Iterable[TraceCertificate]) -> None:
    """Nothing issued or entered since the import used an item on the strength of its certificate."""
    applied = cast(dt.datetime, batch.applied_at)
    own = {p.pk for p in papers}
    for paper in papers:
        uses = TraceUse.objects.filter(
            standard_id=paper.item_id, used_on__gte=paper.valid_from, used_on__lte=paper.valid_to
        ).exclude(certificate__in=own)
        resting = uses.values_list("certificate__document_id", "certificate__number", "used_on")
        for document_id, number, used_on in resting:
            since = document_id is not None and Document.objects.filter(pk=document_id, issued_at__gte=applied).exists()
            if since or used_on > clock.civil_date(applied):
                raise Refused(
                    _("不能撤销:证书 %(number)s 已用过 %(item)s") % {"number": number, "item": paper.item.label},
                    code="in_use",
                )


def _remove_added(added: Sequence[ForeignItem], batch: ImportBatch, actor: Actor) -> None:
    """Instruments and standards that were entered for the certificates, if they are still as they were entered."""
    instruments = Instrument.objects.filter(pk__in=[i.subject_id for i in added if i.subject_type == "instrument"])
    used = {one.pk for one in instruments if one.state != "draft" or one.version != 1}
    for users in USED_BY.values():
        used |= users({one.pk for one in instruments})
    own = MeasurementStandard.objects.filter(pk__in=[i.subject_id for i in added if i.subject_type == "standard"])
    used |= {s.pk for s in own if not standards.untouched(s)}
    if used:
        raise Refused(_("不能撤销:为它新建的器具或标准已备案、修改或使用"), code="in_use")
    events.record_many(actor, "instruments.import_undone", list(instruments), after={"batch": str(batch.pk)})
    instruments.delete()
    for standard in own:
        standards.remove_untouched(standard, actor=actor)
