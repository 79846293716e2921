"""Audit events sealed in batches under a Merkle root that the next event records."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

from django.db import transaction

from quanheng.evidence.ledger.merkle import fold, leaf_hash, range_hash
from quanheng.platform.kernel import actors, clock, events
from quanheng.platform.kernel.models import AuditEvent, AuditSeal

# Longer than any transaction may last, so that no event with a lower number can still appear.
SETTLE = dt.timedelta(minutes=10)
FIELDS = (
    "id",
    "happened_at",
    "recorded_at",
    "actor_id",
    "actor_name",
    "on_behalf_of",
    "verb",
    "subject_type",
    "subject_id",
    "organisation_id",
    "region_code",
    "reason",
    "before",
    "after",
    "request_id",
)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=events.plain).encode


def leaf(event: AuditEvent) -> bytes:
    """The bytes of an event that the seal covers; what was written before and after is plain already."""
    values = {name: getattr(event, name) for name in FIELDS}
    values["happened_at"] = event.happened_at.astimezone(dt.UTC).isoformat()
    values["recorded_at"] = event.recorded_at.astimezone(dt.UTC).isoformat()
    return _encode(values).encode()


def merkle_root(leaves: Iterable[bytes]) -> str:
    """RFC 6962 tree hash of the leaves."""
    hashes = [leaf_hash(item) for item in leaves]
    return range_hash(lambda height, at: fold(hashes[at << height : (at + 1) << height]), 0, len(hashes)).hex()


@transaction.atomic
def seal(*, settle: dt.timedelta = SETTLE, limit: int = 50_000) -> AuditSeal | None:
    """Seal the settled events after the last seal; None where there is nothing new."""
    last = AuditSeal.objects.order_by("-last_id").first()
    after = last.last_id if last else 0
    batch = list(AuditEvent.objects.filter(id__gt=after, recorded_at__lte=clock.now() - settle).order_by("id")[:limit])
    if not batch:
        return None
    made = AuditSeal.objects.create(
        first_id=batch[0].pk,
        last_id=batch[-1].pk,
        count=len(batch),
        root=merkle_root(leaf(e) for e in batch),
        previous_root=last.root if last else "",
        sealed_at=clock.now(),
    )
    after_values = {
        "root": made.root,
        "previous_root": made.previous_root,
        "first": made.first_id,
        "last": made.last_id,
    }
    events.record(actors.system("sealing"), "kernel.audit_sealed", made, after=after_values)
    return made


def check() -> list[str]:
    """Recompute every seal; each line names a batch whose events were edited, removed, reordered or added."""
    findings: list[str] = []
    previous = ""
    for made in AuditSeal.objects.order_by("last_id"):
        batch = list(AuditEvent.objects.filter(id__gte=made.first_id, id__lte=made.last_id).order_by("id"))
        if len(batch) != made.count:
            findings.append(f"events {made.first_id}-{made.last_id}: {made.count} were sealed, {len(batch)} are there")
        elif merkle_root(leaf(e) for e in batch) != made.root:
            findings.append(f"events {made.first_id}-{made.last_id}: an event differs from what was sealed")
        if made.previous_root != previous:
            findings.append(f"seal of events {made.first_id}-{made.last_id} does not follow the seal before it")
        recorded = AuditEvent.objects.filter(verb="kernel.audit_sealed", subject_id=str(made.pk)).first()
        if recorded is None or recorded.after.get("root") != made.root:
            findings.append(f"seal of events {made.first_id}-{made.last_id} is not the one the next event recorded")
        previous = made.root
    return findings
