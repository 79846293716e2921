"""Pages of administrators: organisations, people, roles."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from quanheng.errors import InputError
from quanheng.platform.kernel import events, people
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.people import may_administer
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.kernel.roles import Role
from quanheng.platform.kernel.words import words_of
from quanheng.platform.project.accounts import forms as f
from quanheng.platform.project.accounts import locks, policies, queries, services, tables
from quanheng.platform.project.admin_pages import trail
from quanheng.platform.project.admin_pages.verbs import verb_words
from quanheng.platform.web.components import Action, Definition, Empty, Header, Moment, Status
from quanheng.platform.web.pages import FormPage, ListPage, Page

PEOPLE = gettext_lazy("人员与角色")
ORGANISATIONS = pgettext_lazy("list", "机构")


class Guarded(Page):
    """Administrators only."""

    def allowed(self, actor: Actor) -> Decision:
        """The policy of the administration."""
        return policies.may_open_administration(actor)


class People(Guarded, ListPage):
    """People of the organisations one administers."""

    table_class = tables.PeopleTable
    filterset_class = f.PeopleFilter
    export_name = "people"
    empty = Empty(
        gettext_lazy("还没有人员"),
        gettext_lazy("先新增人员,系统会给出一次性链接,由本人设置密码。"),
        Action(gettext_lazy("新增人员"), "new/", icon="user-plus"),
        icon="users",
    )

    def get_queryset(self) -> QuerySet[User]:
        """People the viewer administers."""
        return queries.persons(self.actor)

    def header(self) -> Header:
        may = policies.may_add_people(self.actor)
        return Header(
            PEOPLE, primary=Action.guarded(may, _("新增人员"), reverse("project:add-person"), icon="user-plus")
        )


class AddPerson(Guarded, FormPage):
    """A new person and, if wanted, a first role."""

    form_class = f.PersonForm
    submit = gettext_lazy("新增并生成设置密码的链接")

    def allowed(self, actor: Actor) -> Decision:
        """Those who manage an organisation."""
        return policies.may_add_people(actor)

    def header(self) -> Header:
        return Header(_("新增人员"), crumbs=[(PEOPLE, reverse("project:people"))])

    def initial(self) -> dict[str, Any]:
        return {"organisation": self.request.GET.get("organisation")}

    def form_kwargs(self) -> dict[str, Any]:
        return {"actor": self.actor}

    def done(self, form: Any) -> str:
        data = dict(form.cleaned_data)
        role = data.pop("role")
        user = services.add_person(actor=self.actor, **data)
        if role:
            services.give_role(
                actor=self.actor,
                user=user,
                role=role,
                organisation=data["organisation"],
                valid_from=None,
                valid_until=None,
            )
        may = policies.may_send_link(self.actor, user)
        if may:
            _invite(self.request, self.actor, user)
        else:
            messages.warning(
                self.request, _("人员已新增。设置密码的链接请安全管理员生成:%(why)s") % {"why": may.reason}
            )
        return reverse("project:person", args=[user.pk])


def _invite(request: HttpRequest, actor: Actor, user: User) -> None:
    link, sent = services.invite(actor=actor, user=user)
    request.session["invitation"] = {"user": str(user.pk), "link": link}
    if sent:
        messages.success(request, _("链接已发送到 %(email)s") % {"email": user.email})


class PersonPage(Guarded):
    """Base of pages about one person; strangers do not exist."""

    @cached_property
    def person(self) -> User:
        """The person, if the viewer administers them."""
        return get_object_or_404(queries.persons(self.actor), pk=self.kwargs["user_id"])


class Person(PersonPage):
    """One person: state, roles, history; what may be done."""

    template_name = "project/person.html"

    def header(self) -> Header:
        person, may = self.person, policies.may_manage_person(self.actor, self.person)
        here = self.request.path
        word = _("重置密码并生成新链接") if person.has_usable_password() else _("生成设置密码的链接")
        link = policies.may_send_link(self.actor, person)
        factor = policies.may_reset_second_factor(self.actor, person)
        menu = [
            Action.guarded(link, word, f"{here}invite/", icon="send", method="post"),
            Action.guarded(factor, _("重置第二因子"), f"{here}reset-second-factor/", icon="key"),
            Action.guarded(may, _("修改姓名"), f"{here}name/", icon="edit"),
            Action.guarded(may, _("停用账户") if person.is_active else _("恢复账户"), f"{here}state/", icon="ban"),
        ]
        primary = Action.guarded(may, _("授予角色"), f"{here}grant/", icon="user-shield")
        if person.awaiting_confirmation:
            menu.append(primary)
            confirm = policies.may_confirm_keys(self.actor, person)
            primary = Action.guarded(confirm, _("当面确认本人"), f"{here}confirm/", icon="user-check")
        if locks.locked_until(person) is not None:
            menu.append(primary)
            release = policies.may_release_lock(self.actor, person)
            primary = Action.guarded(release, _("解除锁定"), f"{here}release/", icon="lock-open")
        return Header(
            person.name or person.username,
            status=tables.account_status(person),
            crumbs=[(PEOPLE, reverse("project:people"))],
            primary=primary,
            menu=menu,
        )

    def context(self) -> dict[str, Any]:
        person = self.person
        kept = self.request.session.get("invitation", {})
        link = kept.get("link", "") if kept.get("user") == str(person.pk) else ""
        if link:
            del self.request.session["invitation"]
        organisation = person.organisation
        facts = [
            Definition(_("登录名"), person.username),
            Definition(
                _("单位"),
                organisation,
                url=reverse("project:organisation", args=[organisation.pk]) if organisation else "",
            ),
            Definition(_("邮箱"), person.email),
            Definition(_("手机"), person.phone),
        ]
        labels = dict(Role.choices)
        return {
            "person": person,
            "link": link,
            "facts": facts,
            "grants": [(g, labels.get(Role(g.role), g.role)) for g in queries.grants(person)],
            "may": policies.may_manage_person(self.actor, person),
            "history": [
                Moment(e.happened_at, verb_words(e.verb), trail.actor_words(e), retold(e.reason))
                for e in events.condensed(events.history(person)[:200], 50)
            ],
        }


class Invite(PersonPage):
    """A new one-time link; an existing password stops working."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Make the link and show it once."""
        try:
            if self.person.has_usable_password():
                services.forget_password(actor=self.actor, user=self.person)
            _invite(request, self.actor, self.person)
        except InputError as error:
            messages.error(request, words_of(error))
        return redirect("project:person", user_id=self.person.pk)


