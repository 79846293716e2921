"""Lists of areas, meters, checks, runs and requests."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel import clock
from quanheng.platform.surveillance import levels, words
from quanheng.platform.surveillance.charging import alarm_words
from quanheng.platform.surveillance.device_events import kind_words, kinds
from quanheng.platform.surveillance.models import (
    Area,
    AreaMeter,
    CheckRequest,
    DeviceEvent,
    EvaluationRun,
    Level,
    PeriodExtension,
    PileAlarm,
    Profile,
    ReadingBatch,
    SiteCheck,
    Verdict,
)
from quanheng.platform.surveillance.workflow import CHECK, EXTENSION
from quanheng.platform.web.components import Status, Tone
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.tables import DateColumn, DeadlineColumn, NumberColumn, StatusColumn, Table, TextColumn

CHECK_TONES: dict[str, Tone] = {
    "open": "due", "applied": "work", "confirmed": "bad", "refuted": "ok", "replaced": "off", "cancelled": "off",
}  # fmt: skip
RUN_TONES: dict[str, Tone] = {"queued": "wait", "running": "work", "done": "ok", "failed": "bad"}


def check_status(check: SiteCheck) -> Status:
    """A check as it is drawn."""
    return Status(CHECK_TONES.get(check.state, "unknown"), CHECK.states.get(check.state, check.state))


def run_status(run: EvaluationRun) -> Status:
    """A run as it is drawn."""
    return Status(RUN_TONES[run.state], run.get_state_display())


EXTENSION_TONES: dict[str, Tone] = {
    "proposed": "due", "granted": "ok", "refused": "bad", "undone": "off", "withdrawn": "off",
}  # fmt: skip


def extension_status(extension: PeriodExtension) -> Status:
    """A proposal as it is drawn."""
    return Status(EXTENSION_TONES[extension.state], EXTENSION.states[extension.state])


def batch_status(batch: ReadingBatch) -> Status:
    """A file of readings as it is drawn."""
    return Status({**RUN_TONES, "preview": "wait"}[batch.state], batch.get_state_display())


class PercentColumn(NumberColumn):
    """A fraction shown in percent."""

    def __init__(self, *args: Any, digits: int = 2, sign: bool = False, **kwargs: Any) -> None:
        self.digits, self.sign = digits, sign
        super().__init__(*args, unit="%", **kwargs)

    def render(self, value: Any, record: Any) -> Any:
        return super().render(words.percent(value, self.digits, self.sign), record)

    def value(self, value: Any) -> Any:
        return None if value is None else round(100 * value, self.digits)


class AreaTable(Table):
    """Areas with their level."""

    code = TextColumn(verbose_name=_("台区编号"), sub="name", main=True)
    level = StatusColumn(to_status=lambda a: levels.status(a.level), verbose_name=_("警报级别"))
    fit = StatusColumn(to_status=words.fit_status, verbose_name=_("数据能否判定"))
    meters = NumberColumn(verbose_name=_("表计数"))
    checks = NumberColumn(verbose_name=pgettext_lazy("verdict", "须现场核查"))
    suspects = NumberColumn(verbose_name=pgettext_lazy("verdict", "疑似超差"))
    undeterminable = NumberColumn(verbose_name=pgettext_lazy("verdict", "不可判定"))
    loss_rate = PercentColumn(verbose_name=_("线损率"))
    acquisition = PercentColumn(verbose_name=_("采集率"))
    evaluated_at = DateColumn(verbose_name=_("最近评价"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("所属单位"))
    region = TextColumn(accessor="region__name", verbose_name=_("行政区划"))
    profile = TextColumn(accessor="get_profile_display", order_by="profile", verbose_name=_("类型"))

    hidden = ("profile",)

    class Meta(Table.Meta):
        model = Area
        fields: ClassVar = ()


class AreaFilter(FilterSet):
    """By words, level, kind, district and owner."""

    q = SearchFilter(("code", "name", "organisation__name"))
    level = ChoiceFilter(choices=[c for c in Level.choices if c[0]], label=_("警报级别"))
    profile = ChoiceFilter(choices=Profile.choices, label=_("类型"))
    fit = ChoiceFilter(
        choices=[("ok", _("可判定")), ("unfit", pgettext_lazy("verdict", "不可判定"))], label=_("数据能否判定")
    )
    region = SearchFilter(("region__code", "region__name"), label=_("行政区划"))
    organisation = SearchFilter(("organisation__name",), label=_("所属单位"))

    class Meta:
        model = Area
        fields: ClassVar = ()


class MeterTable(Table):
    """Meters with their last verdict."""

    meter_id = TextColumn(verbose_name=_("表号"), main=True)
    verdict = StatusColumn(
        to_status=lambda m: words.verdict_status(m.verdict), verbose_name=pgettext_lazy("verdict", "判定")
    )
    error = PercentColumn(verbose_name=_("误差估计"), sign=True)
    u = PercentColumn(verbose_name=_("标准不确定度"))
    p_exceed = PercentColumn(verbose_name=_("超限概率"), digits=1)
    area = TextColumn(accessor="area__code", verbose_name=_("台区编号"), sub="area.name")
    role = TextColumn(accessor="get_role_display", order_by="role", verbose_name=_("角色"))
    feeder = TextColumn(verbose_name=_("馈线"))
    manufacturer = TextColumn(verbose_name=_("生产厂家"))
    lot = TextColumn(verbose_name=_("批次"))
    installed_on = DateColumn(verbose_name=_("安装日期"))
    evaluated_at = DateColumn(verbose_name=_("最近评价"))

    hidden = ("manufacturer", "lot", "feeder", "installed_on")

    class Meta(Table.Meta):
        model = AreaMeter
        fields: ClassVar = ()


class MeterFilter(FilterSet):
    """By words and verdict."""

    q = SearchFilter(("meter_id", "area__code", "area__name", "manufacturer", "lot"))
    verdict = ChoiceFilter(choices=Verdict.choices, label=pgettext_lazy("verdict", "判定"))
    area = SearchFilter(("area__code",), label=_("台区编号"))

    class Meta:
        model = AreaMeter
        fields: ClassVar = ()


class CheckTable(Table):
    """Checks on site."""

    number = TextColumn(verbose_name=_("核查单号"), main=True)
    state = StatusColumn(to_status=check_status, verbose_name=_("状态"))
    meter = TextColumn(accessor="meter__meter_id", verbose_name=_("表号"))
    area = TextColumn(accessor="meter__area__code", verbose_name=_("台区编号"))
    error = PercentColumn(accessor="verdict__error", verbose_name=_("误差估计"), sign=True)
    found = TextColumn(verbose_name=_("现场结果"))
    document_number = TextColumn(verbose_name=_("文书编号"))
    due_on = DeadlineColumn(verbose_name=pgettext_lazy("check", "期限"), soon=5)
    opened_at = DateColumn(verbose_name=_("下达时间"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("所属单位"))

    class Meta(Table.Meta):
        model = SiteCheck
        fields: ClassVar = ()


class CheckFilter(FilterSet):
    """By words and state."""

    q = SearchFilter(("number", "meter__meter_id", "meter__area__code", "document_number"))
    state = ChoiceFilter(choices=list(CHECK.states.items()), label=_("状态"))

    class Meta:
        model = SiteCheck
        fields: ClassVar = ()


class RunTable(Table):
    """Evaluation runs."""

    created_at = DateColumn(verbose_name=_("发起时间"), attrs={"td": {"class": "main"}})
    state = StatusColumn(to_status=run_status, verbose_name=_("状态"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("所属单位"))
    since = DateColumn(verbose_name=_("数据自"))
    until = DateColumn(verbose_name=_("数据至"))
    done = NumberColumn(verbose_name=_("已评价台区"))
    total = NumberColumn(verbose_name=_("台区总数"))
    requested_name = TextColumn(verbose_name=_("发起人"))

    class Meta(Table.Meta):
        model = EvaluationRun
        fields: ClassVar = ()


def request_status(one: CheckRequest) -> Status:
    """A request as it is drawn."""
    if one.answered_at:
        return Status("ok", _("已答复"))
    if one.check_order_id:
        return Status("work", _("核查中"))
    late = (clock.now() - one.made_at).days > levels.check_days(one.region_id)
    return Status("due" if late else "wait", _("待答复"))


class RequestTable(Table):
    """What households asked."""

    meter = TextColumn(accessor="meter__meter_id", verbose_name=_("表号"), main=True)
    state = StatusColumn(to_status=request_status, verbose_name=_("状态"), orderable=False)
    area = TextColumn(accessor="meter__area__code", verbose_name=_("台区编号"))
    text = TextColumn(verbose_name=_("情况说明"))
    made_at = DateColumn(verbose_name=_("申请时间"))
    answer = TextColumn(verbose_name=_("答复"))

    class Meta(Table.Meta):
        model = CheckRequest
        fields: ClassVar = ()

    def row_url(self, record: Any) -> str:
        return reverse("surveillance:request", args=[record.pk])


class BatchTable(Table):
    """Files of readings."""

    created_at = DateColumn(verbose_name=_("时间"))
    status = StatusColumn(to_status=batch_status, verbose_name=_("状态"), orderable=False)
    file = TextColumn(accessor="file__name", verbose_name=_("文件"), main=True)
    source = TextColumn(accessor="source__name", verbose_name=_("来源"))
    rows = NumberColumn(accessor="rows", verbose_name=_("行数"))
    accepted = NumberColumn(verbose_name=_("入库"))
    rejected = NumberColumn(verbose_name=_("搁置"))
    organisation = TextColumn(accessor="source__organisation__name", verbose_name=_("所属单位"))
    created_name = TextColumn(verbose_name=_("经办人"))

    class Meta(Table.Meta):
        model = ReadingBatch
        fields: ClassVar = ()


class ExtensionTable(Table):
    """Proposals to use lots longer."""

    number = TextColumn(verbose_name=_("编号"), main=True)
    state = StatusColumn(to_status=extension_status, verbose_name=_("状态"))
    named = TextColumn(verbose_name=_("批次"), orderable=False)
    meters = NumberColumn(verbose_name=_("表计数"))
    months = NumberColumn(verbose_name=_("申请延长月数"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("所属单位"))
    proposed_at = DateColumn(verbose_name=_("申请时间"))
    decided_name = TextColumn(verbose_name=_("决定人"))

    class Meta(Table.Meta):
        model = PeriodExtension
        fields: ClassVar = ()


class DeviceEventTable(Table):
    """Reports of connected instruments."""

    happened_at = DateColumn(verbose_name=_("发生时间"))
    level = StatusColumn(to_status=lambda e: levels.status(e.level), verbose_name=_("警报级别"))
    kind = TextColumn(verbose_name=_("事件"), main=True)
    instrument = TextColumn(accessor="instrument", verbose_name=_("器具"), orderable=False)
    detail = TextColumn(verbose_name=_("说明"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("所属单位"))
    handling = TextColumn(verbose_name=_("处理情况"))

    class Meta(Table.Meta):
        model = DeviceEvent
        fields: ClassVar = ()

    def row_url(self, record: Any) -> str:
        return reverse("surveillance:device-event", args=[record.pk])

    def render_kind(self, value: str) -> str:
        """The kind in words."""
        return kind_words(value)


class DeviceEventFilter(FilterSet):
    """By words, level, kind, and whether somebody saw to it."""

    q = SearchFilter(("instrument__serial_number", "instrument__name", "instrument__code", "organisation__name"))
    level = ChoiceFilter(choices=[c for c in Level.choices if c[0]], label=_("警报级别"))
    kind = ChoiceFilter(choices=lambda: [(k, kind_words(k)) for k in kinds()], label=_("事件"))
    handled = ChoiceFilter(
        choices=[("no", _("待处理")), ("yes", _("已处理"))], label=_("处理情况"), method="by_handling"
    )

    class Meta:
        model = DeviceEvent
        fields: ClassVar = ()

    def by_handling(self, rows: Any, _name: str, value: str) -> Any:
        """Those that wait, or those that were seen to."""
        return rows.filter(handled_at__isnull=value == "no")


class PileAlarmTable(Table):
    """Alarms of piles."""

    raised_at = DateColumn(verbose_name=_("发现时间"))
    level = StatusColumn(to_status=lambda a: levels.status(a.level), verbose_name=_("警报级别"))
    kind = TextColumn(verbose_name=_("警报"), main=True)
    meter = TextColumn(accessor="meter__meter_id", verbose_name=_("充电桩"))
    area = TextColumn(accessor="meter__area", verbose_name=_("充电站"), orderable=False)
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("所属单位"))
    cleared_at = DateColumn(verbose_name=_("消除时间"))
    handling = TextColumn(verbose_name=_("处理情况"))

    class Meta(Table.Meta):
        model = PileAlarm
        fields: ClassVar = ()

    def row_url(self, record: Any) -> str:
        return str(record.get_absolute_url())

    def render_kind(self, value: str) -> str:
        """The kind in words."""
        return alarm_words(value)


class PileAlarmFilter(FilterSet):
    """By words, kind, and whether it stands and waits."""

    q = SearchFilter(("meter__meter_id", "meter__area__code", "meter__area__name", "organisation__name"))
    kind = ChoiceFilter(
        choices=lambda: [(k, alarm_words(k)) for k in ("offline", "clock", "power", "backwards")], label=_("警报")
    )
    state = ChoiceFilter(
        choices=[("open", _("待处理")), ("handled", _("已处理")), ("cleared", _("已消除"))],
        label=_("状态"), method="by_state",
    )  # fmt: skip

    class Meta:
        model = PileAlarm
        fields: ClassVar = ()

    def by_state(self, rows: Any, _name: str, value: str) -> Any:
        """Those that wait, were seen to, or are over."""
        if value == "open":
            return rows.filter(cleared_at=None, handled_at=None)
        return rows.exclude(handled_at=None) if value == "handled" else rows.exclude(cleared_at=None)
