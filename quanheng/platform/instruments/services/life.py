"""The steps of an instrument's life. Repair, relocation and scrapping end the validity of its verification."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.platform.documents.models import Cause
from quanheng.platform.documents.services import end_validity
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.words import search_text
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import clock, workflow
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Region
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.trace.services import void_certificates_of

LONGEST_STOP = dt.timedelta(days=3 * 366)


def end(instrument: Instrument, cause: Cause, actor: Actor) -> None:
    """Its certificates no longer hold from today, nor does the chain that hangs on them."""
    end_validity(instrument.pk, cause)
    void_certificates_of(instrument.pk, clock.today(), actor=actor)


@transaction.atomic
def stop(*, actor: Actor, instrument: Instrument, reason: str, until: dt.date | None = None) -> Instrument:
    """Out of use for a while (报停), until a day or until further notice. Validity runs on meanwhile."""
    if until is not None and not clock.today() < until <= clock.today() + LONGEST_STOP:
        raise Refused(_("预计启用日期须在今天之后、三年以内"), code="invalid", place="until")
    return workflow.apply(INSTRUMENT, "stop", instrument, actor=actor, reason=reason, stopped_until=until)


@transaction.atomic
def restart(*, actor: Actor, instrument: Instrument, reason: str = "") -> Instrument:
    """Back into use (启用); a rejected instrument has to pass first."""
    return workflow.apply(INSTRUMENT, "restart", instrument, actor=actor, reason=reason, stopped_until=None)


@transaction.atomic
def send_to_repair(*, actor: Actor, instrument: Instrument, reason: str) -> Instrument:
    """Off to repair; from today its verification no longer holds."""
    sent = workflow.apply(
        INSTRUMENT, "send_to_repair", instrument, actor=actor, reason=reason, invalidated_on=clock.today()
    )
    end(sent, Cause.REPAIRED, actor)
    return sent


@transaction.atomic
def return_from_repair(*, actor: Actor, instrument: Instrument) -> Instrument:
    """Back from repair: not in use until it is verified anew and passes."""
    return workflow.apply(INSTRUMENT, "return_from_repair", instrument, actor=actor)


@transaction.atomic
def scrap(*, actor: Actor, instrument: Instrument, reason: str) -> Instrument:
    """For good. Its serial number becomes free again."""
    scrapped = workflow.apply(INSTRUMENT, "scrap", instrument, actor=actor, reason=reason)
    end(scrapped, Cause.SCRAPPED, actor)
    return scrapped


@transaction.atomic
def relocate(*, actor: Actor, instrument: Instrument, region: Region, location: str, reason: str) -> Instrument:
    """Move to another place. In another region the county there files it anew; verification ends in any case."""
    location = location.strip()
    if not location or len(location) > 200:
        raise Refused(_("请写明新的地点(不超过 200 字)"), code="invalid", place="location")
    far = region.pk != instrument.region_id
    if not far and location == instrument.location:
        raise Refused(_("新地点与原地点相同"), code="invalid", place="location")
    if not far and instrument.state != "in_use":
        raise Refused(_("停用中的器具请先启用,或在迁入地重新备案"), code="wrong_state")
    step = "relocate" if far else "move"
    changes = {"location": location, "invalidated_on": clock.today()}
    if far:
        changes |= {"region_id": region.pk, "filed_at": None}
    moved = workflow.apply(INSTRUMENT, step, instrument, actor=actor, reason=reason, **changes)
    end(moved, Cause.MOVED, actor)
    moved.region = region
    moved.search = search_text(moved, moved.organisation.name)
    moved.save(update_fields=["search"])
    return moved
