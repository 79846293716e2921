"""Readings pushed by a source: NDJSON or an Arrow IPC stream, answered when they are on disk."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ApiToken
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import Role
from quanheng.platform.surveillance.models import Area
from quanheng.platform.surveillance.policies import visible_to
from quanheng.platform.surveillance.store import listed, receiver
from quanheng.platform.web.api import Out, Router, caller
from quanheng.telemetry.ingest import Mapping
from quanheng.telemetry.ingest.push import read_arrow, read_ndjson

PUSH = tokens.declare("readings:push", gettext_lazy("推送表计读数"), Role.ENTERPRISE)
router = Router(tags=["readings"])
LARGEST = 16 * 1024 * 1024
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
ARROW = "application/vnd.apache.arrow.stream"


class BadRow(Out):
    """A row that was set aside: its line and the reason from the published list."""

    row: int
    reason: str


class PushOut(Out):
    """What became of a push. When it is read, the accepted readings are durable."""

    accepted: int
    rejected: int
    bad: list[BadRow]


@router.read("", PUSH, method="POST", response=PushOut)
def push_readings(request: HttpRequest, batch: str = "", seconds: int = 3600) -> Any:
    """Push readings of one's own meters: `meter_id`, `ts` (RFC 3339), `kwh`, optional `kwh_export` and `area_id`.

    The body is NDJSON or an Arrow IPC stream by its Content-Type. `batch` names the push, so that sending it again
    changes nothing; `seconds` is the length of the interval. Rows that are no readings are set aside with a reason.
    """
    who = caller(request)
    if len(request.body) > LARGEST:
        raise InputError("body_too_large", _("一次推送不超过 16 MiB"), "body")
    if len(batch) > 200:
        raise InputError("batch", _("批次名不超过 200 个字"), "batch")
    table = _table(request)
    meters = _own(who.actor)
    source = _source(who.owner, who.actor)
    kept = receiver().receive(
        table, source=source, now=clock.now(), mapping=Mapping(seconds=seconds), batch=batch, areas=meters
    )
    return PushOut(**kept.to_dict())


def _table(request: HttpRequest) -> pl.DataFrame:
    kind = request.content_type or ""
    if kind in NDJSON:
        return read_ndjson(request.body)
    if kind == ARROW:
        return read_arrow(request.body)
    raise InputError("media_type", _("请求体须为 %(kinds)s") % {"kinds": f"{NDJSON[0]}、{ARROW}"}, "Content-Type")


def _own(actor: Actor) -> pl.DataFrame:
    """Meters of the caller's own utilities; those of others are unknown here."""
    if not actor.has(Role.ENTERPRISE):
        raise Refused(_("只有台区所属单位可以推送读数"), code="forbidden")
    areas = Area.objects.filter(visible_to(actor, region=""))
    return listed(area__in=areas.values("pk"), removed_on=None)


def _source(owner: Any, actor: Actor) -> str:
    """The organisation and the token's name; a person in a browser is a source too."""
    if isinstance(owner, ApiToken):
        return f"{owner.organisation_id}/{owner.name}"
    organisations = actor.organisation_ids(Role.ENTERPRISE)
    return f"{organisations[0] if organisations else ''}/{actor.name}"
