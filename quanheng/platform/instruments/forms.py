"""Forms of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.instruments.categories import categories_on
from quanheng.platform.instruments.models import Delivery, Use
from quanheng.platform.instruments.parameters import fields_for, parameters_of, values_from
from quanheng.platform.instruments.serials import RangeProblem, typed_serials
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Organisation, Region
from quanheng.platform.web.forms import DateInput, FileField, Form, SearchSelect

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".csv")


class InstrumentForm(Form):
    """The national fields in their order, then the parameters that the category's procedure asks for."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("使用单位"), widget=SearchSelect())
    name = forms.CharField(max_length=120, label=_("器具名称"))
    category = forms.ModelChoiceField(InstrumentCategory.objects.none(), label=_("项别/种别"), widget=SearchSelect())
    specification = forms.CharField(max_length=120, required=False, label=_("型号规格"))
    measuring_range = forms.CharField(max_length=120, required=False, label=_("测量范围"))
    accuracy_class = forms.CharField(max_length=60, required=False, label=_("准确度等级"))
    serial_number = forms.CharField(max_length=80, label=_("出厂编号"))
    serial_to = forms.CharField(
        max_length=80, required=False, label=_("止编号"), help_text=_("成批的同型表计填起、止编号,只登记一行")
    )
    manufacturer = forms.CharField(max_length=200, required=False, label=_("生产厂家"))
    origin_place = forms.CharField(max_length=100, required=False, label=_("产地"))
    location = forms.CharField(max_length=200, required=False, label=_("安装/使用地点"))
    region = forms.ModelChoiceField(Region.objects.none(), label=_("行政区划"), widget=SearchSelect())
    use = forms.ChoiceField(choices=Use.choices, label=_("用途"))
    delivery = forms.ChoiceField(choices=Delivery.choices, label=_("送检方式"))
    installed_on = forms.DateField(required=False, label=_("启用日期"), widget=DateInput())

    def __init__(
        self,
        *args: Any,
        organisations: QuerySet[Organisation],
        parameters_now: Mapping[str, Any] | None = None,
        fixed: bool = False,
        locked: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        codes = categories_on(clock.today())
        self.choice("organisation").queryset = organisations
        self.choice("category").queryset = InstrumentCategory.objects.filter(pk__in=[c.pk for c in codes])
        self.choice("category").label_from_instance = lambda c: f"{c.name} / {c.item}"
        self.choice("region").queryset = Region.objects.order_by("code")
        if fixed:
            self.fields.pop("organisation")
        self.parameters = parameters_of(self._category(), clock.today())
        self.parameters_now = parameters_now or {}
        self.fields.update(fields_for(self.parameters, self.parameters_now, defaults=not locked))
        self._lock(locked)

    def _lock(self, locked: Collection[str]) -> None:
        """Fields that are fixed are shown and not taken; what may be corrected asks why."""
        for name, field in self.fields.items():
            if name in locked or (name.startswith("p_") and "parameters" in locked):
                field.disabled = True
        if locked and "parameters" not in locked:
            hint = _("更正名称、规格、测量范围、准确度等级或计量参数时须写明")
            self.fields["reason"] = forms.CharField(max_length=300, required=False, label=_("更正原因"), help_text=hint)

    def choice(self, name: str) -> Any:
        """A field that chooses a record."""
        return self.fields[name]

    def _category(self) -> InstrumentCategory | None:
        value = self.data.get("category") if self.is_bound else self.initial.get("category")
        if isinstance(value, InstrumentCategory):
            return value
        digits = str(value or "")
        return (
            InstrumentCategory.objects.filter(pk=int(digits)).first() if digits.isascii() and digits.isdigit() else None
        )

    def plain(self) -> list[forms.BoundField]:
        """The national fields."""
        return [f for f in self if not f.name.startswith("p_")]

    def typed(self) -> list[forms.BoundField]:
        """The parameters."""
        return [f for f in self if f.name.startswith("p_")]

    def values(self) -> dict[str, Any]:
        """What the service takes; parameters the form does not know are kept."""
        fields = {k: v for k, v in self.cleaned_data.items() if not k.startswith("p_")}
        known = {p.key for p in self.parameters}
        kept = {k: v for k, v in self.parameters_now.items() if k not in known}
        return {**fields, "parameters": {**kept, **values_from(self.parameters, self.cleaned_data)}}


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(
        max_length=300, label=_("原因"), widget=forms.Textarea(attrs={"rows": 3, "autofocus": "autofocus"})
    )


class TakeForm(Form):
    """Which of a lot get an entry of their own."""

    serials = forms.CharField(
        max_length=10_000,
        label=_("出厂编号"),
        help_text=_("一行一个或用逗号、空格隔开;连号写作 A0001~A0010"),
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": "autofocus", "class": "font-monospace"}),
    )

    def clean_serials(self) -> list[str]:
        """The serial numbers, each once."""
        try:
            return typed_serials(self.cleaned_data["serials"])
        except RangeProblem as problem:
            raise forms.ValidationError(str(problem)) from problem


class StopForm(ReasonForm):
    """Why, and until when."""

    until = forms.DateField(
        required=False,
        label=_("预计启用日期"),
        widget=DateInput(),
        help_text=_("可不填。报停期间有效期照常计算;到期前一周会提醒启用或重新报停。"),
    )


class MoveForm(ReasonForm):
    """Where to, and why."""

    region = forms.ModelChoiceField(Region.objects.order_by("code"), label=_("迁入行政区划"), widget=SearchSelect())
    location = forms.CharField(max_length=200, label=_("迁入地点"))
    field_order = ("region", "location", "reason")


class TransferForm(ReasonForm):
    """To whom, and why."""

    to = forms.ModelChoiceField(Organisation.objects.none(), label=_("接收单位"), widget=SearchSelect())
    field_order = ("to", "reason")

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = organisations  # type: ignore[attr-defined]


class ImportForm(Form):
    """A file, and for whom."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("导入到"), widget=SearchSelect())
    file = FileField(suffixes=SUFFIXES, megabytes=40, label=_("表格文件"))
    sheet = forms.CharField(
        max_length=100, required=False, label=_("工作表"), help_text=_("文件里有几张同样的表时,写明要导入哪一张")
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
