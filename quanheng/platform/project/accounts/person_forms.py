"""Pages on which administrators change something about one person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision, first_denial
from quanheng.platform.project.accounts import forms as f
from quanheng.platform.project.accounts import locks, policies, queries, services
from quanheng.platform.project.accounts.administration import PEOPLE, PersonPage
from quanheng.platform.web.components import Header, Text
from quanheng.platform.web.pages import FormPage


class PersonForm(PersonPage, FormPage):
    """Base of forms about one person."""

    title: Any = ""

    def header(self) -> Header:
        person = self.person
        crumbs: list[tuple[Text, str]] = [
            (PEOPLE, reverse("project:people")),
            (str(person), reverse("project:person", args=[person.pk])),
        ]
        return Header(self.title, crumbs=crumbs)

    def allowed(self, actor: Actor) -> Decision:
        """Who may not act does not see the form either."""
        return first_denial(super().allowed(actor), self.may(actor))

    def may(self, actor: Actor) -> Decision:
        """The policy of the act."""
        return policies.may_manage_person(actor, self.person)

    def context(self) -> dict[str, Any]:
        return {"back": reverse("project:person", args=[self.person.pk])}

    def act(self, data: dict[str, Any]) -> None:
        """Call the service."""
        raise NotImplementedError

    def done(self, form: Any) -> str:
        self.act(form.cleaned_data)
        messages.success(self.request, _("已完成"))
        return reverse("project:person", args=[self.person.pk])


class GiveRole(PersonForm):
    """A role with its scope."""

    title = gettext_lazy("授予角色")
    submit = gettext_lazy("授予")
    form_class = f.GrantForm

    def initial(self) -> dict[str, Any]:
        return {"organisation": self.person.organisation_id}

    def form_kwargs(self) -> dict[str, Any]:
        return {"actor": self.actor}

    def act(self, data: dict[str, Any]) -> None:
        had = self.person.has_usable_password()
        services.give_role(actor=self.actor, user=self.person, **data)
        if had and not self.person.has_usable_password():
            messages.warning(
                self.request, _("该人员的原密码已作废:开始签发或管理的人须由安全管理员生成新的设置密码链接")
            )


class EndRole(PersonForm):
    """Take a role away."""

    title = gettext_lazy("收回角色")
    submit = gettext_lazy("收回")
    form_class = f.ReasonForm

    def act(self, data: dict[str, Any]) -> None:
        grant = get_object_or_404(queries.grants(self.person), pk=self.kwargs["grant_id"])
        services.end_role(actor=self.actor, grant=grant, reason=data["reason"])


class ChangeState(PersonForm):
    """Close or reopen the account."""

    form_class = f.ReasonForm

    @property
    def title(self) -> str:
        """What the page does now."""
        return _("停用账户") if self.person.is_active else _("恢复账户")

    @property
    def submit(self) -> str:  # type: ignore[override]
        """The verb on the button."""
        return self.title

    def act(self, data: dict[str, Any]) -> None:
        services.set_active(actor=self.actor, user=self.person, active=not self.person.is_active, reason=data["reason"])


class ReleaseLock(PersonForm):
    """Let somebody try again whom wrong passwords or codes locked out."""

    title = gettext_lazy("解除锁定")
    submit = gettext_lazy("解除锁定")
    form_class = f.ReasonForm

    def may(self, actor: Actor) -> Decision:
        """Whoever manages the person, and the security administrator."""
        return policies.may_release_lock(actor, self.person)

    def act(self, data: dict[str, Any]) -> None:
        locks.release(actor=self.actor, user=self.person, reason=data["reason"])


class RenamePerson(PersonForm):
    """The name that certificates print: the administrator's to change, with a reason."""

    title = gettext_lazy("修改姓名")
    submit = gettext_lazy("修改")
    form_class = f.NameForm

    def initial(self) -> dict[str, Any]:
        return {"name": self.person.name}

    def act(self, data: dict[str, Any]) -> None:
        services.rename_person(actor=self.actor, user=self.person, **data)


class ConfirmKeys(PersonForm):
    """Say that the person, met face to face, is the one who set the password."""

    title = gettext_lazy("当面确认本人")
    submit = gettext_lazy("确认是本人")
    form_class = f.ConfirmationForm

    def may(self, actor: Actor) -> Decision:
        """Never who handed the link over."""
        return policies.may_confirm_keys(actor, self.person)

    def act(self, data: dict[str, Any]) -> None:
        services.confirm_keys(actor=self.actor, user=self.person, code=data["code"])


class ResetSecondFactor(PersonForm):
    """Remove a lost second factor."""

    title = gettext_lazy("重置第二因子")
    submit = gettext_lazy("重置")
    form_class = f.ReasonForm

    def may(self, actor: Actor) -> Decision:
        """Ways in are guarded apart."""
        return policies.may_reset_second_factor(actor, self.person)

    def act(self, data: dict[str, Any]) -> None:
        services.reset_second_factor(actor=self.actor, user=self.person, reason=data["reason"])
