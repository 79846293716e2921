"""Lists of applications and tasks."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.verification.models import Application, Task
from quanheng.platform.verification.queries import OPEN_TASKS
from quanheng.platform.verification.workflow import APPLICATION, TASK
from quanheng.platform.web.components import Status, Tone
from quanheng.platform.web.filters import ChoiceFilter, DateAfter, DateBefore, FilterSet, SearchFilter
from quanheng.platform.web.tables import DateColumn, DeadlineColumn, StatusColumn, Table, TextColumn
from quanheng.platform.web.templatetags import web as tags

APPLICATION_TONES: dict[str, Tone] = {
    "draft": "off",
    "submitted": "wait",
    "accepted": "work",
    "returned": "bad",
    "withdrawn": "off",
    "completed": "ok",
}
TASK_TONES: dict[str, Tone] = {
    "waiting": "wait",
    "assigned": "work",
    "working": "work",
    "checking": "wait",
    "signing": "wait",
    "issued": "ok",
    "cancelled": "off",
}


def application_status(application: Application) -> Status:
    """State as tone and word."""
    return Status(APPLICATION_TONES.get(application.state, "unknown"), APPLICATION.states[application.state])


def task_status(task: Task) -> Status:
    """State as tone and word."""
    return Status(TASK_TONES.get(task.state, "unknown"), TASK.states[task.state])


def due(day: dt.date, *, open_: bool) -> SafeString:
    """A due date: how far away while the work is open, the bare day afterwards."""
    return tags.deadline(day, soon=5) if open_ else format_html('<span class="text-secondary">{}</span>', day)


class ApplicationTable(Table):
    """Applications, newest first."""

    number = TextColumn(verbose_name=_("申请编号"), main=True)
    status = StatusColumn(to_status=application_status, verbose_name=_("状态"), order_by="state")
    organisation = TextColumn(accessor="organisation__name", verbose_name=_("申请单位"))
    institute = TextColumn(accessor="institute__name", verbose_name=_("检定机构"))
    count = django_tables2.Column(
        accessor="count", verbose_name=pgettext_lazy("column", "台件"), attrs={"td": {"class": "num"}}
    )
    delivery = TextColumn(accessor="get_delivery_display", verbose_name=_("送检方式"), orderable=False)
    submitted_at = DateColumn(verbose_name=_("提交时间"))
    due_on = DeadlineColumn(verbose_name=_("办结期限"), soon=5)

    class Meta(Table.Meta):
        model = Application
        fields: ClassVar = ()
        sequence: ClassVar = (
            "number",
            "status",
            "organisation",
            "institute",
            "count",
            "delivery",
            "submitted_at",
            "due_on",
        )

    pinned: ClassVar = ("number",)

    def render_due_on(self, record: Application, value: dt.date) -> SafeString:
        """Words of warning only while there is something left to do."""
        return due(value, open_=record.state in ("submitted", "accepted"))

    def row_url(self, record: Any) -> str:
        return reverse("verification:application", args=[record.pk])


class ApplicationFilter(FilterSet):
    """By words, state and date."""

    q = SearchFilter(("number", "organisation__name", "institute__name", "contact"))
    state = ChoiceFilter(choices=list(APPLICATION.states.items()), label=_("状态"))
    since = DateAfter(field_name="submitted_at__date", label=_("提交自"))
    until = DateBefore(field_name="submitted_at__date", label=_("提交至"))

    class Meta:
        model = Application
        fields: ClassVar = ()


class TaskTable(Table):
    """Tasks with what a receptionist or verifier needs to act."""

    instrument = TextColumn(
        accessor="instrument__name",
        sub="instrument__specification",
        sub_title=_("型号规格"),
        verbose_name=_("器具"),
        main=True,
    )
    serial = TextColumn(accessor="instrument__serial_number", verbose_name=_("出厂编号"))
    status = StatusColumn(to_status=task_status, verbose_name=_("状态"), order_by="state")
    owner = TextColumn(
        accessor="instrument__organisation__name",
        sub="instrument__location",
        sub_title=_("安装/使用地点"),
        verbose_name=_("使用单位"),
    )
    norm = TextColumn(accessor="norm__number", verbose_name=_("检定规程"))
    verifier = TextColumn(accessor="verifier__name", verbose_name=_("检定员"))
    scheduled_on = DateColumn(verbose_name=_("安排日期"))
    due_on = DeadlineColumn(verbose_name=_("办结期限"), soon=5)
    application = TextColumn(accessor="application__number", verbose_name=_("申请编号"))

    def render_due_on(self, record: Task, value: dt.date) -> SafeString:
        """Words of warning only while there is something left to do."""
        return due(value, open_=record.state in OPEN_TASKS)

    class Meta(Table.Meta):
        model = Task
        fields: ClassVar = ()

    hidden: ClassVar = ("application",)
    pinned: ClassVar = ("instrument",)

    def row_url(self, record: Any) -> str:
        return reverse("verification:task", args=[record.pk])


class TaskFilter(FilterSet):
    """By words, state and day."""

    q = SearchFilter(
        (
            "instrument__name",
            "instrument__serial_number",
            "instrument__organisation__name",
            "application__number",
            "verifier__name",
        )
    )
    state = ChoiceFilter(choices=list(TASK.states.items()), label=_("状态"))
    since = DateAfter(field_name="scheduled_on", label=_("安排自"))
    until = DateBefore(field_name="scheduled_on", label=_("安排至"))

    class Meta:
        model = Task
        fields: ClassVar = ()
