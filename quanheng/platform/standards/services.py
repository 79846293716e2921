"""Writes about measurement standards. A condemned standard can be recalibrated but not used."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused, require
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.kernel.workflow import apply
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.workflow import STANDARD
from quanheng.platform.trace import services as trace
from quanheng.platform.trace.models import NodeKind, TraceCertificate, TraceNode


def may_keep(actor: Actor, organisation: Organisation) -> Decision:
    """Managers and verifiers of the institute keep its standards."""
    if actor.acts_for(organisation.path, Role.LAB_MANAGER, Role.VERIFIER, Role.ENTERPRISE):
        return Allowed()
    return Denied(_("只有本单位的计量人员可以维护计量标准"))


def may_see(actor: Actor, standard: MeasurementStandard) -> Decision:
    """The institute's own people and the regulators of its region."""
    path, region = standard.organisation.path, standard.organisation.region_id
    if actor.acts_for(path, *INSTITUTE_ROLES, Role.ENTERPRISE) or actor.supervises(region):
        return Allowed()
    return Denied(_("只能查看本单位或本辖区的计量标准"))


@transaction.atomic
def add_standard(
    *, actor: Actor, organisation: Organisation, norms: Sequence[Any] = (), **fields: Any
) -> MeasurementStandard:
    """Enter a measurement standard and put it into the trace graph under the same id."""
    require(may_keep(actor, organisation))
    low, high = fields.get("range_low"), fields.get("range_high")
    if low is not None and high is not None and low > high:
        raise Refused(_("测量范围下限大于上限"), code="range", place="range_low")
    fields.setdefault("id", uuid.uuid4())
    standard = MeasurementStandard.objects.create(organisation=organisation, state="in_use", **fields)
    standard.norms.set(norms)
    _in_graph(standard, actor)
    events.record(actor, "standards.added", standard, after={"name": standard.name, "code": standard.code})
    return standard


def untouched(standard: MeasurementStandard) -> bool:
    """Whether nothing was done with the standard since it was entered: no step, no certificate, no use."""
    node = TraceNode.objects.filter(pk=standard.pk).first()
    if standard.version != 1 or (node is not None and (node.certificates.exists() or node.used_in.exists())):
        return False
    related = MeasurementStandard._meta.related_objects
    return not any(r.related_model._default_manager.filter(**{r.field.name: standard}).exists() for r in related)


@transaction.atomic
def remove_untouched(standard: MeasurementStandard, *, actor: Actor) -> None:
    """Take a standard out again with the import that entered it."""
    require(may_keep(actor, standard.organisation))
    if not untouched(standard):
        raise Refused(_("这台标准已在使用,不能删除"), code="in_use")
    events.record(actor, "standards.removed", standard, before={"name": standard.name, "code": standard.code})
    TraceNode.objects.filter(pk=standard.pk).delete()
    standard.norms.clear()
    standard.delete()


EDITABLE = (
    "name",
    "code",
    "level",
    "role",
    "serial_number",
    "accuracy",
    "range_text",
    "range_low",
    "range_high",
    "unit",
    "assessment_number",
    "assessed_from",
    "assessed_until",
)


@transaction.atomic
def edit_standard(
    *, actor: Actor, standard: MeasurementStandard, reason: str, norms: Sequence[Any], **fields: Any
) -> MeasurementStandard:
    """Change what is known of a standard, with a reason, before and after on record; issued documents keep theirs."""
    require(may_keep(actor, standard.organisation))
    if unknown := set(fields) - set(EDITABLE):
        raise InputError("unknown_field", _("这些字段不能修改"), ", ".join(sorted(unknown)))
    low, high = fields.get("range_low", standard.range_low), fields.get("range_high", standard.range_high)
    if low is not None and high is not None and low > high:
        raise Refused(_("测量范围下限大于上限"), code="range", place="range_low")
    now: dict[str, Any] = {name: getattr(standard, name) for name in fields}
    now["norms"] = sorted(n.number for n in standard.norms.all())
    wanted: dict[str, Any] = {**fields, "norms": sorted(n.number for n in norms)}
    changed = {name: value for name, value in wanted.items() if now[name] != value}
    if not changed:
        return standard
    for name in set(changed) - {"norms"}:
        setattr(standard, name, changed[name])
    standard.save(update_fields=sorted(set(changed) - {"norms"}))
    standard.norms.set(norms)
    _in_graph(standard, actor)
    events.record(
        actor, "standards.edited", standard, reason=reason, before={n: now[n] for n in changed}, after=changed
    )
    return standard


@transaction.atomic
def enter_upper_certificate(
    *,
    actor: Actor,
    standard: MeasurementStandard,
    number: str,
    issuer_name: str,
    valid_from: dt.date,
    upper: TraceNode | None = None,
    upper_kind: str = "",
    upper_name: str = "",
    u_ratio: float | None = None,
    **fields: Any,
) -> TraceCertificate:
    """Enter once a certificate of the standard that exists only on paper (declared), with the upper standard it names.

    The upper standard is one of the graph, or (``upper_kind``, ``upper_name``) one outside this system. ``fields`` as
    in ``trace.services.record_certificate``; the standard's own range is taken where none is given.
    """
    require(may_keep(actor, standard.organisation))
    node = TraceNode.objects.get(pk=standard.pk)
    if upper_name:
        place = issuer_name if upper_kind == NodeKind.STANDARD else ""
        upper = trace.declare_upper(actor=actor, node=node, kind=upper_kind, label=upper_name, organisation_name=place)
    if upper is not None:
        fields["uses"] = [{"standard_id": upper.pk, "used_on": valid_from, "u_ratio": u_ratio}]
    for name in ("range_text", "range_low", "range_high", "unit"):
        fields.setdefault(name, getattr(standard, name))
    return trace.declare_certificate(
        actor=actor, node=node, number=number, issuer_name=issuer_name, valid_from=valid_from, **fields
    )


@transaction.atomic
def condemn(*, actor: Actor, standard: MeasurementStandard, reason: str) -> MeasurementStandard:
    """Take the standard out of use from today. Calibrating it stays possible."""
    apply(STANDARD, "condemn", standard, actor=actor, reason=reason, condemned_on=clock.today())
    trace.condemn(TraceNode.objects.get(pk=standard.pk), clock.today(), reason=reason, actor=actor)
    return standard


@transaction.atomic
def restore(*, actor: Actor, standard: MeasurementStandard, reason: str) -> MeasurementStandard:
    """Back into use after a certificate newer than the condemnation."""
    newer = TraceCertificate.objects.filter(item_id=standard.pk, valid_from__gte=standard.condemned_on or clock.today())
    if not newer.exists():
        raise Refused(_("先登记停用之后的校准证书,再恢复使用"), code="not_recalibrated")
    apply(STANDARD, "restore", standard, actor=actor, reason=reason, condemned_on=None)
    trace.rehabilitate(TraceNode.objects.get(pk=standard.pk), reason=reason, actor=actor)
    return standard


def take_step(name: str, *, actor: Actor, standard: MeasurementStandard, reason: str) -> MeasurementStandard:
    """Suspend, resume, condemn or restore."""
    if name == "condemn":
        return condemn(actor=actor, standard=standard, reason=reason)
    if name == "restore":
        return restore(actor=actor, standard=standard, reason=reason)
    return apply(STANDARD, name, standard, actor=actor, reason=reason)


def _in_graph(standard: MeasurementStandard, actor: Actor) -> None:
    trace.register_item(
        kind="standard",
        id=standard.pk,
        label=str(standard),
        organisation=standard.organisation,
        region=standard.organisation.region,
        actor=actor,
    )
