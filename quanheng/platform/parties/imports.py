"""The import of organisations, so that a region's first day starts from a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from quanheng.platform.kernel import events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.imports import IMPORTS, Context, ImportColumn, ImportKind, ImportRow
from quanheng.platform.kernel.models import AuditEvent, ImportBatch, Organisation, OrganisationKind, Region
from quanheng.platform.kernel.people import may_administer
from quanheng.platform.kernel.policies import Decision, Refused
from quanheng.platform.parties.credit import parse_credit_code

BROUGHT = "kernel.organisation_imported"
KINDS = {
    "企业": OrganisationKind.ENTERPRISE,
    "检定机构": OrganisationKind.INSTITUTE,
    "监管部门": OrganisationKind.REGULATOR,
    "其他": OrganisationKind.OTHER,
}
COLUMNS = (
    ImportColumn("name", "单位名称", ("名称", "企业名称", "机构名称"), True, example="东陵商贸有限公司", width=28),
    ImportColumn(
        "credit_code",
        "统一社会信用代码",
        ("信用代码", "社会信用代码"),
        parse=parse_credit_code,
        example="91350100M000100Y43",
    ),
    ImportColumn("kind", "类型", ("单位类型",), choices=KINDS, example="企业"),
    ImportColumn(
        "region",
        "行政区划",
        ("区划", "行政区划代码", "所属区县"),
        True,
        example="990101",
        note=gettext_noop("六位代码或名称"),
    ),
    ImportColumn("parent", "上级单位", ("所属单位", "总公司"), note=gettext_noop("名称或统一社会信用代码")),
    ImportColumn("address", "地址", max_length=300, example="东陵县中山路 1 号", width=28),
    ImportColumn("phone", "电话", ("联系电话",), max_length=40, example="0999-1234567"),
)


def may(actor: Actor, organisation: Organisation) -> Decision:
    """System administrators, and managers below their own organisation."""
    return may_administer(actor, organisation)


def _chunks(values: Iterable[str]) -> Iterable[list[str]]:
    rows = sorted(set(values) - {""})
    for start in range(0, len(rows), 500):
        yield rows[start : start + 500]


def _named(texts: Iterable[str]) -> dict[str, list[Organisation]]:
    """Organisations by name and by credit code."""
    found: dict[str, list[Organisation]] = {}
    for part in _chunks(texts):
        for one in Organisation.objects.filter(Q(name__in=part) | Q(credit_code__in=part)):
            for text in {one.name, one.credit_code} - {""}:
                found.setdefault(text, []).append(one)
    return found


def check(rows: Sequence[ImportRow], context: Context) -> None:
    """Regions, parents and codes that must be new, as sets."""
    wanted = {str(r.values.get("region") or "") for r in rows}
    regions: dict[str, list[Region]] = {}
    for region in Region.objects.filter(Q(pk__in=wanted) | Q(name__in=wanted)):
        for text in {region.pk, region.name}:
            regions.setdefault(text, []).append(region)
    codes = {str(r.values.get("credit_code") or "") for r in rows}
    names = {str(r.values.get("name") or "") for r in rows}
    held = _named(codes | names | {str(r.values.get("parent") or "") for r in rows})
    seen: set[str] = set()
    for row in rows:
        _region(row, regions)
        _parent(row, held, context)
        code, name = row.values.get("credit_code") or "", row.values.get("name") or ""
        if code and (code in held or code in seen):
            row.fail("credit_code", _("这个统一社会信用代码已登记"))
        if not code and name and (name in held or name in seen):
            row.fail("name", _("已有同名单位;不同的单位请填写统一社会信用代码"))
        seen |= {code, name}


def _region(row: ImportRow, regions: dict[str, list[Region]]) -> None:
    text = str(row.values.get("region") or "")
    found = regions.get(text, [])
    if len(found) == 1:
        row.values["region"] = found[0]
    elif text:
        row.fail(
            "region",
            _("「%(text)s」不止一处,请填六位代码") % {"text": text}
            if found
            else _("没有行政区划「%(text)s」") % {"text": text},
        )


def _parent(row: ImportRow, held: dict[str, list[Organisation]], context: Context) -> None:
    text = str(row.values.get("parent") or "")
    found = held.get(text, []) if text else []
    if text and len(found) != 1:
        row.fail("parent", _("没有单位「%(text)s」,请先登记或核对名称") % {"text": text})
        return
    parent = found[0] if found else None
    if parent is None and not may_administer(context.actor, None):
        parent = context.organisation
    if parent is not None and not may_administer(context.actor, parent):
        row.fail("parent", _("您不能在这个单位之下登记单位"))
    row.values["parent"] = parent


def apply(rows: Sequence[ImportRow], context: Context) -> int:
    """Write them; who they are under is in their path."""
    made = []
    for row in rows:
        values, parent = row.values, row.values.get("parent")
        one = Organisation(
            name=values["name"],
            credit_code=values.get("credit_code") or "",
            kind=values.get("kind") or OrganisationKind.ENTERPRISE,
            region=values["region"],
            parent=parent,
            address=values.get("address") or "",
            phone=values.get("phone") or "",
        )
        one.path = f"{parent.path if parent else '/'}{one.id.hex[:12]}/"
        made.append(one)
    Organisation.objects.bulk_create(made, batch_size=500)
    events.record_many(context.actor, BROUGHT, made, after={"batch": str(context.batch.pk)})
    return len(made)


def undo(batch: ImportBatch, actor: Actor) -> int:
    """Delete them, unless anything refers to one of them."""
    subjects = AuditEvent.objects.filter(verb=BROUGHT, after__batch=str(batch.pk)).values_list("subject_id", flat=True)
    rows = Organisation.objects.filter(pk__in=list(subjects))
    used = [o.name for o in rows if _used(o)]
    if used:
        names = "、".join(used[:5])
        raise Refused(_("不能撤销:%(names)s 等 %(n)d 个单位已在使用") % {"names": names, "n": len(used)}, code="in_use")
    count = len(rows)
    events.record_many(actor, "kernel.organisation_import_undone", list(rows), after={"batch": str(batch.pk)})
    rows.delete()
    return count


def _used(organisation: Organisation) -> bool:
    for relation in organisation._meta.related_objects:
        if relation.related_model._default_manager.filter(**{relation.field.name: organisation}).exists():
            return True
    return False


def register() -> None:
    """Called when the app is ready."""
    IMPORTS.register(
        "organisations",
        ImportKind("organisations", gettext_lazy("单位"), COLUMNS, may, check, apply, undo),
    )
