"""Files of readings: from which source, read by which mapping, and what became of their rows."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel import clock


class ReadingSource(models.Model):
    """A system that delivers files, with the mapping by which its last file went in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="reading_sources")
    name = models.CharField(_("来源"), max_length=80)
    mapping = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name"], name="reading_source_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """How the store names it."""
        return f"{self.organisation_id}/{self.name}"


class ReadingBatch(models.Model):
    """A file of readings: looked at, mapped, taken in by the worker, its bad rows aside."""

    class State(models.TextChoices):
        """Where it stands."""

        PREVIEW = "preview", _("待确认")
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("入库中")
        DONE = "done", pgettext_lazy("run", "已完成")
        FAILED = "failed", _("失败")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(ReadingSource, models.PROTECT, related_name="batches")
    file = models.ForeignKey("kernel.StoredFile", models.PROTECT)
    mapping = models.JSONField(default=dict)
    retry_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="retries")
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.PREVIEW)
    rows = models.PositiveBigIntegerField(_("行数"), default=0)
    done = models.PositiveBigIntegerField(default=0)
    accepted = models.PositiveBigIntegerField(_("入库"), default=0)
    rejected = models.PositiveBigIntegerField(_("搁置"), default=0)
    repeated = models.BooleanField(default=False)
    reasons = models.JSONField(default=dict)
    key = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=400, blank=True)
    created_by = models.UUIDField(null=True)
    created_name = models.CharField(_("经办人"), max_length=80)
    created_at = models.DateTimeField(_("时间"), default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["preview", "queued", "running", "done", "failed"]),
                name="reading_batch_state_known",
            )
        ]

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("surveillance:batch", args=[self.pk])
