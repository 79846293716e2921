"""What is wrong with a pile, from when until when, and what was done about it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance.models.areas import Level


class PileAlarm(models.Model):
    """One alarm of one pile: raised by the worker, over when its condition no longer holds, handled by a person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meter = models.ForeignKey("surveillance.AreaMeter", models.PROTECT, related_name="pile_alarms")
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="pile_alarms")
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    kind = models.CharField(_("警报"), max_length=20)
    level = models.CharField(_("警报级别"), max_length=8, choices=Level)
    raised_at = models.DateTimeField(_("发现时间"), default=clock.now)
    cleared_at = models.DateTimeField(_("消除时间"), null=True)
    handled_at = models.DateTimeField(_("处理时间"), null=True)
    handled_name = models.CharField(_("处理人"), max_length=80, blank=True)
    handling = models.CharField(_("处理情况"), max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meter", "kind"], condition=Q(cleared_at=None), name="one_standing_alarm_per_pile_and_kind"
            ),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="pile_alarm_level_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "handled_at"], name="pile_alarm_owner"),
            models.Index(fields=["region", "handled_at"], name="pile_alarm_region"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.kind}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("surveillance:pile-alarm", args=[self.pk])
