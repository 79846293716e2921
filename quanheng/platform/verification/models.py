"""Applications for verification, and the tasks that come of them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.instruments.models import Delivery
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.workflow import Stateful

APPLICATION_STATES = ("draft", "submitted", "accepted", "returned", "withdrawn", "completed")
TASK_STATES = ("waiting", "assigned", "working", "checking", "signing", "issued", "cancelled")
CLOSED_TASKS = ("issued", "cancelled")


class Application(Stateful):
    """One application of a user for one or many instruments to one institute."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("申请编号"), max_length=40, unique=True)
    organisation = models.ForeignKey(
        "kernel.Organisation", models.PROTECT, related_name="applications", verbose_name=_("申请单位")
    )
    institute = models.ForeignKey(
        "kernel.Organisation", models.PROTECT, related_name="applications_received", verbose_name=_("检定机构")
    )
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    delivery = models.CharField(_("送检方式"), max_length=8, choices=Delivery)
    wanted_on = models.DateField(_("期望日期"), null=True, blank=True)
    contact = models.CharField(_("联系人"), max_length=60, blank=True)
    phone = models.CharField(_("联系电话"), max_length=40, blank=True)
    note = models.CharField(_("备注"), max_length=300, blank=True)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    due_on = models.DateField(_("办结期限"), null=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=APPLICATION_STATES), name="application_state_known"),
        ]


class Task(Stateful):
    """One instrument to verify: who, when, where, how far."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="tasks")
    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, related_name="tasks")
    organisation = models.ForeignKey(
        "kernel.Organisation", models.PROTECT, related_name="tasks", verbose_name=_("检定机构")
    )
    norm = models.ForeignKey("catalog.Norm", models.PROTECT, null=True, verbose_name=_("检定规程"))
    purpose = models.CharField(
        _("检定类别"),
        max_length=12,
        choices=[("initial", _("首次检定")), ("subsequent", _("后续检定")), ("in_service", _("使用中检查"))],
        default="subsequent",
    )
    delivery = models.CharField(max_length=8, choices=Delivery)
    verifier = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="tasks", verbose_name=_("检定员")
    )
    scheduled_on = models.DateField(_("安排日期"), null=True, blank=True)
    due_on = models.DateField(_("办结期限"), null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=TASK_STATES), name="task_state_known"),
            models.UniqueConstraint(
                fields=["instrument"],
                condition=~Q(state__in=list(CLOSED_TASKS)),
                name="one_pending_task_per_instrument",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "state", "scheduled_on"], name="task_institute_state"),
            models.Index(fields=["verifier", "state"], name="task_verifier_state"),
        ]


class Handover(models.Model):
    """The hand-over log of an instrument that was sent in."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="handovers")
    direction = models.CharField(max_length=8, choices=[("in", _("收样")), ("out", _("发还"))])
    at = models.DateTimeField(default=clock.now)
    by_name = models.CharField(_("经手人"), max_length=80)
    counterpart = models.CharField(_("对方"), max_length=80, blank=True)
    condition = models.CharField(_("外观状况"), max_length=200, blank=True)
