"""Pages of the API's tokens: made with scopes and an end, shown once, revoked, with the time of last use."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ApiToken, Organisation, User
from quanheng.platform.kernel.policies import Decision, Denied
from quanheng.platform.kernel.roles import Role
from quanheng.platform.project.accounts import queries as accounts
from quanheng.platform.web.components import Action, Definition, Empty, Header, Status
from quanheng.platform.web.filters import FilterSet, SearchFilter
from quanheng.platform.web.forms import DateInput, Form, SearchSelect
from quanheng.platform.web.pages import FormPage, ListPage, Page
from quanheng.platform.web.tables import DateColumn, StatusColumn, Table, TextColumn
from quanheng.platform.web.templatetags.web import civil

TITLE = gettext_lazy("接口令牌")
STATES = {
    "active": Status("ok", gettext_lazy("有效")),
    "expired": Status("bad", gettext_lazy("已过期")),
    "revoked": Status("off", gettext_lazy("已作废")),
    "idle": Status("wait", gettext_lazy("人员或机构已停用")),
}


def status_of(token: ApiToken) -> Status:
    """Where a token stands."""
    return STATES[tokens.state_of(token)]


def scope_words(names: list[str]) -> str:
    """Scopes by their labels."""
    known = ((name, tokens.SCOPES.get(name)) for name in names)
    return "、".join(str(scope.label) if scope else name for name, scope in known)


def last_day(expires_at: dt.datetime | None) -> dt.date | None:
    """The last day on which a token works: it ends with the day that was chosen."""
    return clock.civil_date(expires_at - dt.timedelta(microseconds=1)) if expires_at else None


class TokenTable(Table):
    """Tokens."""

    status = StatusColumn(to_status=status_of, verbose_name=gettext_lazy("状态"), orderable=False)
    name = TextColumn(main=True, verbose_name=gettext_lazy("名称"))
    organisation = TextColumn(accessor="organisation__name", verbose_name=gettext_lazy("单位"))
    user = TextColumn(accessor="user__name", verbose_name=gettext_lazy("代表人员"))
    scopes = TextColumn(orderable=False, verbose_name=gettext_lazy("权限"))
    expires_at = DateColumn(verbose_name=gettext_lazy("有效期至"))
    used_at = DateColumn(verbose_name=gettext_lazy("最近使用"))
    created_at = DateColumn(verbose_name=gettext_lazy("生成时间"))

    hidden = ("created_at",)
    pinned = ("status", "name")

    class Meta(Table.Meta):
        model = ApiToken
        fields = ("status", "name", "organisation", "user", "scopes", "expires_at", "used_at", "created_at")

    def render_expires_at(self, value: dt.datetime) -> str:
        """The last day on which it works."""
        return civil(last_day(value))

    def render_scopes(self, value: list[str]) -> str:
        """In words."""
        return scope_words(value)

    def row_url(self, record: Any) -> str:
        return reverse("project:token", args=[record.pk])


class TokenFilter(FilterSet):
    """By words."""

    q = SearchFilter(("name", "user__name", "organisation__name"), label=gettext_lazy("名称、人员或单位"))

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = ()


class Tokens(ListPage):
    """Own tokens, and those of the organisations one manages."""

    table_class = TokenTable
    filterset_class = TokenFilter
    export_name = "tokens"
    empty = Empty(
        gettext_lazy("还没有接口令牌"),
        gettext_lazy("令牌让贵单位的系统通过接口办理业务,权限不超过其代表的人员,可随时作废。"),
        Action(gettext_lazy("生成令牌"), "new/", icon="key"),
        icon="key",
    )

    def get_queryset(self) -> QuerySet[ApiToken]:
        """What the viewer may see."""
        return tokens.visible(self.actor).order_by("-created_at")

    def header(self) -> Header:
        docs = Action(_("接口说明"), reverse("api:openapi-view"), icon="book")
        return Header(TITLE, primary=Action(_("生成令牌"), reverse("project:add-token"), icon="key"), menu=[docs])


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """Organisations for which the viewer may make a token."""
    mine = Organisation.objects.filter(pk__in=actor.organisation_ids(*tokens.WORKING_ROLES))
    return (accounts.organisations(actor) | mine.select_related("region", "parent")).filter(active=True).distinct()


def _offered(actor: Actor) -> list[tokens.Scope]:
    """Scopes of one's own roles; an administrator sees all, and the form says which the chosen person cannot have."""
    manages = actor.has(Role.SYSTEM_ADMIN, Role.LAB_MANAGER)
    held = {g.role for g in actor.grants}
    return [s for s in tokens.SCOPES.values() if manages or s.roles & held]


