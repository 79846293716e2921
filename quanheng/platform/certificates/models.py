"""The raw record of a verification and its way through three people."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.workflow import Stateful

RECORD_STATES = ("draft", "checking", "signing", "issued", "voided")


class Record(Stateful):
    """A raw record: readings as text, the result as computed, the people, the document it became."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey("verification.Task", models.PROTECT, related_name="records")
    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, related_name="records")
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="records")
    procedure_id = models.CharField(max_length=40)
    procedure_sha256 = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    verdict = models.CharField(max_length=8, blank=True)
    performed_on = models.DateField(_("检定日期"))
    place = models.CharField(_("检定地点"), max_length=200, blank=True)
    verifier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="records_made")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="records_checked")
    signatory = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="records_signed")
    submitted_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    document = models.OneToOneField("documents.Document", models.PROTECT, null=True, related_name="record")
    saved_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=RECORD_STATES), name="record_state_known"),
            models.UniqueConstraint(fields=["task"], condition=~Q(state="voided"), name="one_record_per_task"),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "state"], name="record_institute_state")]


class RecordStandard(models.Model):
    """A standard used for a record, on the day of use."""

    record = models.ForeignKey(Record, models.CASCADE, related_name="standards")
    standard = models.ForeignKey("standards.MeasurementStandard", models.PROTECT)
    role = models.CharField(max_length=40, blank=True)
    used_on = models.DateField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["record", "standard"], name="record_standard_once")]
