"""Filing: the owner submits, the county confirms or returns; once filed, an instrument is in the trace graph."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.registries import ON_FILED
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import clock, workflow
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.trace.models import NodeKind, TraceNode
from quanheng.platform.trace.services import register_items


def _each(name: str, instruments: Sequence[Instrument], actor: Actor, reason: str = "", **changes: object) -> int:
    """Take one step with every instrument, or with none: each that cannot is named."""
    wrong = []
    for item in instruments:
        decision = INSTRUMENT.may(name, item, actor)
        if not decision:
            wrong.append(f"{item}:{decision.reason}")
    if wrong:
        raise Refused(*wrong[:20], code="refused")
    for item in instruments:
        workflow.apply(INSTRUMENT, name, item, actor=actor, reason=reason, **changes)
    return len(instruments)


@transaction.atomic
def submit_filing(*, actor: Actor, instruments: Sequence[Instrument]) -> int:
    """Hand drafts to the county for filing."""
    return _each("file", instruments, actor)


@transaction.atomic
def withdraw_filing(*, actor: Actor, instruments: Sequence[Instrument]) -> int:
    """Take filings back before they were reviewed."""
    return _each("withdraw_filing", instruments, actor)


@transaction.atomic
def confirm_filings(*, actor: Actor, instruments: Sequence[Instrument]) -> int:
    """Confirm filings: the instruments are in use, known to the region and to the trace graph."""
    done = _each("confirm_filing", instruments, actor, filed_at=clock.now())
    filed(instruments, actor)
    return done


@transaction.atomic
def return_filings(*, actor: Actor, instruments: Sequence[Instrument], reason: str) -> int:
    """Send filings back to their owners with the reason."""
    return _each("return_filing", instruments, actor, reason)


def filed(instruments: Sequence[Instrument], actor: Actor) -> None:
    """Tell the trace graph, and whoever registered, that these are in the ledger for good."""
    nodes = [
        TraceNode(
            id=item.pk,
            kind=NodeKind.INSTRUMENT,
            label=str(item)[:200],
            organisation_id=item.organisation_id,
            organisation_name=item.organisation.name,
            region_id=item.region_id,
        )
        for item in instruments
    ]
    register_items(nodes, actor=actor)
    for hook in ON_FILED.values():
        hook(instruments, actor)
