"""Measurement standards: what they measure, how well, and until when they are assessed."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel.workflow import Stateful


class Level(models.TextChoices):
    """JJF 1033: public, departmental, enterprise-highest; and working standards below them."""

    PUBLIC = "public", _("社会公用计量标准")
    DEPARTMENTAL = "departmental", _("部门最高计量标准")
    ENTERPRISE = "enterprise", _("企事业最高计量标准")
    WORKING = "working", _("工作计量标准")


class MeasurementStandard(Stateful):
    """One standard of an institute. Its trace node has the same id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="standards")
    name = models.CharField(_("名称"), max_length=160)
    code = models.CharField(_("标准编号"), max_length=60)
    level = models.CharField(_("类别"), max_length=14, choices=Level)
    role = models.CharField(_("用途"), max_length=40, blank=True)
    serial_number = models.CharField(_("出厂编号"), max_length=80, blank=True)
    accuracy = models.CharField(_("准确度等级/不确定度"), max_length=120)
    range_text = models.CharField(_("测量范围"), max_length=120)
    range_low = models.FloatField(null=True)
    range_high = models.FloatField(null=True)
    unit = models.CharField(max_length=60, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    norms = models.ManyToManyField("catalog.Norm", blank=True, related_name="standards")
    assessment_number = models.CharField(_("考核证书号"), max_length=80, blank=True)
    assessed_from = models.DateField(_("考核有效期自"), null=True, blank=True)
    assessed_until = models.DateField(_("考核有效期至"), null=True, blank=True)
    condemned_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "code"], name="standard_code_once"),
            models.CheckConstraint(
                condition=Q(state__in=["in_use", "suspended", "condemned"]), name="standard_state_known"
            ),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="standard_level_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"