class TokenForm(Form):
    """For whom, what, and until when."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=80, help_text=gettext_lazy("例如:收银系统"))
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(),
        label=gettext_lazy("单位"),
        widget=SearchSelect,
        help_text=gettext_lazy("令牌只及于该单位及其下属"),
    )
    user = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("代表人员"),
        widget=SearchSelect,
        help_text=gettext_lazy("记录和审计中的办理人"),
    )
    scopes = forms.MultipleChoiceField(label=gettext_lazy("权限"), widget=forms.CheckboxSelectMultiple)
    expires_on = forms.DateField(label=gettext_lazy("有效期至"), widget=DateInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = cast("dict[str, Any]", self.fields)
        fields["organisation"].queryset = organisations_for(actor)
        fields["user"].queryset = (accounts.persons(actor) | User.objects.filter(pk=actor.person)).distinct()
        fields["scopes"].choices = [(s.name, f"{s.label} · {s.name}") for s in _offered(actor)]
        self.actor = actor

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        organisation, user = data.get("organisation"), data.get("user")
        if organisation and user and data.get("scopes"):
            fitting = {s.name for s in tokens.offered(self.actor, organisation, user)}
            wrong = [s for s in data["scopes"] if s not in fitting]
            if wrong:
                self.add_error("scopes", _("该人员不能授予:%(scopes)s") % {"scopes": scope_words(wrong)})
        return data


class AddToken(FormPage):
    """A new token."""

    form_class = TokenForm
    submit = gettext_lazy("生成令牌")

    def allowed(self, actor: Actor) -> Decision:
        """Somebody with work that the API knows, or an administrator."""
        decision = super().allowed(actor)
        if decision and not actor.has(*tokens.WORKING_ROLES, Role.SYSTEM_ADMIN):
            return Denied(_("您的角色不办理接口业务"))
        return decision

    def header(self) -> Header:
        return Header(_("生成令牌"), crumbs=[(TITLE, reverse("project:tokens"))])

    def context(self) -> dict[str, Any]:
        return {"back": reverse("project:tokens")}

    def initial(self) -> dict[str, Any]:
        own = self.actor.organisation_ids(*tokens.WORKING_ROLES)
        until = clock.today() + dt.timedelta(days=365)
        return {"user": self.actor.person, "organisation": own[0] if own else None, "expires_on": until}

    def form_kwargs(self) -> dict[str, Any]:
        return {"actor": self.actor}

    def done(self, form: Any) -> HttpResponse:
        data = dict(form.cleaned_data)
        last_day = data.pop("expires_on")
        expires_at = clock.start_of(last_day + dt.timedelta(days=1))
        made, text = tokens.issue(actor=self.actor, expires_at=expires_at, **data)
        # Drawn at once and kept nowhere, not even in the session.
        return self.draw("project/admin/token.html", text=text, facts=_facts(made), header=Header(made.name))


def _facts(token: ApiToken) -> list[Definition]:
    return [
        Definition(_("单位"), token.organisation.name),
        Definition(_("代表人员"), token.user.name),
        Definition(_("权限"), scope_words(token.scopes)),
        Definition(_("生成时间"), civil(token.created_at)),
        Definition(_("有效期至"), civil(last_day(token.expires_at))),
        Definition(_("最近使用"), civil(token.used_at)),
        Definition(_("作废时间"), civil(token.revoked_at)),
    ]


class TokenPage(Page):
    """One token."""

    template_name = "project/admin/token.html"

    @cached_property
    def token(self) -> ApiToken:
        """The token, if the viewer may see it."""
        return get_object_or_404(tokens.visible(self.actor), pk=self.kwargs["pk"])

    def header(self) -> Header:
        token = self.token
        denied = "" if tokens.state_of(token) != "revoked" else _("该令牌已作废")
        revoke = Action(_("作废"), reverse("project:revoke-token", args=[token.pk]), icon="ban", denied=denied)
        return Header(token.name, status=status_of(token), crumbs=[(TITLE, reverse("project:tokens"))], primary=revoke)

    def context(self) -> dict[str, Any]:
        return {"facts": _facts(self.token)}


class RevokeForm(Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200)


class RevokeToken(TokenPage, FormPage):
    """End a token at once."""

    template_name = "web/form.html"
    form_class = RevokeForm
    submit = gettext_lazy("作废")

    def header(self) -> Header:
        here = reverse("project:token", args=[self.token.pk])
        lead = _("使用它的系统将立即无法调用接口。")
        return Header(_("作废令牌"), lead=lead, crumbs=[(TITLE, reverse("project:tokens")), (self.token.name, here)])

    def context(self) -> dict[str, Any]:
        return {"back": reverse("project:token", args=[self.token.pk])}

    def done(self, form: Any) -> str:
        tokens.revoke(actor=self.actor, token=self.token, reason=form.cleaned_data["reason"])
        messages.success(self.request, _("令牌已作废"))
        return reverse("project:token", args=[self.token.pk])
