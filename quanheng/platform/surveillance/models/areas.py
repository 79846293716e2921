"""Areas and the meters in them, what evaluations found, checks on site and what they found."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.workflow import Stateful
from quanheng.platform.surveillance.workflow import CHECK


class Profile(models.TextChoices):
    """The kind of balance; the values are ids of the profiles in the library."""

    ELECTRICITY = "electricity-area", _("台区电能表")
    CHARGING = "charging-station", _("充电站")
    WATER = "water-district", _("供水分区")
    GAS = "gas-district", _("燃气分区")
    HEAT = "heat-network", _("供热换热站")


class Level(models.TextChoices):
    """Alarm levels, by the rules of the library."""

    ALARM = "alarm", _("警报")
    WARNING = "warning", _("预警")
    NOTICE = "notice", pgettext_lazy("level", "提示")
    NORMAL = "normal", _("正常")
    NONE = "", _("未评价")


class Role(models.TextChoices):
    """The meter of the whole area, or one below it."""

    MASTER = "master", _("总表")
    SUB = "sub", _("分表")


class Verdict(models.TextChoices):
    """What the data say of a meter. Only a verification decides."""

    PASS = "pass", pgettext_lazy("verdict", "未见超差")
    SUSPECT = "suspect", pgettext_lazy("verdict", "疑似超差")
    CHECK = "check", pgettext_lazy("verdict", "须现场核查")
    UNDETERMINABLE = "undeterminable", pgettext_lazy("verdict", "不可判定")


class Area(models.Model):
    """A master meter and the meters below it, with how it stood at its last evaluation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("台区编号"), max_length=64, unique=True)
    name = models.CharField(_("台区名称"), max_length=120, blank=True)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="areas")
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    profile = models.CharField(_("类型"), max_length=30, choices=Profile, default=Profile.ELECTRICITY)
    rule = models.CharField(_("适用规范"), max_length=60, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    level = models.CharField(_("警报级别"), max_length=8, choices=Level, blank=True, default="")
    fit = models.CharField(max_length=5, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    meters = models.PositiveIntegerField(_("表计数"), default=0)
    checks = models.PositiveIntegerField(default=0)
    suspects = models.PositiveIntegerField(default=0)
    undeterminable = models.PositiveIntegerField(default=0)
    passes = models.PositiveIntegerField(default=0)
    loss_rate = models.FloatField(null=True)
    acquisition = models.FloatField(null=True)
    evaluated_at = models.DateTimeField(_("最近评价"), null=True)
    standing = models.ForeignKey("surveillance.Evaluation", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(level__in=Level.values), name="area_level_known"),
            models.CheckConstraint(condition=Q(profile__in=Profile.values), name="area_profile_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["region", "level"], name="area_region_level"),
            models.Index(fields=["organisation", "level"], name="area_owner_level"),
        ]

    def __str__(self) -> str:
        return self.name or self.code

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("surveillance:area", args=[self.pk])


class AreaMeter(models.Model):
    """One meter in an area, from when until when; a changed meter is a new one. Bound to the ledger if it is there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="members")
    meter_id = models.CharField(_("表号"), max_length=64)
    role = models.CharField(_("角色"), max_length=6, choices=Role)
    instrument = models.ForeignKey(
        "instruments.Instrument", models.PROTECT, null=True, related_name="area_meters", verbose_name=_("器具")
    )
    feeder = models.CharField(_("馈线"), max_length=40, blank=True)
    phase = models.CharField(_("相别"), max_length=10, blank=True)
    ct_ratio = models.CharField(_("互感器变比"), max_length=20, blank=True)
    accuracy_class = models.CharField(_("准确度等级"), max_length=20, blank=True)
    manufacturer = models.CharField(_("生产厂家"), max_length=120, blank=True)
    lot = models.CharField(_("批次"), max_length=60, blank=True)
    installed_on = models.DateField(_("安装日期"), null=True)
    removed_on = models.DateField(_("拆除日期"), null=True)
    public_code = models.CharField(max_length=16, unique=True)
    batch = models.ForeignKey("kernel.ImportBatch", models.PROTECT, null=True, related_name="area_meters")
    verdict = models.CharField(pgettext_lazy("verdict", "判定"), max_length=14, choices=Verdict, blank=True)
    error = models.FloatField(null=True)
    u = models.FloatField(null=True)
    p_exceed = models.FloatField(null=True)
    evaluated_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "meter_id"], name="area_meter_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="area_meter_role_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["meter_id"], name="area_meter_number"),
            models.Index(fields=["area", "verdict"], name="area_meter_verdict"),
        ]

    def __str__(self) -> str:
        return self.meter_id

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("surveillance:meter", args=[self.pk])


class EvaluationRun(models.Model):
    """One request to judge an owner's areas, worked off by the worker; its progress and how it ended."""

    class State(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("计算中")
        DONE = "done", pgettext_lazy("run", "已完成")
        FAILED = "failed", _("失败")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="evaluation_runs")
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    since = models.DateField(_("数据自"))
    until = models.DateField(_("数据至"))
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=400, blank=True)
    requested_by = models.UUIDField(null=True)
    requested_name = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed"]), name="run_state_known"
            )
        ]

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("surveillance:run", args=[self.pk])


