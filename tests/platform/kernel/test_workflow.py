"""The workflow engine: only permitted steps, one winner, an event for each."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import events
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.workflow import apply
from tests.platform import makers
from tests.platform.cast import Cast


def test_a_step_changes_the_state_and_leaves_an_event_with_before_and_after(cast: Cast) -> None:
    scale = makers.make_instrument(cast.shop)
    apply(INSTRUMENT, "stop", scale, actor=cast.actor("keeper"), reason="装修停业")
    scale.refresh_from_db()
    event = events.history(scale).first()
    assert scale.state == "stopped"
    assert event is not None
    assert (event.verb, event.reason, event.actor_name) == ("instruments.stop", "装修停业", "钱掌柜")
    assert event.before["state"] == "in_use"
    assert event.after["state"] == "stopped"


def test_two_people_acting_at_once_one_is_refused(cast: Cast) -> None:
    scale = makers.make_instrument(cast.shop)
    first, second = Instrument.objects.get(pk=scale.pk), Instrument.objects.get(pk=scale.pk)
    apply(INSTRUMENT, "stop", first, actor=cast.actor("keeper"), reason="停业")
    with pytest.raises(Refused) as refusal:
        apply(INSTRUMENT, "scrap", second, actor=cast.actor("keeper"), reason="坏了")
    assert refusal.value.code == "conflict"
    assert events.history(scale).count() == 1


def test_a_stranger_is_refused_with_a_reason_and_nothing_changes(cast: Cast) -> None:
    scale = makers.make_instrument(cast.shop)
    with pytest.raises(Refused, match="只有使用单位"):
        apply(INSTRUMENT, "stop", scale, actor=cast.actor("rival_keeper"), reason="捣乱")
    scale.refresh_from_db()
    assert scale.state == "in_use"


def test_a_reason_is_asked_for_where_the_step_needs_one(cast: Cast) -> None:
    scale = makers.make_instrument(cast.shop)
    with pytest.raises(Refused) as refusal:
        apply(INSTRUMENT, "scrap", scale, actor=cast.actor("keeper"), reason="  ")
    assert refusal.value.code == "reason_required"


def test_the_database_itself_refuses_an_unknown_state(cast: Cast) -> None:
    scale = makers.make_instrument(cast.shop)
    with pytest.raises(IntegrityError), transaction.atomic():
        Instrument.objects.filter(pk=scale.pk).update(state="vanished")


@given(st.lists(st.sampled_from([t.name for t in INSTRUMENT.transitions]), max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_sequence_of_steps_leaves_the_machine(cast: Cast, steps: list[str]) -> None:
    scale = makers.make_instrument(cast.shop, state="draft")
    for name in steps:
        source, version = scale.state, scale.version
        actor = cast.actor("regulator" if "filing" in name and name != "withdraw_filing" else "keeper")
        try:
            apply(INSTRUMENT, name, scale, actor=actor, reason="测试")
        except Refused:
            step = INSTRUMENT[name]
            assert source not in step.sources or not step.policy(actor, scale)
            assert (scale.state, scale.version) == (source, version)
        else:
            assert source in INSTRUMENT[name].sources
            assert scale.version == version + 1


def test_audit_events_cannot_be_changed_or_removed(cast: Cast) -> None:
    scale = makers.make_instrument(cast.shop)
    apply(INSTRUMENT, "stop", scale, actor=cast.actor("keeper"), reason="停业")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.update(reason="改写")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.all().delete()
