"""Readings in (NDJSON or an Arrow IPC stream, answered when on disk) and out (each with its meter's calibration)."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ApiToken
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.roles import Role
from quanheng.platform.surveillance import leaving, queries
from quanheng.platform.surveillance.models import Area
from quanheng.platform.surveillance.policies import visible_to
from quanheng.platform.surveillance.store import known, receiver
from quanheng.platform.web.api import Out, Router, caller
from quanheng.platform.web.api.problems import Stop
from quanheng.telemetry.ingest import Mapping
from quanheng.telemetry.ingest.push import read_arrow, read_ndjson

PUSH = tokens.declare("readings:push", gettext_lazy("推送表计读数"), Role.ENTERPRISE)
READ = tokens.declare("readings:read", gettext_lazy("读取表计读数及其校准状态"), Role.ENTERPRISE, Role.REGULATOR)
router = Router(tags=["readings"])
MOST_DAYS = 31
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
    source = source_of(who.owner, who.actor)
    kept = receiver().receive(
        table, source=source, now=clock.now(), mapping=Mapping(seconds=seconds), batch=batch, areas=meters
    )
    return PushOut(**kept.to_dict())


class CalibratedReading(Out):
    """A reading with the calibration of its meter on that day."""

    meter_id: str
    role: str
    ts: dt.datetime
    seconds: int
    kwh: float | None
    kwh_export: float | None
    calibration: str
    certificate: str | None
    valid_until: dt.date | None
    error: float | None
    u: float | None
    evaluation: str | None


@router.read("", READ, response=list[CalibratedReading])
def read_readings(request: HttpRequest, area: str, since: dt.date, until: dt.date) -> Any:
    """Valid readings of one area (its code) over civil days, at most 31, each with the calibration of its meter then.

    `calibration`: `valid`, `extended` (by a decision about its lot), `expired`, `rejected`, `revoked`, `invalidated`
    (repaired or moved since), `none` (never verified here) or `unlisted` (not in the ledger); `certificate` and
    `valid_until` of the document in force; `error` and `u` as fractions by the last evaluation before that day, whose
    SHA-256 is `evaluation`. With `Accept: application/vnd.apache.arrow.stream` the same as an Arrow IPC stream.
    """
    found = queries.areas(caller(request).actor).filter(code=area[:64]).first()
    if found is None:
        raise Stop("not_found", _("没有这个台区,或您无权查看"), "area")
    if (until - since).days >= MOST_DAYS:
        raise InputError("window", _("一次最多读取 31 天"), "until")
    table = leaving.calibrated(found, since, until)
    if ARROW in request.headers.get("Accept", ""):
        out = io.BytesIO()
        table.write_ipc_stream(out, compat_level=pl.CompatLevel.oldest())
        return HttpResponse(out.getvalue(), content_type=ARROW)
    return table.to_dicts()


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
    return known(area__in=areas.values("pk"))


def source_of(owner: Any, actor: Actor) -> str:
    """The organisation and the token's name; a person in a browser is a source too."""
    if isinstance(owner, ApiToken):
        return f"{owner.organisation_id}/{owner.name}"
    organisations = actor.organisation_ids(Role.ENTERPRISE)
    return f"{organisations[0] if organisations else ''}/{actor.name}"
