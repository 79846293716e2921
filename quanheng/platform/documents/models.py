"""Issued documents, their numbers and their leaves. Bytes are stored as issued, never made again."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.workflow import Stateful


class DocumentKind(models.TextChoices):
    """What a document is."""

    VERIFICATION_CERTIFICATE = "verification_certificate", _("检定证书")
    REJECTION_NOTICE = "rejection_notice", _("检定结果通知书")
    CALIBRATION_CERTIFICATE = "calibration_certificate", _("校准证书")
    TEST_REPORT = "test_report", _("测试报告")
    COMPARISON_REPORT = "comparison_report", _("比对报告")
    REFERENCE_MATERIAL_CERTIFICATE = "reference_material_certificate", _("标准物质证书")


class Origin(models.TextChoices):
    """Where a document came from; only ``issued`` is ever proven by us."""

    ISSUED = "issued", _("本系统签发")
    IMPORTED = "imported", _("历史导入")
    FOREIGN = "foreign", _("外部证书")


class NumberRecord(models.Model):
    """Every number ever reserved and what became of it, so that each gap is explained."""

    number = models.CharField(max_length=60, unique=True)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT)
    state = models.CharField(
        max_length=8, choices=[("reserved", _("已预留")), ("used", _("已使用")), ("voided", _("已作废"))]
    )
    reason = models.CharField(max_length=300, blank=True)
    reserved_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=["reserved", "used", "voided"]), name="number_state_known"),
        ]


class Document(Stateful):
    """One document: number, subject, dates, hashes of its bytes, place in the log, state."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("编号"), max_length=80, db_index=True)
    kind = models.CharField(_("类型"), max_length=32, choices=DocumentKind)
    origin = models.CharField(_("来源"), max_length=8, choices=Origin)
    organisation = models.ForeignKey(
        "kernel.Organisation", models.PROTECT, related_name="documents", verbose_name=_("签发机构")
    )
    issuer_name = models.CharField(_("签发机构名称"), max_length=200)
    owner = models.ForeignKey("kernel.Organisation", models.PROTECT, null=True, related_name="documents_received")
    region = models.ForeignKey("kernel.Region", models.PROTECT, null=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField(db_index=True)
    verdict = models.CharField(_("结论"), max_length=8, blank=True)
    issued_on = models.DateField(_("签发日期"))
    performed_on = models.DateField(_("检定日期"))
    valid_until = models.DateField(_("有效期至"), null=True, blank=True)
    issued_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)
    public_code = models.CharField(max_length=20, unique=True)
    public = models.JSONField(default=dict)
    content_sha256 = models.CharField(max_length=64, blank=True)
    xml_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    record_sha256 = models.CharField(max_length=64, blank=True)
    signed_by = models.CharField(max_length=80, blank=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaced_by")
    state_reason = models.CharField(max_length=300, blank=True)
    void_from = models.DateField(_("自此日起无效"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "number"], name="document_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=["issued", "replaced", "revoked"]), name="document_state_known"
            ),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="document_origin_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_id", "-performed_on"], name="document_subject"),
            models.Index(fields=["organisation", "-issued_at"], name="document_issuer"),
            models.Index(fields=["owner", "-issued_at"], name="document_owner"),
        ]


class Cause(models.TextChoices):
    """What may happen to a thing so that documents about it no longer hold."""

    MOVED = "moved", _("迁移")
    REPAIRED = "repaired", _("送修")
    CHANGED = "changed", _("改变")
    SCRAPPED = "scrapped", _("报废")


class ValidityEnd(models.Model):
    """A day on which every document about a subject ended, for good: what comes later is verified anew."""

    id = models.BigAutoField(primary_key=True)
    subject_id = models.UUIDField()
    cause = models.CharField(max_length=8, choices=Cause)
    on = models.DateField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="validity_end_cause_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["subject_id", "on"], name="validity_end_subject")]


class Leaf(models.Model):
    """A leaf waiting for, or standing in, the public log. ``index`` is NULL until it is merged."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="leaves")
    type = models.CharField(max_length=32)
    data = models.BinaryField()
    leaf_hash = models.CharField(max_length=64, unique=True)
    index = models.BigIntegerField(null=True, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    merged_at = models.DateTimeField(null=True)
