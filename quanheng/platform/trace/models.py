"""The trace graph: items, the certificates about them, and which standard was used on which day."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NodeKind(models.TextChoices):
    """What an item of the graph is."""

    INSTRUMENT = "instrument", _("计量器具")
    STANDARD = "standard", _("计量标准")
    REFERENCE_MATERIAL = "reference_material", _("标准物质")
    NATIONAL = "national", _("国家计量基准")
    FOREIGN = "foreign", _("境外计量基准(CIPM MRA)")


class TraceNode(models.Model):
    """An item by opaque reference: its id is the id of the instrument or standard."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=NodeKind)
    label = models.CharField(max_length=200)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, null=True)
    organisation_name = models.CharField(max_length=200, blank=True)
    region = models.ForeignKey("kernel.Region", models.PROTECT, null=True)
    is_root = models.BooleanField(default=False)
    condemned_from = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=NodeKind.values), name="node_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.label} · {self.organisation_name}" if self.organisation_name else self.label


class TraceCertificate(models.Model):
    """A certificate about an item: when it holds, over which range, proven or only declared."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey(TraceNode, models.PROTECT, related_name="certificates")
    number = models.CharField(_("证书编号"), max_length=80)
    issuer_name = models.CharField(_("出具机构"), max_length=200)
    document_id = models.UUIDField(null=True, db_index=True)
    basis = models.CharField(max_length=8, choices=[("proven", _("已证明")), ("declared", _("已声明"))])
    valid_from = models.DateField(_("有效期自"))
    valid_to = models.DateField(_("有效期至"), null=True, blank=True)
    void_from = models.DateField(_("自此日起无效"), null=True, blank=True)
    uncertainty = models.CharField(_("不确定度"), max_length=120, blank=True)
    u_value = models.FloatField(null=True)
    range_text = models.CharField(_("测量范围"), max_length=120, blank=True)
    range_low = models.FloatField(null=True)
    range_high = models.FloatField(null=True)
    unit = models.CharField(max_length=60, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    entered_by = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(basis__in=["proven", "declared"]), name="certificate_basis_known"),
            models.UniqueConstraint(
                fields=["item", "number", "issuer_name"], condition=Q(void_from=None), name="trace_certificate_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["item", "valid_from"], name="trace_item_from")]


class TraceUse(models.Model):
    """An edge: this certificate used that standard on that day, over that range, with that ratio."""

    certificate = models.ForeignKey(TraceCertificate, models.PROTECT, related_name="uses")
    standard = models.ForeignKey(TraceNode, models.PROTECT, related_name="used_in")
    used_on = models.DateField()
    u_ratio = models.FloatField(null=True)
    ratio_limit = models.FloatField(default=1 / 3)
    use_low = models.FloatField(null=True)
    use_high = models.FloatField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["certificate", "standard", "used_on"], name="trace_use_once"),
        ]
