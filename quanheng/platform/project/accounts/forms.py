"""Forms of accounts and of the administration."""

from __future__ import annotations

from typing import Any, cast

import django_filters
from allauth.account.forms import ResetPasswordForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from stdnum.cn import uscc

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, OrganisationKind, User
from quanheng.platform.kernel.roles import Role
from quanheng.platform.project.accounts import policies, queries
from quanheng.platform.web.filters import ChoiceFilter, FilterSet, SearchFilter
from quanheng.platform.web.forms import DateInput, Form, ModelForm, SearchSelect

USERNAME = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._@-]{2,39}$", _("3 至 40 位字母、数字或 . _ - @,以字母或数字开头"))


class PasskeyForm(AddWebAuthnForm):
    """The library's form, whose label of the name knows no Chinese."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("通行密钥的名称")


def choice(form: forms.BaseForm, name: str) -> forms.ModelChoiceField[Any]:
    """The field that chooses a record."""
    return cast("forms.ModelChoiceField[Any]", form.fields[name])


class FirstPasswordForm(Form):
    """The first password, typed twice."""

    password = forms.CharField(
        label=_("新密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": "autofocus"}),
        strip=False,
    )
    again = forms.CharField(
        label=_("再输一次"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = password_validators_help_text_html()

    def clean_password(self) -> str:
        """Every validator has its say beside the field."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("两次输入不一致"))
        return data


class ForgottenForm(ResetPasswordForm):
    """A forgotten password by e-mail: only who once had one; the first comes by the link of an administrator."""

    users: list[User]

    def clean_email(self) -> str:
        email = str(super().clean_email())
        found: list[User] = vars(self)["users"]  # allauth sets it, without a type
        self.users = [user for user in found if user.has_usable_password()]
        return email


class ProfileForm(ModelForm):
    """What a person may change of themselves: not the name, which certificates print."""

    class Meta:
        model = User
        fields = ("email", "phone")
        labels = {"email": _("邮箱"), "phone": _("手机")}

    def clean_email(self) -> str:
        """An address belongs to one person."""
        email = str(self.cleaned_data["email"]).strip().lower()
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("该邮箱已被使用"))
        return email


class PersonForm(Form):
    """A new person."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("单位"), widget=SearchSelect)
    name = forms.CharField(label=_("姓名"), max_length=80)
    username = forms.CharField(label=_("登录名"), validators=[USERNAME], help_text=_("3 至 40 位字母、数字或 . _ - @"))
    email = forms.EmailField(label=_("邮箱"), required=False, help_text=_("填写后,设置密码的链接也会发到这里"))
    phone = forms.CharField(label=_("手机"), required=False, max_length=40)
    role = forms.ChoiceField(label=_("角色"), required=False, choices=[("", _("稍后授予")), *Role.choices])

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = queries.organisations(actor).filter(active=True).order_by("name")
        choice(self, "organisation").queryset = mine
        if len(only := mine[:2]) == 1:
            self.initial["organisation"] = only[0].pk
        self.actor = actor

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        organisation, role = data.get("organisation"), data.get("role")
        if organisation and role and role not in policies.grantable(self.actor, organisation):
            self.add_error("role", _("您不能在该机构授予此角色"))
        return data


class GrantForm(Form):
    """A role for a person, with its scope and term."""

    role = forms.ChoiceField(label=_("角色"))
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("范围:机构及其下属"), widget=SearchSelect
    )
    valid_from = forms.DateField(label=_("自"), required=False, widget=DateInput)
    valid_until = forms.DateField(label=_("至"), required=False, widget=DateInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = queries.organisations(actor).filter(active=True)
        choice(self, "organisation").queryset = mine
        allowed = {r for o in mine[:200] for r in policies.grantable(actor, o)}
        cast(forms.ChoiceField, self.fields["role"]).choices = [
            (value, label) for value, label in Role.choices if value in allowed
        ]


class ReasonForm(Form):
    """A reason that goes into the record."""

    reason = forms.CharField(label=_("原因"), max_length=200)


class NameForm(ReasonForm):
    """A person's name and why it changes."""

    name = forms.CharField(label=_("姓名"), max_length=80)
    field_order = ("name", "reason")


class ConfirmationForm(Form):
    """What the person shows after signing in."""

    code = forms.CharField(
        label=_("本人出示的确认码"),
        max_length=12,
        help_text=_("请本人登录并当面出示六位确认码;不要接受电话或转述。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class OrganisationForm(ModelForm):
    """An organisation."""

    class Meta:
        model = Organisation
        fields = ("name", "name_en", "kind", "credit_code", "region", "address", "phone", "authorisation", "active")

    def clean_credit_code(self) -> str:
        """GB 32100 with its check character."""
        code = str(self.cleaned_data["credit_code"]).strip().upper()
        if code and not uscc.is_valid(code):
            raise ValidationError(_("统一社会信用代码校验不通过,请核对 18 位代码"))
        return code


class NewOrganisationForm(OrganisationForm):
    """A new organisation under an optional parent."""

    parent = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("上级机构"), required=False, widget=SearchSelect
    )
    field_order = ("name", "kind", "parent", "region", "credit_code")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = choice(self, "parent")
        field.queryset = queries.organisations(actor).order_by("name")
        field.required = not actor.has(Role.SYSTEM_ADMIN)


class PeopleFilter(FilterSet):
    """Filters of the list of people."""

    q = SearchFilter(("name", "username", "email", "organisation__name"), label=_("姓名、登录名、邮箱或单位"))
    role = ChoiceFilter(label=_("角色"), choices=Role.choices, field_name="grants__role", distinct=True)
    active = ChoiceFilter(
        label=_("状态"),
        choices=[("True", _("启用")), ("False", pgettext_lazy("account", "停用"))],
        field_name="is_active",
    )
    step = ChoiceFilter(
        label=_("待办"),
        choices=[("link", _("待发放密码链接")), ("confirm", _("待当面确认")), ("locked", _("登录被锁定"))],
        method="filter_step",
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def filter_step(self, rows: QuerySet[User], _name: str, step: str) -> QuerySet[User]:
        """Who waits for an administrator."""
        return queries.waiting(rows, step)


class OrganisationFilter(FilterSet):
    """Filters of the list of organisations."""

    q = SearchFilter(("name", "credit_code", "region__name"), label=_("名称、信用代码或区划"))
    kind = ChoiceFilter(label=_("类型"), choices=OrganisationKind.choices)
    region = django_filters.CharFilter(label=_("区划代码以"), lookup_expr="startswith", field_name="region_id")

    class Meta:
        model = Organisation
        fields: tuple[str, ...] = ()