def _shown(organisation: Organisation, name: str) -> Any:
    return organisation.get_kind_display() if name == "kind" else getattr(organisation, name)


class Organisations(Guarded, ListPage):
    """Organisations one administers."""

    table_class = tables.OrganisationTable
    filterset_class = f.OrganisationFilter
    export_name = "organisations"
    empty = Empty(
        gettext_lazy("还没有机构"),
        gettext_lazy("企业、检定机构和监管部门会出现在这里。"),
        Action(gettext_lazy("新增机构"), "new/", icon="plus"),
        icon="building",
    )

    def get_queryset(self) -> QuerySet[Organisation]:
        """What the viewer administers."""
        return queries.organisations(self.actor)

    def header(self) -> Header:
        may = policies.may_add_people(self.actor)
        add = Action.guarded(may, _("新增机构"), reverse("project:add-organisation"), icon="plus")
        return Header(ORGANISATIONS, primary=add)


class AddOrganisation(Guarded, FormPage):
    """A new organisation."""

    form_class = f.NewOrganisationForm

    def allowed(self, actor: Actor) -> Decision:
        """Those who manage an organisation."""
        return policies.may_add_people(actor)

    def header(self) -> Header:
        return Header(_("新增机构"), crumbs=[(ORGANISATIONS, reverse("project:organisations"))])

    def form_kwargs(self) -> dict[str, Any]:
        return {"actor": self.actor}

    def done(self, form: Any) -> str:
        data = dict(form.cleaned_data)
        parent = data.pop("parent")
        made = people.add_organisation(actor=self.actor, parent=parent, **data)
        return reverse("project:organisation", args=[made.pk])


class OrganisationDetail(Guarded, FormPage):
    """One organisation: its facts as a form, its people, its history."""

    template_name = "project/organisation.html"
    form_class = f.OrganisationForm

    @cached_property
    def organisation(self) -> Organisation:
        """The organisation, if the viewer administers it."""
        try:
            return queries.organisations(self.actor).get(pk=self.kwargs["organisation_id"])
        except Organisation.DoesNotExist as error:
            raise Http404 from error

    def header(self) -> Header:
        organisation = self.organisation
        add = Action.guarded(
            may_administer(self.actor, organisation),
            _("新增人员"),
            f"{reverse('project:add-person')}?organisation={organisation.pk}",
            icon="user-plus",
        )
        status = Status("ok", _("启用")) if organisation.active else Status("off", pgettext("account", "停用"))
        return Header(
            organisation.name, status=status, crumbs=[(ORGANISATIONS, reverse("project:organisations"))], primary=add
        )

    def form_kwargs(self) -> dict[str, Any]:
        return {"instance": Organisation.objects.get(pk=self.organisation.pk)}

    def context(self) -> dict[str, Any]:
        return {
            "may": may_administer(self.actor, self.organisation),
            "facts": [
                Definition(str(field.verbose_name), _shown(self.organisation, field.name))
                for field in Organisation._meta.fields
                if field.name in f.OrganisationForm.Meta.fields and field.name != "active"
            ],
            "people": [
                (p, tables.account_status(p), tables.roles_of(p))
                for p in queries.persons(self.actor).filter(organisation=self.organisation)[:200]
            ],
            "history": [
                Moment(e.happened_at, verb_words(e.verb), trail.actor_words(e), retold(e.reason))
                for e in events.history(self.organisation)[:50]
            ],
        }

    def done(self, form: Any) -> str:
        services.change_organisation(actor=self.actor, organisation=self.organisation, **form.cleaned_data)
        messages.success(self.request, _("已保存"))
        return self.request.path
