"""Lots of meters that may be used longer because their state says so: proposal, decision, and what it moved."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.workflow import Stateful
from quanheng.platform.surveillance.workflow import EXTENSION


class PeriodExtension(Stateful):
    """A utility proposes, a regulator decides with reasons; a granted one can be undone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("编号"), max_length=40, unique=True)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="period_extensions")
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    manufacturer = models.CharField(_("生产厂家"), max_length=120, blank=True)
    lot = models.CharField(_("批次"), max_length=60, blank=True)
    year = models.CharField(_("安装年份"), max_length=4, blank=True)
    rule = models.CharField(_("依据"), max_length=60)
    months = models.PositiveSmallIntegerField(_("申请延长月数"))
    reason = models.CharField(_("理由"), max_length=400)
    meters = models.PositiveIntegerField(_("表计数"), default=0)
    evidence = models.JSONField(default=dict)
    evidence_sha256 = models.CharField(max_length=64)
    granted_months = models.PositiveSmallIntegerField(null=True)
    decision = models.CharField(_("决定理由"), max_length=400, blank=True)
    decided_name = models.CharField(_("决定人"), max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    proposed_by = models.UUIDField(null=True)
    proposed_name = models.CharField(_("申请人"), max_length=80)
    proposed_at = models.DateTimeField(_("申请时间"), default=clock.now)

    class Meta:
        constraints: ClassVar = [
            EXTENSION.constraint("period_extension"),
            models.UniqueConstraint(
                fields=["organisation", "manufacturer", "lot", "year"], condition=models.Q(state="proposed"),
                name="one_open_extension_per_lot",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def named(self) -> str:
        """Manufacturer, lot and year."""
        return " · ".join(t for t in (self.manufacturer, self.lot, self.year) if t)

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("surveillance:extension", args=[self.pk])


class ExtendedInstrument(models.Model):
    """What a decision moved: the due date before and after."""

    extension = models.ForeignKey(PeriodExtension, models.PROTECT, related_name="moved")
    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, related_name="extensions")
    before = models.DateField(_("原有效期至"))
    after = models.DateField(_("延长后有效期至"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["extension", "instrument"], name="extended_once"),
        ]