class Evaluation(models.Model):
    """What one run found in one area: versioned, never changed, with the hash of its evidence."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="evaluations")
    run = models.ForeignKey(EvaluationRun, models.PROTECT, related_name="evaluations")
    version = models.PositiveIntegerField()
    made_at = models.DateTimeField(default=clock.now)
    since = models.DateField()
    until = models.DateField()
    fit = models.CharField(max_length=5)
    cause = models.CharField(max_length=40)
    rows_used = models.PositiveIntegerField(default=0)
    sigma = models.FloatField(null=True)
    loss_rate = models.FloatField(null=True)
    acquisition = models.FloatField(null=True)
    limit = models.FloatField()
    report = models.JSONField(default=dict)
    curve = models.JSONField(default=list)
    quality = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    evidence_sha256 = models.CharField(max_length=64)
    sealed_sha256 = models.CharField(max_length=64, blank=True)
    seal = models.ForeignKey("documents.Leaf", models.PROTECT, null=True, related_name="+")
    seal_salt = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["area", "version"], name="evaluation_version_once")]


class MeterVerdict(models.Model):
    """What one evaluation says of one meter: error, standard uncertainty, P(beyond the limit), share from data."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="verdicts")
    meter = models.ForeignKey(AreaMeter, models.PROTECT, related_name="verdicts")
    error = models.FloatField(null=True)
    u = models.FloatField(null=True)
    p_exceed = models.FloatField(null=True)
    informativeness = models.FloatField(null=True)
    verdict = models.CharField(max_length=14, choices=Verdict)
    reason = models.CharField(max_length=400)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["evaluation", "meter"], name="verdict_once"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="verdict_known"),
        ]


class SiteCheck(Stateful):
    """An order to check a meter on site: from suspicion over verification to what was found, and replacement."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("核查单号"), max_length=40, unique=True)
    meter = models.ForeignKey(AreaMeter, models.PROTECT, related_name="site_checks")
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, related_name="site_checks")
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    verdict = models.ForeignKey(MeterVerdict, models.PROTECT, null=True, related_name="site_checks")
    application = models.ForeignKey("verification.Application", models.PROTECT, null=True, related_name="site_checks")
    reason = models.CharField(_("事由"), max_length=400)
    found = models.CharField(_("现场结果"), max_length=200, blank=True)
    document_number = models.CharField(_("文书编号"), max_length=80, blank=True)
    opened_at = models.DateTimeField(default=clock.now)
    due_on = models.DateField(pgettext_lazy("check", "期限"), null=True)
    closed_at = models.DateTimeField(null=True)
    replaced_on = models.DateField(_("更换日期"), null=True)
    new_meter_id = models.CharField(_("新表号"), max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [
            CHECK.constraint("site_check"),
            models.UniqueConstraint(
                fields=["meter"], condition=Q(state__in=["open", "applied"]), name="one_open_check_per_meter"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("surveillance:check", args=[self.pk])


class CheckRequest(models.Model):
    """A household asks for a check of its meter. Nothing personal is kept; the receipt is its key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    receipt = models.CharField(_("回执号"), max_length=16, unique=True)
    meter = models.ForeignKey(AreaMeter, models.PROTECT, related_name="requests")
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT)
    region = models.ForeignKey("kernel.Region", models.PROTECT)
    text = models.CharField(_("情况说明"), max_length=200, blank=True)
    made_at = models.DateTimeField(default=clock.now)
    check_order = models.ForeignKey(SiteCheck, models.PROTECT, null=True, related_name="requests")
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(_("答复"), max_length=300, blank=True)
