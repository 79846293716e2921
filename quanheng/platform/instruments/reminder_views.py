"""Reminders for people: the log of what was sent, and how many days before the end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms as fields
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.instruments import reminders
from quanheng.platform.instruments.item_views import kept_organisations
from quanheng.platform.instruments.views import keeps
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Notice, Organisation
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.kernel.roles import Role
from quanheng.platform.web import forms
from quanheng.platform.web.components import Action, Empty, Header, Status
from quanheng.platform.web.filters import DateAfter, DateBefore, FilterSet, SearchFilter
from quanheng.platform.web.pages import FormPage, ListPage
from quanheng.platform.web.tables import DateColumn, StatusColumn, Table, TextColumn

TITLE = gettext_lazy("到期提醒")


def may_read(actor: Actor) -> Decision:
    """Who keeps a ledger reads what was sent about it; the system administrator all of it."""
    if keeps(actor) or actor.has(Role.SYSTEM_ADMIN):
        return Allowed()
    return Denied(_("只有使用单位的计量员和系统管理员可以查看提醒"))


def in_the_product(notice: Notice) -> Status:
    """Whether the person opened it."""
    return Status("off", _("已读")) if notice.read_at else Status("ok", _("已送达,未读"))


def by_email(notice: Notice) -> Status:
    """What became of the e-mail."""
    if notice.emailed_at:
        return Status("ok", _("已发送"))
    if not notice.user.email:
        return Status("off", _("没有邮箱"))
    return Status("bad", _("被拒收")) if notice.email_error else Status("wait", _("等待发送"))


class ReminderTable(Table):
    """To whom, when, by which way, with what result."""

    created_at = DateColumn(verbose_name=gettext_lazy("时间"))
    person = TextColumn(accessor="user__name", verbose_name=gettext_lazy("收件人"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=gettext_lazy("使用单位"))
    text = TextColumn(main=True, verbose_name=gettext_lazy("内容"), orderable=False)
    product = StatusColumn(to_status=in_the_product, verbose_name=gettext_lazy("站内"), orderable=False)
    email = StatusColumn(to_status=by_email, verbose_name=gettext_lazy("邮件"), orderable=False)
    emailed_at = DateColumn(verbose_name=gettext_lazy("邮件发送时间"))
    email_error = TextColumn(verbose_name=gettext_lazy("拒收原因"), orderable=False)

    hidden = ("email_error",)
    pinned = ("created_at", "text")

    class Meta(Table.Meta):
        model = Notice
        fields: ClassVar = ()

    def render_text(self, value: str) -> str:
        """What was told, in the reader's language."""
        return retold(value)

    def value_text(self, value: str) -> str:
        """The same in an export."""
        return retold(value)


class ReminderFilter(FilterSet):
    """By person, owner, words and day."""

    q = SearchFilter(("user__name", "organisation__name", "text"))
    since = DateAfter("created_at__date", label=gettext_lazy("自"))
    until = DateBefore("created_at__date", label=gettext_lazy("至"))

    class Meta:
        model = Notice
        fields: ClassVar = ()


class ReminderLog(ListPage):
    """The log of what was sent."""

    table_class = ReminderTable
    filterset_class = ReminderFilter
    empty = Empty(TITLE, gettext_lazy("还没有发出提醒。器具快到期时,每天由后台任务发出,站内和邮件各一份。"))

    def allowed(self, actor: Actor) -> Decision:
        return may_read(actor)

    def header(self) -> Header:
        setting = Action(_("提醒天数"), reverse("instruments:reminder-days"), "settings")
        return Header(TITLE, _("发给谁、何时、以何种方式、结果如何"), primary=setting if keeps(self.actor) else None)

    def get_queryset(self) -> QuerySet[Notice]:
        return reminders.sent(self.actor).order_by("-created_at", "-pk")


SEPARATORS = "[\\s,;\uff0c\u3001\uff1b]+"  # full-width ones as a Chinese keyboard types them


class DaysForm(forms.Form):
    """For which organisation, how many days before."""

    organisation = fields.ModelChoiceField(label=gettext_lazy("单位"), queryset=Organisation.objects.none())
    days = fields.CharField(
        label=gettext_lazy("提前天数"),
        max_length=60,
        help_text=gettext_lazy("用逗号隔开,例如 30, 15, 7;下级单位未另设的照此执行。"),
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("fields.ModelChoiceField[Organisation]", self.fields["organisation"]).queryset = organisations

    def clean_days(self) -> list[int]:
        """Whole numbers."""
        parts = [p for p in re.split(SEPARATORS, self.cleaned_data["days"]) if p]
        if not all(re.fullmatch(r"[0-9]{1,6}", p) for p in parts):
            raise ValidationError(_("请填整数天数,用逗号隔开"))
        return [int(p) for p in parts]


class ReminderDays(FormPage):
    """The organisation's own people choose the days."""

    form_class = DaysForm
    submit = gettext_lazy("保存")

    def allowed(self, actor: Actor) -> Decision:
        return Allowed() if keeps(actor) else Denied(_("只有使用单位的计量员可以维护自己的台账"))

    def header(self) -> Header:
        lead = _("器具到期前按这些天数各提醒一次,到期后再提醒一次;站内通知,有邮箱的另发邮件。")
        return Header(_("提醒天数"), lead, crumbs=[(TITLE, reverse("instruments:reminders"))])

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": kept_organisations(self.actor)}

    def initial(self) -> Mapping[str, Any]:
        mine = kept_organisations(self.actor)
        chosen = mine.filter(people=self.actor.person).first() or mine.first()
        days = reminders.days_of(chosen.path, reminders.rules()) if chosen else reminders.LEAD_DAYS
        return {"organisation": chosen, "days": ", ".join(map(str, days))}

    def done(self, form: Any) -> str:
        clean = form.cleaned_data
        kept = reminders.set_days(actor=self.actor, organisation=clean["organisation"], days=clean["days"])
        shown = ", ".join(map(str, kept))
        messages.success(
            self.request, _("已保存:%(name)s 提前 %(days)s 天提醒") % {"name": clean["organisation"], "days": shown}
        )
        return reverse("instruments:reminders")
