"""Instrument categories and norms, derived from items of the library."""

from __future__ import annotations

import datetime as dt
import functools
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.errors import InputError
from quanheng.platform.kernel.language import in_english
from quanheng.procedures.loader import load


class VerificationMode(models.TextChoices):
    """How the law asks a category to be verified."""

    PERIODIC = "periodic", _("周期检定")
    FIRST_ONLY = "first_only", _("只做首次强制检定")
    ROTATION = "rotation", _("首次强制检定,限期使用")
    NONE = "none", _("只做型式批准")
    VOLUNTARY = "voluntary", _("自愿检定或校准")


class ModeCondition(models.TextChoices):
    """When a line of the catalogue asks for another mode than its general one."""

    HOUSEHOLD = "household", _("生活用")
    GLASS = "glass", _("玻璃式")


class NormState(models.TextChoices):
    """Where an edition stands on a given day; always computed, never stored."""

    ANNOUNCED = "announced", _("已发布未实施")
    IN_FORCE = "in_force", _("现行")
    WITHDRAWN = "withdrawn", _("废止")


@functools.cache
def _english_title(procedure_id: str) -> str:
    try:
        return load(procedure_id).procedure.norm.title.en
    except InputError:
        return ""


class Norm(models.Model):
    """One edition of a technical norm (JJG, JJF)."""

    number = models.CharField(_("编号"), max_length=40, unique=True)
    code = models.CharField(_("代号"), max_length=40, blank=True, db_index=True)
    edition = models.CharField(_("年号"), max_length=20, blank=True)
    region_code = models.CharField(_("适用地区"), max_length=6, default="CN")
    instrument = models.CharField(_("适用对象"), max_length=200, blank=True)
    title = models.CharField(_("名称"), max_length=200)
    in_force_from = models.DateField(_("实施日期"), null=True, blank=True)
    in_force_to = models.DateField(_("废止日期"), null=True, blank=True)
    replaced_by = models.CharField(_("被代替为"), max_length=40, blank=True)
    procedure_id = models.CharField(_("程序"), max_length=40, blank=True)
    period_months = models.PositiveSmallIntegerField(_("检定周期(月)"), null=True, blank=True)
    law_item = models.ForeignKey("law.LawItem", models.PROTECT, null=True)
    verified = models.CharField(max_length=4, default="no")

    def __str__(self) -> str:
        return f"{self.number} {self.named}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("catalog:norm", args=[self.pk])

    @property
    def named(self) -> str:
        """The title in the reader's language, where the procedure we carry for the norm knows it in English."""
        if not in_english() or not self.procedure_id:
            return self.title
        return _english_title(self.procedure_id) or self.title

    def state_on(self, day: dt.date) -> NormState:
        """Whether the edition is announced, in force or withdrawn on a civil date."""
        if self.in_force_from and day < self.in_force_from:
            return NormState.ANNOUNCED
        if self.in_force_to and day > self.in_force_to:
            return NormState.WITHDRAWN
        return NormState.IN_FORCE


class InstrumentCategory(models.Model):
    """A kind of instrument in one edition of the catalogue."""

    code = models.CharField(_("代码"), max_length=60)
    edition = models.CharField(_("版本"), max_length=40)
    name = models.CharField(_("项别"), max_length=100)
    item = models.CharField(_("种别"), max_length=100)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    supervision = models.CharField(_("监管方式"), max_length=10, blank=True)
    mode = models.CharField(_("强检方式"), max_length=12, choices=VerificationMode)
    exception_mode = models.CharField(_("例外的强检方式"), max_length=12, choices=VerificationMode, blank=True)
    exception_when = models.CharField(_("例外情形"), max_length=12, choices=ModeCondition, blank=True)
    mandatory = models.BooleanField(_("强制检定"), default=True)
    uses = models.CharField(_("用途"), max_length=100, blank=True)
    period_months = models.PositiveSmallIntegerField(_("周期(月)"), null=True, blank=True)
    norms = models.ManyToManyField(Norm, blank=True, related_name="categories")
    effective_from = models.DateField(null=True, blank=True)
    effective_to = models.DateField(null=True, blank=True)
    law_item = models.ForeignKey("law.LawItem", models.PROTECT, null=True)
    verified = models.CharField(max_length=4, default="no")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "edition"], name="category_edition_once"),
            models.CheckConstraint(condition=Q(mode__in=VerificationMode.values), name="category_mode_known"),
        ]

    def __str__(self) -> str:
        english = self.name_en if in_english() else ""
        return english or self.item or self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("catalog:category", args=[self.pk])

    @property
    def use_areas(self) -> list[str]:
        """The fields of use in which the law asks for verification."""
        return [area for area in self.uses.split(";") if area]

    def mode_for(self, condition: str = "") -> str:
        """How this category is verified, under a condition such as ``household``."""
        if condition and condition == self.exception_when:
            return self.exception_mode
        return self.mode
