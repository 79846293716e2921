"""The instrument ledger. One row is one instrument, or one lot of a utility's meters."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.instruments.status import standing_case
from quanheng.platform.instruments.words import SearchField
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.workflow import Stateful


class Use(models.TextChoices):
    """The four fields of mandatory verification, and none of them."""

    TRADE = "trade", _("贸易结算")
    SAFETY = "safety", _("安全防护")
    MEDICAL = "medical", _("医疗卫生")
    ENVIRONMENT = "environment", _("环境监测")
    OTHER = "other", _("其他")


class Delivery(models.TextChoices):
    """How the instrument meets the verifier."""

    SENT_IN = "sent_in", _("送检")
    ON_SITE = "on_site", _("现场检定")


class Instrument(Stateful):
    """One instrument in the national field order, its state and its last verification."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("器具码"), max_length=20, unique=True)
    organisation = models.ForeignKey(
        "kernel.Organisation", models.PROTECT, related_name="instruments", verbose_name=_("使用单位")
    )
    name = models.CharField(_("器具名称"), max_length=120)
    category = models.ForeignKey("catalog.InstrumentCategory", models.PROTECT, verbose_name=_("项别/种别"))
    specification = models.CharField(_("型号规格"), max_length=120, blank=True)
    measuring_range = models.CharField(_("测量范围"), max_length=120, blank=True)
    accuracy_class = models.CharField(_("准确度等级"), max_length=60, blank=True)
    serial_number = models.CharField(_("出厂编号"), max_length=80)
    manufacturer = models.CharField(_("生产厂家"), max_length=200, blank=True)
    origin_place = models.CharField(_("产地"), max_length=100, blank=True)
    location = models.CharField(_("安装/使用地点"), max_length=200, blank=True)
    region = models.ForeignKey("kernel.Region", models.PROTECT, verbose_name=_("行政区划"))
    quantity = models.PositiveIntegerField(_("数量"), default=1)
    use = models.CharField(_("用途"), max_length=12, choices=Use)
    delivery = models.CharField(_("送检方式"), max_length=8, choices=Delivery, default=Delivery.SENT_IN)
    parameters = models.JSONField(_("计量参数"), default=dict, blank=True)
    serial_to = models.CharField(_("止编号"), max_length=80, blank=True)
    mandatory = models.BooleanField(_("强制检定"), default=False)
    filed_at = models.DateTimeField(_("备案时间"), null=True)
    installed_on = models.DateField(_("启用日期"), null=True, blank=True)
    verified_on = models.DateField(_("最近检定"), null=True, db_index=True)
    valid_until = models.DateField(_("有效期至"), null=True, db_index=True)
    last_verdict = models.CharField(_("最近结论"), max_length=8, blank=True)
    last_document_id = models.UUIDField(null=True)
    last_document_number = models.CharField(_("证书编号"), max_length=80, blank=True)
    invalidated_on = models.DateField(null=True, blank=True)
    stopped_until = models.DateField(_("预计启用日期"), null=True, blank=True)
    reminded_for = models.DateField(null=True, editable=False)
    reminded_lead = models.SmallIntegerField(null=True, editable=False)
    standing = models.GeneratedField(
        expression=standing_case(), output_field=models.CharField(max_length=10), db_persist=True
    )
    search = SearchField(max_length=400, blank=True, db_index=False)
    batch = models.ForeignKey("kernel.ImportBatch", models.PROTECT, null=True, related_name="instruments")
    source_row = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            INSTRUMENT.constraint("instrument"),
            models.UniqueConstraint(
                fields=["organisation", "manufacturer", "serial_number", "category"],
                condition=~Q(state="scrapped"),
                name="instrument_serial_once",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="instrument_quantity_positive"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "standing", "valid_until"], name="instrument_owner_standing"),
            models.Index(fields=["region", "standing", "valid_until"], name="instrument_region_standing"),
            models.Index(
                fields=["standing", "valid_until"],
                include=["region", "state", "mandatory", "quantity"],
                name="instrument_standing",
            ),
            models.Index(fields=["region"], condition=Q(state="filing"), name="instrument_filing"),
            models.Index(fields=["category", "state"], name="instrument_category_state"),
            models.Index(fields=["serial_number"], name="instrument_serial"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.specification} {self.serial_number}".strip()


class ReminderRule(models.Model):
    """How many days before the end an organisation's people are reminded; what lies below it follows."""

    organisation = models.OneToOneField(
        "kernel.Organisation", models.CASCADE, primary_key=True, related_name="reminder_rule"
    )
    days = models.JSONField(default=list)
