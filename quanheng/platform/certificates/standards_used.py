"""The standards of a record: chosen by the verifier, described by the ledger of standards and not by the browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.certificates.coverage import Demand, demands
from quanheng.platform.certificates.models import Record, RecordStandard
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.queries import certificate_on, may_use
from quanheng.platform.verification.models import Task
from quanheng.procedures import Loaded

ACCURACY_KEYS = ("u", "U", "k", "mpe", "unit")


def entry_of(standard: MeasurementStandard, role: str, on: dt.date) -> dict[str, str]:
    """How the standard stands in a raw record that day."""
    certificate = certificate_on(standard, on)
    accuracy = {k: str(standard.parameters[k]) for k in ACCURACY_KEYS if standard.parameters.get(k) not in (None, "")}
    return {
        "role": role,
        "name": standard.name,
        "certificate": certificate.number if certificate else _("无溯源证书"),
        "serial": standard.code,
        "item": str(standard.pk),
        "valid_to": certificate.valid_to.isoformat() if certificate and certificate.valid_to else "",
        **accuracy,
    }


def choices(task: Task, procedure: Loaded) -> dict[str, list[MeasurementStandard]]:
    """The institute's standards for each role the procedure asks for, usable or not."""
    own = MeasurementStandard.objects.filter(organisation=task.organisation, norms=task.norm).order_by("code")
    roles = [standard.role for standard in procedure.procedure.standards]
    return {role: [s for s in own if s.role == role] for role in roles}


def proposed(task: Task, procedure: Loaded, on: dt.date, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """For each role the usable standard that covers the record most closely, or those that cover it together."""
    wanted = demands(procedure, data)
    entries = []
    for role, found in choices(task, procedure).items():
        usable = [s for s in found if task.norm is not None and may_use(s, task.norm, on)]
        entries += [entry_of(s, role, on) for s in _fitting(usable, wanted.get(role, Demand(())), on)]
    return entries


def _fitting(usable: list[MeasurementStandard], demand: Demand, on: dt.date) -> list[MeasurementStandard]:
    if not demand.values:
        return usable[:1]
    known = demand.extents(usable, on)
    sized = [s for s in usable if s.pk in known]
    alone = [s for s in sized if not demand.lacking([known[s.pk]])]
    if alone:
        return [min(alone, key=lambda s: (s.range_high or 0) - (s.range_low or 0))]
    partly = [s for s in sized if demand.part(known[s.pk])]
    return partly if not demand.lacking(known[s.pk] for s in partly) else partly[:1]


def described(record: Record, chosen: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Entries for the standards a sheet names by role and item; anything else it says about them is ignored."""
    wanted = [(str(c.get("role", "")), str(c.get("item", ""))) for c in chosen if isinstance(c, Mapping)]
    own = MeasurementStandard.objects.filter(organisation_id=record.organisation_id)
    known = {str(s.pk): s for s in own}
    if unknown := [item for _role, item in wanted if item not in known]:
        raise Refused(_("标准器不在本机构台账内"), code="unknown_standard", place=f"standards:{unknown[0][:40]}")
    return [entry_of(known[item], role, record.performed_on) for role, item in dict.fromkeys(wanted)]


def link(record: Record) -> None:
    """Keep the rows that tie a record to its standards in step with its sheet."""
    wanted = {entry["item"]: entry["role"] for entry in record.data.get("standards", [])}
    record.standards.all().delete()
    RecordStandard.objects.bulk_create(
        RecordStandard(record=record, standard_id=item, role=role[:40], used_on=record.performed_on)
        for item, role in wanted.items()
    )


def by_role(data: Mapping[str, Any]) -> dict[str, list[MeasurementStandard]]:
    """The standards of a raw record as its sheet names them."""
    rows = MeasurementStandard.objects.in_bulk([e["item"] for e in data.get("standards", [])])
    known = {str(pk): standard for pk, standard in rows.items()}
    found: dict[str, list[MeasurementStandard]] = {}
    for entry in data.get("standards", []):
        if entry["item"] in known:
            found.setdefault(entry["role"], []).append(known[entry["item"]])
    return found
