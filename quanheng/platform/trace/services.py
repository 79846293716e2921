"""Writes to the trace graph. Recall marks, it never rewrites."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel import bulk, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, Region
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused, require
from quanheng.platform.kernel.roles import Role
from quanheng.platform.trace.models import NodeKind, TraceCertificate, TraceNode, TraceUse


@transaction.atomic
def register_item(
    *,
    kind: str,
    id: uuid.UUID,
    label: str,
    organisation: Organisation | None,
    region: Region | None,
    is_root: bool = False,
    actor: Actor,
) -> TraceNode:
    """Put an item into the graph under the id it has in its own app; repeating updates the label."""
    node, created = TraceNode.objects.update_or_create(
        id=id,
        defaults={
            "kind": kind,
            "label": label[:200],
            "organisation": organisation,
            "organisation_name": organisation.name if organisation else "",
            "region": region,
            "is_root": is_root,
        },
    )
    if created:
        events.record(actor, "trace.item_registered", node, after={"label": label, "kind": kind})
    return node


@transaction.atomic
def register_items(rows: Sequence[TraceNode], *, actor: Actor) -> int:
    """Many items in one statement; those already there are left alone."""
    bulk.insert(rows, ignore_conflicts=True)
    if rows:
        events.record(actor, "trace.items_registered", rows[0], after={"count": len(rows)})
    return len(rows)


def may_declare(actor: Actor, node: TraceNode) -> Decision:
    """The institute that keeps a standard enters the upper certificates of it."""
    if node.organisation is not None and actor.acts_for(
        node.organisation.path, Role.LAB_MANAGER, Role.VERIFIER, Role.ENTERPRISE
    ):
        return Allowed()
    return Denied(_("只有保存该计量标准的机构可以登记其上级证书"))


@transaction.atomic
def declare_certificate(*, actor: Actor, node: TraceNode, **fields: Any) -> TraceCertificate:
    """Enter once an upper certificate that exists only on paper; it counts as declared."""
    require(may_declare(actor, node))
    return record_certificate(item_id=node.pk, basis="declared", document_id=None, actor=actor, **fields)


@transaction.atomic
def declare_upper(*, actor: Actor, node: TraceNode, kind: str, label: str, organisation_name: str = "") -> TraceNode:
    """An upper standard outside this system that a paper certificate of ``node`` names; the same words, the same item.

    National and foreign primary standards are roots: what rests on one by paper alone stays *declared* (DESIGN §5).
    """
    require(may_declare(actor, node))
    if kind not in {NodeKind.NATIONAL, NodeKind.FOREIGN, NodeKind.STANDARD}:
        raise InputError("node_kind", _("上级须为国家计量基准、境外计量基准或其他机构的计量标准"), "upper_kind")
    words = {"kind": kind, "label": label.strip()[:200], "organisation_name": organisation_name.strip()[:200]}
    found = TraceNode.objects.filter(organisation=None, **words).first()
    if found is None:
        found = TraceNode.objects.create(is_root=kind != NodeKind.STANDARD, **words)
        events.record(actor, "trace.item_registered", found, after={**words, "named_for": str(node.pk)})
    return found


@transaction.atomic
def record_certificate(
    *,
    item_id: uuid.UUID,
    number: str,
    issuer_name: str,
    document_id: uuid.UUID | None,
    basis: str,
    valid_from: dt.date,
    valid_to: dt.date | None,
    uses: Iterable[Mapping[str, Any]] = (),
    actor: Actor,
    **extent: Any,
) -> TraceCertificate:
    """A certificate about an item and the standards it used.

    ``extent``: uncertainty, u_value, range_text, range_low, range_high, unit, file_sha256.
    """
    if valid_to is not None and valid_to < valid_from:
        raise Refused(_("有效期至早于有效期自"), code="dates", place="valid_to")
    same = TraceCertificate.objects.filter(item_id=item_id, number=number, issuer_name=issuer_name, void_from=None)
    if same.exists():
        raise Refused(_("该证书已登记过"), code="duplicate", place="number")
    made = TraceCertificate.objects.create(
        item_id=item_id,
        number=number,
        issuer_name=issuer_name,
        document_id=document_id,
        basis=basis,
        valid_from=valid_from,
        valid_to=valid_to,
        entered_by=actor.user_id,
        **extent,
    )
    TraceUse.objects.bulk_create([TraceUse(certificate=made, **use) for use in uses])
    events.record(
        actor, "trace.certificate_recorded", made, after={"number": number, "basis": basis, "item": str(item_id)}
    )
    return made


@transaction.atomic
def void_certificate(document_id: uuid.UUID, void_from: dt.date, *, actor: Actor) -> int:
    """A revoked or replaced document no longer carries links from that day on."""
    found = list(TraceCertificate.objects.filter(document_id=document_id))
    for certificate in found:
        mark_void(certificate, void_from, actor=actor)
    return len(found)


def mark_void(certificate: TraceCertificate, void_from: dt.date | None, *, actor: Actor) -> None:
    """From that day the certificate carries no links; None takes the mark back."""
    before, certificate.void_from = certificate.void_from, void_from
    certificate.save(update_fields=["void_from"])
    verb = "trace.certificate_voided" if void_from else "trace.certificate_restored"
    events.record(actor, verb, certificate, before={"void_from": before}, after={"void_from": void_from})


@transaction.atomic
def forget_certificate(certificate: TraceCertificate, *, actor: Actor) -> None:
    """Take a certificate and its edges out with the import that brought it; an item that only it put here goes too."""
    node = certificate.item
    TraceUse.objects.filter(certificate=certificate).delete()
    events.record(actor, "trace.certificate_forgotten", certificate, before={"number": certificate.number})
    certificate.delete()
    bare = not node.certificates.exists() and not node.used_in.exists()
    if bare and node.kind == NodeKind.INSTRUMENT:
        node.delete()


@transaction.atomic
def void_certificates_of(item_id: uuid.UUID, on: dt.date, *, actor: Actor) -> int:
    """What the item was certified to be holds no longer from that day: it was rejected, moved, repaired or scrapped."""
    held = TraceCertificate.objects.filter(item_id=item_id, valid_from__lte=on, void_from=None)
    changed = list(held.exclude(valid_to__lt=on))
    for certificate in changed:
        mark_void(certificate, on, actor=actor)
    return len(changed)


@transaction.atomic
def condemn(node: TraceNode, on: dt.date, *, reason: str, actor: Actor) -> TraceNode:
    """From that day the item cannot be used as a standard; it may still be calibrated.

    The graph knows whole days: one on which it was still used before is a day of use, and it is out from the next. Who
    keeps the item refuses further use at once.
    """
    require(may_declare(actor, node))
    used = TraceUse.objects.filter(standard=node, used_on=on).exists()
    node.condemned_from = on + dt.timedelta(days=1) if used else on
    node.save(update_fields=["condemned_from"])
    events.record(actor, "trace.item_condemned", node, reason=reason, after={"condemned_from": node.condemned_from})
    return node


@transaction.atomic
def rehabilitate(node: TraceNode, *, reason: str, actor: Actor) -> TraceNode:
    """The item passed calibration again and may be used."""
    require(may_declare(actor, node))
    before = node.condemned_from
    node.condemned_from = None
    node.save(update_fields=["condemned_from"])
    events.record(actor, "trace.item_rehabilitated", node, reason=reason, before={"condemned_from": before})
    return node
