"""What connected instruments report of themselves: cover opened, firmware changed, off line."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance.models.areas import Level


class DeviceEvent(models.Model):
    """One report; ``key`` is its sender's own id, so that sending it again changes nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, related_name="device_events")
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="device_events")
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    kind = models.CharField(_("事件"), max_length=30)
    level = models.CharField(_("警报级别"), max_length=8, choices=Level)
    happened_at = models.DateTimeField(_("发生时间"))
    recorded_at = models.DateTimeField(_("收到时间"), default=clock.now)
    source = models.CharField(_("来源"), max_length=120)
    key = models.CharField(max_length=80)
    detail = models.CharField(_("说明"), max_length=200, blank=True)
    handled_at = models.DateTimeField(_("处理时间"), null=True)
    handled_name = models.CharField(_("处理人"), max_length=80, blank=True)
    handling = models.CharField(_("处理情况"), max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["instrument", "source", "key"], name="device_event_once"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="device_event_level_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "level", "happened_at"], name="device_event_owner"),
            models.Index(fields=["region", "level", "happened_at"], name="device_event_region"),
        ]
