"""Seals over audit events find every kind of tampering."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from quanheng.platform.kernel import events, sealing
from quanheng.platform.kernel.models import AuditEvent, AuditSeal
from tests.platform import makers

pytestmark = pytest.mark.django_db
AT_ONCE = dt.timedelta(0)


def make_events(count: int = 5) -> None:
    organisation = makers.make_organisation()
    for n in range(count):
        events.record(makers.SYSTEM, "test.happened", organisation, reason=f"第{n}件", after={"n": str(n)})


def without_triggers(sql: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER audit_no_update")
            cursor.execute("DROP TRIGGER audit_no_delete")
        else:
            cursor.execute("ALTER TABLE kernel_auditevent DISABLE TRIGGER audit_no_change")
        cursor.execute(sql)


def test_a_seal_covers_what_settled_and_the_next_event_records_its_root() -> None:
    make_events()
    made = sealing.seal(settle=AT_ONCE)
    assert made is not None
    recorded = AuditEvent.objects.get(verb="kernel.audit_sealed")
    assert recorded.after["root"] == made.root
    assert recorded.pk > made.last_id
    assert sealing.check() == []


def test_nothing_is_sealed_before_it_settled() -> None:
    make_events()
    assert sealing.seal(settle=dt.timedelta(hours=1)) is None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kernel_auditevent SET reason = '改' WHERE id = (SELECT MIN(id) + 1 FROM kernel_auditevent)",
        "DELETE FROM kernel_auditevent WHERE id = (SELECT MIN(id) + 1 FROM kernel_auditevent)",
        "UPDATE kernel_auditsealcopy SET root = '0'",
    ],
)
def test_an_edited_a_removed_event_or_a_changed_seal_is_found(sql: str) -> None:
    make_events()
    sealing.seal(settle=AT_ONCE)
    if "sealcopy" in sql:
        AuditSeal.objects.update(root="0" * 64)
    else:
        without_triggers(sql)
    assert sealing.check() != []


def test_truncating_events_and_their_seal_breaks_the_chain_of_seals() -> None:
    for _ in range(3):
        make_events(2)
        sealing.seal(settle=AT_ONCE)
    first = AuditSeal.objects.order_by("last_id").first()
    assert first is not None
    without_triggers(f"DELETE FROM kernel_auditevent WHERE id <= {first.last_id}")
    first.delete()
    assert any("follow" in line for line in sealing.check())
