"""People's licences and authorised items of an institute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quanheng.platform.catalog.models import Norm
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, OrganisationKind, User
from quanheng.platform.kernel.people import may_administer, organisations_of, scope_q
from quanheng.platform.kernel.policies import Allowed, Decision, Denied
from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
from quanheng.platform.parties import queries, services
from quanheng.platform.parties.models import Authorisation, Duty, Licence
from quanheng.platform.parties.policies import may_enter
from quanheng.platform.web.components import Action, Chip, Empty, Header, Status
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.forms import DateInput, Form, SearchSelect
from quanheng.platform.web.http import actor_of
from quanheng.platform.web.pages import Batch, FormPage, ListPage
from quanheng.platform.web.tables import DateColumn, DeadlineColumn, NumberColumn, StatusColumn, Table, TextColumn


def sees_institutes(actor: Actor) -> Decision:
    """People of institutes and regulators."""
    if actor.system or actor.has(Role.REGULATOR, Role.SYSTEM_ADMIN, *INSTITUTE_ROLES):
        return Allowed()
    return Denied(_("您没有查看检定机构人员和项目的角色"))


def manages(actor: Actor) -> Decision:
    """Managers of an institute and system administrators."""
    if actor.has(Role.LAB_MANAGER, Role.SYSTEM_ADMIN):
        return Allowed()
    return Denied(_("只有本机构的管理员可以登记人员资格和授权项目"))


def enters_items(actor: Actor) -> Decision:
    """Those who manage an institute, and the regulators who authorise it."""
    return Allowed() if actor.has(Role.REGULATOR) else manages(actor)


def authorisable(actor: Actor) -> QuerySet[Organisation]:
    """Institutes whose items the person may enter."""
    rows = Organisation.objects.filter(active=True, kind=OrganisationKind.INSTITUTE).order_by("path")
    return rows.filter(Q(pk__in=managed(actor).values("pk")) | scope_q(actor, region="region_id"))


def managed(actor: Actor) -> QuerySet[Organisation]:
    """Institutes whose people and items the person may enter."""
    rows = (
        Organisation.objects.filter(active=True)
        if actor.has(Role.SYSTEM_ADMIN)
        else organisations_of(actor, Role.LAB_MANAGER)
    )
    return rows.filter(kind=OrganisationKind.INSTITUTE).order_by("path")


def status_of(row: Licence | Authorisation) -> Status:
    """Withdrawn, not yet valid, expired, about to expire, or in force."""
    today = clock.today()
    if row.withdrawn_on is not None and row.withdrawn_on <= today:
        return Status("off", _("已撤回"))
    if isinstance(row, Authorisation) and row.confirmed_at is None:
        return Status("wait", _("待监管确认"))
    if row.valid_until < today:
        return Status("bad", _("已过期"))
    if row.valid_from > today:
        return Status("wait", _("未生效"))
    return Status("due", _("将到期")) if (row.valid_until - today).days <= 90 else Status("ok", _("有效"))


class LicenceTable(Table):
    """Who may verify, check or sign what."""

    user = TextColumn(accessor="user__name", verbose_name=gettext_lazy("姓名"), main=True)
    status = StatusColumn(to_status=status_of, verbose_name=gettext_lazy("状态"), orderable=False)
    duty = TextColumn(accessor="get_duty_display", verbose_name=gettext_lazy("职责"), order_by="duty")
    norm = TextColumn(accessor="norm__number", verbose_name=gettext_lazy("技术规范"), sub="norm__named")
    number = TextColumn(verbose_name=gettext_lazy("证件编号"))
    valid_from = DateColumn(verbose_name=gettext_lazy("有效期自"))
    valid_until = DeadlineColumn(verbose_name=gettext_lazy("有效期至"), soon=90)
    organisation = TextColumn(accessor="organisation__name", verbose_name=gettext_lazy("机构"))

    class Meta(Table.Meta):
        model = Licence
        fields: ClassVar = ()

    def row_url(self, record: Any) -> str:
        mine = may_administer(actor_of(self.request), record.organisation)
        return reverse("parties:withdraw-licence", args=[record.pk]) if mine else ""


class LicenceFilter(FilterSet):
    """By words and duty."""

    q = SearchFilter(("user__name", "norm__number", "number", "organisation__name"))
    duty = ChoiceFilter(choices=Duty.choices, label=gettext_lazy("职责"))

    class Meta:
        model = Licence
        fields: ClassVar = ()


class AuthorisationTable(Table):
    """What an institute is authorised to verify."""

    norm = TextColumn(accessor="norm__number", verbose_name=gettext_lazy("技术规范"), sub="norm__named", main=True)
    status = StatusColumn(to_status=status_of, verbose_name=gettext_lazy("状态"), orderable=False)
    number = TextColumn(verbose_name=gettext_lazy("授权文号"))
    measuring_range = TextColumn(verbose_name=gettext_lazy("范围"))
    capacity_per_day = NumberColumn(verbose_name=gettext_lazy("每日能力(台件)"))
    valid_from = DateColumn(verbose_name=gettext_lazy("有效期自"))
    valid_until = DeadlineColumn(verbose_name=gettext_lazy("有效期至"), soon=90)
    organisation = TextColumn(accessor="organisation__name", verbose_name=gettext_lazy("机构"))

    class Meta(Table.Meta):
        model = Authorisation
        fields: ClassVar = ()

    def row_url(self, record: Any) -> str:
        mine = may_enter(actor_of(self.request), record.organisation)
        return reverse("parties:withdraw-authorisation", args=[record.pk]) if mine else ""


class AuthorisationFilter(FilterSet):
    """By words."""

    q = SearchFilter(("norm__number", "norm__title", "number", "organisation__name"))

    class Meta:
        model = Authorisation
        fields: ClassVar = ()


class _Dated(ListPage):
    """A list of dated rights; ``add_name`` is the page that enters one."""

    add_name: ClassVar[str]
    add_label: ClassVar[Any]
    title: ClassVar[Any]

    def allowed(self, actor: Actor) -> Decision:
        return sees_institutes(actor)

    def header(self) -> Header:
        new = Action(self.add_label, reverse(self.add_name), "plus") if manages(self.actor) else None
        return Header(self.title, primary=new)

    @property
    def empty(self) -> Empty:  # type: ignore[override]
        return Empty(_("这里还没有登记"), _("登记后,受理、安排、核验和签发时会按日期逐项核对。"), icon="users")

    def counting(self) -> Q:
        """Those that count today."""
        return queries.in_force(clock.today())

    def chips(self) -> Sequence[Chip]:
        rows = self.get_queryset()
        return [
            Chip(_("全部"), {}, rows.count()),
            Chip(_("有效"), {"now": "yes"}, rows.filter(self.counting()).count()),
        ]

    def filtered(self, data: Any) -> tuple[Any, QuerySet[Any]]:
        filters, rows = super().filtered(data)
        return filters, rows.filter(self.counting()) if data.get("now") == "yes" else rows


class LicenceList(_Dated):
    """Licences."""

    table_class = LicenceTable
    filterset_class = LicenceFilter
    title, add_label, add_name = gettext_lazy("人员资格"), gettext_lazy("登记资格"), "parties:add-licence"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.licences(self.actor).order_by("user__name", "norm__number", "duty")


class AuthorisationList(_Dated):
    """Authorised items."""

    table_class = AuthorisationTable
    filterset_class = AuthorisationFilter
    title, add_label, add_name = gettext_lazy("授权项目"), gettext_lazy("登记授权项目"), "parties:add-authorisation"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.authorisations(self.actor).order_by("organisation__name", "norm__number")

    def header(self) -> Header:
        new = Action(self.add_label, reverse(self.add_name), "plus") if enters_items(self.actor) else None
        lead = _("机构自行登记的项目,经所在地或上级监管部门确认后方可受理、安排和签发。")
        return Header(self.title, lead, primary=new)

    def counting(self) -> Q:
        return queries.authorised_on(clock.today())

    def chips(self) -> Sequence[Chip]:
        waiting = self.get_queryset().filter(queries.WAITING).count()
        return [*super().chips(), Chip(_("待监管确认"), {"now": "waiting"}, waiting, "wait" if waiting else "")]

    def filtered(self, data: Any) -> tuple[Any, QuerySet[Any]]:
        filters, rows = super().filtered(data)
        return filters, rows.filter(queries.WAITING) if data.get("now") == "waiting" else rows

    def batches(self) -> Sequence[Batch]:
        return [Batch("confirm", _("确认授权"), "check")] if self.actor.has(Role.REGULATOR) else ()

    def batch_confirm(self, rows: QuerySet[Any]) -> None:
        """Confirm the chosen items."""
        n = services.confirm_authorisations(actor=self.actor, authorisations=list(rows))
        messages.success(self.request, ngettext("已确认 %(n)d 项", "已确认 %(n)d 项", n) % {"n": n})


class _DatedForm(Form):
    valid_from = forms.DateField(label=gettext_lazy("有效期自"), widget=DateInput())
    valid_until = forms.DateField(label=gettext_lazy("有效期至"), widget=DateInput())


class LicenceForm(_DatedForm):
    """A person's licence."""

    user = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("人员"), widget=SearchSelect())
    duty = forms.ChoiceField(choices=Duty.choices, label=gettext_lazy("职责"))
    norms = forms.ModelMultipleChoiceField(
        Norm.objects.order_by("number"),
        label=gettext_lazy("技术规范"),
        widget=forms.SelectMultiple(attrs={"data-search": "yes"}),
    )
    number = forms.CharField(max_length=60, label=gettext_lazy("证件编号"))
    field_order = ("user", "duty", "norms", "number", "valid_from", "valid_until")

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(organisation__in=organisations, is_active=True).order_by("name")
        self.fields["user"].queryset = people  # type: ignore[attr-defined]


