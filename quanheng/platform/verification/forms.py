"""Forms of applications and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quanheng.platform.catalog.models import Norm
from quanheng.platform.instruments.models import Delivery
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.web.forms import DateInput, Form, SearchSelect


class ApplicationForm(Form):
    """To whom, how, when, and whom to call."""

    institute = forms.ModelChoiceField(Organisation.objects.none(), label=_("检定机构"), widget=SearchSelect())
    delivery = forms.ChoiceField(choices=Delivery.choices, label=_("送检方式"))
    wanted_on = forms.DateField(required=False, label=_("期望日期"), widget=DateInput())
    contact = forms.CharField(max_length=60, label=_("联系人"))
    phone = forms.RegexField(
        r"^[0-9+\-() ]{5,40}$", label=_("联系电话"), error_messages={"invalid": _("请填写电话号码")}
    )
    note = forms.CharField(max_length=300, required=False, label=_("备注"), widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, institutes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institute"].queryset = institutes  # type: ignore[attr-defined]


class AmendForm(ApplicationForm):
    """The same once more, and what is left out of it."""

    leave_out = forms.MultipleChoiceField(required=False, label=_("移除这些器具"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, tasks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leave_out"].choices = [(str(t.pk), str(t.instrument)) for t in tasks]  # type: ignore[attr-defined]


class AssignForm(Form):
    """Who verifies, and on which day."""

    verifier = forms.ModelChoiceField(User.objects.none(), label=_("检定员"), widget=SearchSelect())
    on = forms.DateField(label=_("安排日期"), widget=DateInput())

    def __init__(self, *args: Any, verifiers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["verifier"].queryset = verifiers  # type: ignore[attr-defined]


class NormForm(Form):
    """By which norm."""

    norm = forms.ModelChoiceField(Norm.objects.none(), label=_("检定规程"))

    def __init__(self, *args: Any, norms: Sequence[Norm], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = Norm.objects.filter(pk__in=[n.pk for n in norms]).order_by("number")
        self.fields["norm"].queryset = chosen  # type: ignore[attr-defined]


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(max_length=300, label=_("原因"), widget=forms.Textarea(attrs={"rows": 2}))


class HandoverForm(Form):
    """In or out, with whom, in which condition."""

    direction = forms.ChoiceField(choices=[("in", _("收样")), ("out", _("发还"))], label=_("方向"))
    counterpart = forms.CharField(max_length=80, required=False, label=_("对方"))
    condition = forms.CharField(max_length=200, required=False, label=_("外观状况"))
