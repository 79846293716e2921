"""Seals over audit events find every kind of tampering."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection

from quanheng.platform.kernel import clock, events, sealing
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


def test_the_bytes_of_an_event_under_its_seal_stay_what_they_were() -> None:
    event = AuditEvent(
        id=7,
        happened_at=dt.datetime(2026, 5, 20, 9, 30, tzinfo=clock.CIVIL),
        recorded_at=dt.datetime(2026, 5, 20, 1, 30, 0, 250, tzinfo=dt.UTC),
        actor_id=uuid.UUID(int=5),
        actor_name="王 敏",
        verb="test.happened",
        subject_type="kernel.region",
        subject_id="990100",
        before={"until": None, "steps": ["1", 2, True]},
        after={"z": {"b": "1.50", "a": ""}},
    )
    assert sealing.leaf(event).decode() == (
        '{"actor_id":"00000000-0000-0000-0000-000000000005","actor_name":"王 敏","after":{"z":{"a":"","b":"1.50"}},'
        '"before":{"steps":["1",2,true],"until":null},"happened_at":"2026-05-20T01:30:00+00:00","id":7,'
        '"on_behalf_of":"","organisation_id":null,"reason":"","recorded_at":"2026-05-20T01:30:00.000250+00:00",'
        '"region_code":"","request_id":"","subject_id":"990100","subject_type":"kernel.region","verb":"test.happened"}'
    )


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