class AuthorisationForm(_DatedForm):
    """An authorised item."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=gettext_lazy("机构"), widget=SearchSelect()
    )
    norm = forms.ModelChoiceField(
        Norm.objects.order_by("number"), label=gettext_lazy("技术规范"), widget=SearchSelect()
    )
    number = forms.CharField(max_length=80, label=gettext_lazy("授权文号"))
    measuring_range = forms.CharField(max_length=120, required=False, label=gettext_lazy("范围"))
    capacity_per_day = forms.IntegerField(min_value=1, initial=50, label=gettext_lazy("每日能力(台件)"))
    field_order = ("organisation", "norm", "number", "measuring_range", "capacity_per_day", "valid_from", "valid_until")

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]


class _Enter(FormPage):
    def allowed(self, actor: Actor) -> Decision:
        return manages(actor)

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": managed(self.actor)}


class AddLicence(_Enter):
    """Enter a licence."""

    form_class = LicenceForm

    def header(self) -> Header:
        return Header(_("登记资格"), crumbs=[(_("人员资格"), reverse("parties:licences"))])

    def done(self, form: Any) -> str:
        user = form.cleaned_data["user"]
        services.add_licences(actor=self.actor, organisation=user.organisation, **form.cleaned_data)
        messages.success(self.request, _("已登记 %(name)s 的资格") % {"name": user.name})
        return reverse("parties:licences")


class AddAuthorisation(FormPage):
    """Enter an authorised item: in force at once by a regulator, else once a regulator confirms it."""

    form_class = AuthorisationForm

    def allowed(self, actor: Actor) -> Decision:
        return enters_items(actor)

    def form_kwargs(self) -> dict[str, Any]:
        return {"organisations": authorisable(self.actor)}

    def header(self) -> Header:
        return Header(_("登记授权项目"), crumbs=[(_("授权项目"), reverse("parties:authorisations"))])

    def initial(self) -> dict[str, Any]:
        return {"organisation": managed(self.actor).first()}

    def done(self, form: Any) -> str:
        made = services.authorise(actor=self.actor, **form.cleaned_data)
        messages.success(self.request, _("已登记") if made.confirmed_at else _("已登记,待监管部门确认后生效"))
        return reverse("parties:authorisations")


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(max_length=300, label=gettext_lazy("原因"), widget=forms.Textarea(attrs={"rows": 3}))


class _Withdraw(FormPage):
    form_class = ReasonForm
    submit = gettext_lazy("撤回")
    row: Any

    def found(self) -> QuerySet[Any]:
        """The rows one may see."""
        raise NotImplementedError

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.row = get_object_or_404(self.found(), pk=kwargs["pk"])

    def allowed(self, actor: Actor) -> Decision:
        return may_administer(actor, self.row.organisation)


class WithdrawLicence(_Withdraw):
    """Withdraw a licence from today on."""

    def found(self) -> QuerySet[Any]:
        return queries.licences(self.actor)

    def header(self) -> Header:
        row = self.row
        lead = f"{row.user.name} · {row.get_duty_display()} · {row.norm.number}"
        return Header(_("撤回资格"), lead, status_of(row), [(_("人员资格"), reverse("parties:licences"))])

    def done(self, form: Any) -> str:
        services.withdraw_licence(actor=self.actor, licence=self.row, **form.cleaned_data)
        messages.success(self.request, _("已撤回"))
        return reverse("parties:licences")


class WithdrawAuthorisation(_Withdraw):
    """Withdraw an authorised item from today on."""

    def found(self) -> QuerySet[Any]:
        return queries.authorisations(self.actor)

    def allowed(self, actor: Actor) -> Decision:
        return may_enter(actor, self.row.organisation)

    def header(self) -> Header:
        lead = f"{self.row.organisation.name} · {self.row.norm.number}"
        return Header(
            _("撤回授权项目"), lead, status_of(self.row), [(_("授权项目"), reverse("parties:authorisations"))]
        )

    def done(self, form: Any) -> str:
        services.withdraw_authorisation(actor=self.actor, authorisation=self.row, **form.cleaned_data)
        messages.success(self.request, _("已撤回"))
        return reverse("parties:authorisations")
