"""Items of the library as the database keeps them: each edition is a row of its own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.language import in_english


class Verified(models.TextChoices):
    """How well a value is supported; anything but ``yes`` is shown with a badge."""

    YES = "yes", _("已核实")
    ONCE = "once", _("一处来源")
    NO = "no", _("未核实")


class DateBasis(models.TextChoices):
    """Where the effective dates come from."""

    STATED = "stated", _("材料载明")
    RECALL = "recall", _("凭记忆")
    APPROXIMATE = "approximate", _("仅知年份或月份")
    UNKNOWN = "unknown", _("未录")


class LawItem(models.Model):
    """One versioned item: a catalogue entry, a norm, a factor, a time limit."""

    kind = models.CharField(_("类别"), max_length=40, db_index=True)
    code = models.CharField(_("编号"), max_length=160)
    edition = models.CharField(_("版本"), max_length=80)
    region_code = models.CharField(_("适用地区"), max_length=6, default="CN")
    title = models.CharField(_("名称"), max_length=300)
    effective_from = models.DateField(_("生效日期"), null=True, blank=True)
    effective_to = models.DateField(_("失效日期"), null=True, blank=True)
    date_basis = models.CharField(_("日期依据"), max_length=12, choices=DateBasis, default=DateBasis.STATED)
    source = models.TextField(_("来源"))
    verified = models.CharField(_("核实"), max_length=4, choices=Verified)
    body = models.JSONField(default=dict)
    body_sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "code", "edition", "region_code"], name="law_item_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "code"], name="law_item_lookup")]

    def __str__(self) -> str:
        return f"{self.named} ({self.edition})"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("law:item", args=[self.pk])

    @property
    def named(self) -> str:
        """The title in the reader's language, where the item carries an English name."""
        english = str(self.body.get("name_en") or "") if in_english() else ""
        return english or self.title

    @property
    def checked(self) -> bool:
        """Whether the value was compared with material that states it."""
        return self.verified == Verified.YES
