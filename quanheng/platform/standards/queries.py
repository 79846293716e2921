"""Reads about measurement standards."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import people
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceCertificate


def visible(viewer: Actor) -> QuerySet[MeasurementStandard]:
    """Standards of the viewer's own institute or supervised region."""
    q = people.scope_q(
        viewer, owner="organisation", region="organisation__region_id", roles=(*INSTITUTE_ROLES, Role.ENTERPRISE)
    )
    return MeasurementStandard.objects.filter(q).select_related("organisation", "organisation__region")


def candidates(viewer: Actor, organisation: Organisation, norm: Norm) -> QuerySet[MeasurementStandard]:
    """Standards of an institute that serve a norm, usable or not: the page says why one is not."""
    return visible(viewer).filter(organisation=organisation, norms=norm).order_by("role", "code")


def ids_of_number(text: str) -> list[uuid.UUID]:
    """The standards of that number; several institutes may use the same one."""
    return list(MeasurementStandard.objects.filter(code=text.strip()).values_list("pk", flat=True)[:2])


def may_use(standard: MeasurementStandard, norm: Norm, on: dt.date) -> Decision:
    """Whether the standard may be used for the norm that day, leaving traceability to `trace.queries.prove`."""
    if standard.condemned_on is not None and on >= standard.condemned_on:
        return Denied(_("计量标准 %(name)s 自 %(day)s 起停用") % {"name": standard, "day": standard.condemned_on})
    if standard.state == "suspended":
        return Denied(_("计量标准 %(name)s 已暂停使用") % {"name": standard})
    if standard.assessed_from is not None and on < standard.assessed_from:
        return Denied(
            _("计量标准 %(name)s 的考核证书自 %(day)s 起有效") % {"name": standard, "day": standard.assessed_from}
        )
    if standard.assessed_until is not None and on > standard.assessed_until:
        return Denied(
            _("计量标准 %(name)s 的考核证书已于 %(day)s 到期") % {"name": standard, "day": standard.assessed_until}
        )
    if not standard.norms.filter(pk=norm.pk).exists():
        return Denied(_("计量标准 %(name)s 的考核范围不含 %(norm)s") % {"name": standard, "norm": norm.number})
    return Allowed()


def certificate_on(standard: MeasurementStandard, on: dt.date) -> TraceCertificate | None:
    """The certificate of the standard in force that day, else its latest one: the conditions say what is wrong."""
    return certificates_on([standard], on).get(standard.pk)


def certificates_on(standards: Iterable[MeasurementStandard], on: dt.date) -> dict[uuid.UUID, TraceCertificate]:
    """The same for several at once; without those that have none."""
    found: dict[uuid.UUID, TraceCertificate] = {}
    held = TraceCertificate.objects.filter(item_id__in=[s.pk for s in standards])
    for paper in held.order_by("valid_from"):
        before = found.get(paper.item_id)
        if before is None or _in_force(paper, on) or not _in_force(before, on):
            found[paper.item_id] = paper
    return found


def _in_force(paper: TraceCertificate, on: dt.date) -> bool:
    begun, not_over = paper.valid_from <= on, paper.valid_to is None or paper.valid_to >= on
    return begun and not_over and (paper.void_from is None or paper.void_from > on)
