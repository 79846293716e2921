"""Reports pushed by connected scales, dispensers and chargers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from ninja import Field

from quanheng.platform.kernel import tokens
from quanheng.platform.kernel.roles import Role
from quanheng.platform.surveillance import device_events
from quanheng.platform.surveillance.api import BadRow, source_of
from quanheng.platform.web.api import In, Out, Router, caller

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
