"""The import of a bureau's past: instruments with the number and dates of their last verification.

The old documents enter as ``origin=imported``: shown as such, never counted as proven.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.documents.models import Document, DocumentKind
from quanheng.platform.documents.services import forget_imported, record_imported
from quanheng.platform.instruments import duplicates, policies
from quanheng.platform.instruments.imports import LEDGER, OWNER, draft, entered, resolve
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.registries import USED_BY
from quanheng.platform.instruments.services.filing import filed
from quanheng.platform.instruments.services.results import FIELDS, Result, passes_after_repair, put
from quanheng.platform.instruments.status import PASS, REJECT
from quanheng.platform.instruments.words import search_text
from quanheng.platform.kernel import bulk, clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.imports import IMPORTS, Context, ImportColumn, ImportKind, ImportRow
from quanheng.platform.kernel.models import AuditEvent, ImportBatch
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.sheets.cells import parse_date
from quanheng.platform.trace.models import TraceCertificate, TraceNode

VERDICTS = {"合格": PASS, "不合格": REJECT}
BROUGHT = "instruments.history_imported"
UPDATED = "instruments.history_noted"
KEPT = (*(f for f in FIELDS if f != "search"), "state")
Key = tuple[Any, ...]

PAST = (
    ImportColumn(
        "document_number", "证书编号", ("检定证书编号", "证书号"), True, max_length=80, example="衡检字 2025-00123"
    ),
    ImportColumn("issuer_name", "检定机构", ("出具机构", "检定单位"), example="衡川市计量测试所"),
    ImportColumn("verified_on", "检定日期", ("最近检定日期", "检定时间"), True, parse=parse_date, example="2025-05-20"),
    ImportColumn("valid_until", "有效期至", ("有效期", "到期日期"), parse=parse_date, example="2026-05-19"),
    ImportColumn("verdict", "检定结论", ("结论", "检定结果"), choices=VERDICTS, example="合格"),
)


def _key(item: Instrument) -> Key:
    return (*duplicates.key_of(item), item.serial_number)


def check(rows: Sequence[ImportRow], context: Context) -> None:
    """As a ledger of many owners, plus dates that must agree and numbers that must be new."""
    resolve(rows, context, within=False)
    numbers = [r.values.get("document_number") or "" for r in rows]
    known: set[str] = set()
    for texts in duplicates.chunks(numbers):
        held = Document.objects.filter(organisation=context.organisation, number__in=texts)
        known.update(held.values_list("number", flat=True))
    for row, number in zip(rows, numbers, strict=True):
        if number and number in known:
            row.fail("document_number", _("证书编号重复"))
        known.add(number)
        on, until = row.values.get("verified_on"), row.values.get("valid_until")
        if on and on > clock.today():
            row.fail("verified_on", _("检定日期晚于今天"))
        if on and until and until < on:
            row.fail("valid_until", _("有效期至早于检定日期"))
    _check_serials([r for r in rows if not r.errors], context)


def _check_serials(rows: Sequence[ImportRow], context: Context) -> None:
    drafts = [draft(r, context) for r in rows]
    seen: dict[Key, ImportRow] = {}
    for row, item in zip(rows, drafts, strict=True):
        first = seen.setdefault(_key(item), row)
        if first is not row:
            row.fail("serial_number", _("同一台器具出现两次(第 %(n)d 行)") % {"n": first.number})
    held = _held(drafts)
    fresh = [n for n, item in enumerate(drafts) if _key(item) not in held and not rows[n].errors]
    clashes = duplicates.conflicts([drafts[n] for n in fresh], {drafts[n].organisation_id for n in fresh})
    for position, message in clashes.items():
        rows[fresh[position]].fail("serial_number", message)


def _held(drafts: Sequence[Instrument]) -> dict[Key, Instrument]:
    """Those of the rows that are in the ledger already."""
    live = Instrument.objects.exclude(state="scrapped").select_related("organisation", "category", "region")
    found: dict[Key, Instrument] = {}
    for serials in duplicates.chunks(d.serial_number for d in drafts):
        found.update({_key(item): item for item in live.filter(serial_number__in=serials)})
    return found


def apply(rows: Sequence[ImportRow], context: Context) -> int:
    """New instruments enter as in use; each gets its last verification, and the old document is noted."""
    drafts = entered(rows, context)
    held = _held(drafts)
    items = [held.get(_key(d), d) for d in drafts]
    noted = [_document(row, item, context) for row, item in zip(rows, items, strict=True)]
    documents = record_imported(noted, actor=context.actor)
    new: list[Instrument] = []
    old: list[tuple[Instrument, dict[str, Any]]] = []
    for row, item, made, document in zip(rows, items, drafts, documents, strict=True):
        before = {k: getattr(item, k) for k in KEPT}
        verdict = row.values.get("verdict") or PASS
        result = Result(row.values["verified_on"], verdict, row.values.get("valid_until"), document.pk, document.number)
        changed = put(item, result)
        if item is made:
            item.state = "stopped" if verdict == REJECT else "in_use"
            item.filed_at = clock.now()
            new.append(item)
        else:
            if passes_after_repair(item):
                item.state = "in_use"
            old.append((item, before if changed else {}))
        item.__dict__["_document_id"] = document.pk
    bulk.insert(new)
    Instrument.objects.bulk_update([i for i, _before in old], [*FIELDS, "state"], batch_size=200)
    filed(new, context.actor)
    _record(new, old, context)
    return len(rows)


def _record(new: Sequence[Instrument], old: Sequence[tuple[Instrument, dict[str, Any]]], context: Context) -> None:
    batch = str(context.batch.pk)
    events.record_many(context.actor, BROUGHT, new, after={"batch": batch})
    for item, before in old:
        after = {"batch": batch, "document": item.__dict__["_document_id"], **{k: getattr(item, k) for k in before}}
        events.record(context.actor, UPDATED, item, before=before, after=after)


def _document(row: ImportRow, item: Instrument, context: Context) -> dict[str, Any]:
    values = row.values
    verdict = values.get("verdict") or PASS
    kind = DocumentKind.REJECTION_NOTICE if verdict == REJECT else DocumentKind.VERIFICATION_CERTIFICATE
    return {
        "organisation": context.organisation,
        "issuer_name": values.get("issuer_name") or context.organisation.name,
        "owner": item.organisation,
        "region": item.region,
        "subject_type": Instrument._meta.label_lower,
        "subject_id": item.pk,
        "number": values["document_number"],
        "kind": kind,
        "verdict": verdict,
        "performed_on": values["verified_on"],
        "issued_on": values["verified_on"],
        "valid_until": values.get("valid_until"),
    }


def undo(batch: ImportBatch, actor: Actor) -> int:
    """Take instruments, notes and documents back, unless something happened to any of them since."""
    new = list(Instrument.objects.select_for_update().filter(batch=batch))
    noted = list(AuditEvent.objects.filter(verb=UPDATED, after__batch=str(batch.pk)))
    old = Instrument.objects.in_bulk([uuid.UUID(e.subject_id) for e in noted])
    documents = {i.last_document_id for i in new} | {uuid.UUID(e.after["document"]) for e in noted}
    documents -= {None}
    _unused(new, [(old[uuid.UUID(e.subject_id)], e) for e in noted], documents)
    restored = []
    for event in noted:
        item = old[uuid.UUID(event.subject_id)]
        for name, value in event.before.items():
            setattr(item, name, _field(name).to_python(value))
        item.search = search_text(item, item.organisation.name)
        restored.append(item)
    Instrument.objects.bulk_update(restored, [*FIELDS, "state"], batch_size=200)
    events.record_many(actor, "instruments.import_undone", [*new, *restored], after={"batch": str(batch.pk)})
    TraceNode.objects.filter(pk__in=[i.pk for i in new]).delete()
    Instrument.objects.filter(batch=batch).delete()
    forget_imported(documents, actor=actor)
    return len(new) + len(restored)


def _field(name: str) -> models.Field[Any, Any]:
    field = Instrument._meta.get_field(name)
    return cast("models.Field[Any, Any]", field)


def _unused(
    new: Sequence[Instrument], old: Sequence[tuple[Instrument, AuditEvent]], documents: set[uuid.UUID | None]
) -> None:
    used = {i.pk for i in new if i.version != 1}
    used |= {i.pk for i, e in old if e.before and str(i.last_document_id) != e.after["document"]}
    for users in USED_BY.values():
        used |= users({i.pk for i in new})
    ids = [i.pk for i in new]
    used |= set(TraceCertificate.objects.filter(item_id__in=ids).values_list("item_id", flat=True))
    used |= set(TraceCertificate.objects.filter(document_id__in=documents).values_list("item_id", flat=True))
    if used:
        raise Refused(_("不能撤销:其中 %(n)d 台此后已有新的记录") % {"n": len(used)}, code="in_use")


def register() -> None:
    """Called when the app is ready."""
    IMPORTS.register(
        "history",
        ImportKind(
            name="history",
            title=gettext_lazy("历史检定数据"),
            columns=(replace(OWNER, required=True), *LEDGER, *PAST),
            may=policies.may_import_history,
            check=check,
            apply=apply,
            undo=undo,
        ),
    )
