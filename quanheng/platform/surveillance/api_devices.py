"""Reports pushed by connected scales, dispensers and chargers."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Field

from quanheng.errors import InputError
from quanheng.platform.kernel import tokens
from quanheng.platform.kernel.roles import Role
from quanheng.platform.surveillance import charging, device_events
from quanheng.platform.surveillance.api import BadRow, source_of
from quanheng.platform.web.api import In, Out, Router, caller

OCPP = tokens.declare("ocpp:push", gettext_lazy("推送充电站消息"), Role.ENTERPRISE)
PUSH = tokens.declare("device-events:push", gettext_lazy("推送器具事件"), Role.ENTERPRISE)
router = Router(tags=["device events"])


class DeviceReport(In):
    """One report: the instrument's code, what, when (RFC 3339), the sender's own id of it, a few words."""

    code: str = Field(max_length=20)
    kind: str = Field(max_length=30)
    at: dt.datetime
    id: str = Field(min_length=1, max_length=80)
    detail: str = Field("", max_length=200)


class DeviceReports(In):
    """Reports together, at most 500."""

    events: list[DeviceReport] = Field(max_length=500)


class TakenOut(Out):
    """What became of the reports; ``bad``: place in the list, from 1, and reason."""

    accepted: int
    repeated: int
    bad: list[BadRow]


@router.read("", PUSH, method="POST", response=TakenOut)
def push_device_events(request: HttpRequest, data: DeviceReports) -> Any:
    """Report events of one's own instruments, at most 500 at once. The same `id` again changes nothing.

    `kind`: `cover_opened`, `seal_broken`, `firmware_changed`, `parameters_changed`, `clock_set`, `offline`, `online`.
    """
    who = caller(request)
    given = [device_events.Report(r.code, r.kind, r.at, r.id, r.detail) for r in data.events]
    done = device_events.take(actor=who.actor, reports=given, source=source_of(who.owner, who.actor))
    bad = [BadRow(row=row, reason=reason) for row, reason in done.bad]
    return TakenOut(accepted=done.accepted, repeated=done.repeated, bad=bad)


stations = Router(tags=["charging stations"])
LARGEST = 1024 * 1024


class StationOut(Out):
    """What became of a message; ``unknown``: values of piles that are not listed; ``intervals``: for the balance."""

    accepted: int
    repeated: int
    unknown: int
    intervals: int


@stations.read("/{station}", OCPP, method="POST", response=StationOut)
def push_ocpp(request: HttpRequest, station: str, version: Literal["1.6", "2.0.1"] = "1.6") -> Any:
    """One OCPP-J call of a station as its central system got it: `[2, id, action, payload]`.

    Understood are MeterValues of 1.6 and 2.0.1, StartTransaction and StopTransaction of 1.6, TransactionEvent of 2.0.1;
    other calls are answered with zeros. Piles are listed in the area of the station's code as `STATION/CONNECTOR`.
    Registers of the context `Sample.Clock` on marks of the clock also enter the station's balance.
    """
    if len(request.body) > LARGEST:
        raise InputError("body_too_large", _("一条消息不超过 1 MiB"), "body")
    who = caller(request)
    done = charging.take_message(
        actor=who.actor, station=station[:64], message=request.body, version=version,
        source=source_of(who.owner, who.actor),
    )  # fmt: skip
    return StationOut(**asdict(done))
