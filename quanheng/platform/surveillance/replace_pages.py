"""The page on which the replacement of a meter is noted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.surveillance import policies, replacing
from quanheng.platform.surveillance.acting import OneCheck
from quanheng.platform.web.components import Header
from quanheng.platform.web.forms import DateInput, Form
from quanheng.platform.web.pages import FormPage


class ReplaceForm(Form):
    """When, by what, and what becomes of the old one."""

    on = forms.DateField(label=gettext_lazy("更换日期"), widget=DateInput())
    new_meter_id = forms.CharField(
        max_length=64, label=gettext_lazy("新表号"),
        help_text=gettext_lazy("台账中有这个编号的即与之绑定;没有的按旧表的名称、规格登记并提交备案"),
    )  # fmt: skip
    manufacturer = forms.CharField(max_length=120, required=False, label=gettext_lazy("新表生产厂家"))
    old_one = forms.ChoiceField(
        label=gettext_lazy("旧表去向"),
        choices=[(replacing.SCRAP, gettext_lazy("报废")), (replacing.KEEP, gettext_lazy("停用留存"))],
    )


class ReplaceMeter(OneCheck, FormPage):
    """Note that the meter was replaced."""

    form_class = ReplaceForm
    submit = gettext_lazy("登记更换")

    def allowed(self, actor: Actor) -> Decision:
        return policies.may_keep(actor, self.check)

    def header(self) -> Header:
        lead = _("旧表自更换日结束,新表自此开始新的评价;台账随之更新。")
        return Header(_("登记更换"), lead, crumbs=self.crumbs())

    def initial(self) -> dict[str, Any]:
        return {"on": clock.today(), "old_one": replacing.SCRAP}

    def done(self, form: Any) -> str:
        replacing.replace_meter(actor=self.actor, check=self.check, **form.cleaned_data)
        return self.check.get_absolute_url()
