"""Who may do what: people's licences and institutes' authorised items, each with dates."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Duty(models.TextChoices):
    """The three acts on a document."""

    VERIFY = "verify", pgettext_lazy("duty", "检定")
    CHECK = "check", pgettext_lazy("duty", "核验")
    SIGN = "sign", pgettext_lazy("duty", "签发")


class Licence(models.Model):
    """A person's licence for one norm and one duty, within dates."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="licences")
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="licences")
    duty = models.CharField(_("职责"), max_length=8, choices=Duty)
    norm = models.ForeignKey("catalog.Norm", models.PROTECT, verbose_name=_("技术规范"))
    number = models.CharField(_("证件编号"), max_length=60)
    valid_from = models.DateField(_("有效期自"))
    valid_until = models.DateField(_("有效期至"))
    withdrawn_on = models.DateField(_("撤回日期"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "organisation", "duty", "norm", "valid_from"], name="licence_once"),
            models.CheckConstraint(condition=Q(duty__in=Duty.values), name="licence_duty_known"),
            models.CheckConstraint(condition=Q(valid_until__gte=models.F("valid_from")), name="licence_dates"),
        ]


class Authorisation(models.Model):
    """An item an institute is authorised to verify, with its daily capacity.

    What the institute enters itself counts once a regulator of its region has confirmed it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="authorisations")
    norm = models.ForeignKey("catalog.Norm", models.PROTECT, verbose_name=_("技术规范"))
    number = models.CharField(_("授权文号"), max_length=80)
    measuring_range = models.CharField(_("范围"), max_length=120, blank=True)
    capacity_per_day = models.PositiveIntegerField(_("每日能力(台件)"), default=50)
    valid_from = models.DateField(_("有效期自"))
    valid_until = models.DateField(_("有效期至"))
    withdrawn_on = models.DateField(null=True, blank=True)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "norm", "valid_from"], name="authorisation_once"),
            models.CheckConstraint(condition=Q(valid_until__gte=models.F("valid_from")), name="authorisation_dates"),
        ]


class InstituteRule(models.Model):
    """A dated rule of an institute, such as "the signatory may be the checker"."""

    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="rules")
    key = models.CharField(max_length=40, choices=[("signatory_may_check", _("授权签字人可兼核验员"))])
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(_("依据"), max_length=200)
