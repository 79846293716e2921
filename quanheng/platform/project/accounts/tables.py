"""Lists of the administration."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import Organisation, User
from quanheng.platform.kernel.roles import Role
from quanheng.platform.project.accounts import locks
from quanheng.platform.web.components import Status
from quanheng.platform.web.tables import DateColumn, StatusColumn, Table, TextColumn
from quanheng.platform.web.templatetags.web import civil


def account_status(user: User) -> Status:
    """Where an account stands."""
    if not user.is_active:
        return Status("off", pgettext_lazy("account", "已停用"))
    if not user.has_usable_password():
        return Status("wait", _("待设密码"))
    if user.awaiting_confirmation:
        return Status("wait", _("待当面确认"))
    until = locks.locked_until(user)
    if until is not None:
        return Status("bad", gettext("锁定至 %(time)s") % {"time": civil(until)})
    return Status("ok", _("正常"))


def roles_of(user: User) -> str:
    """Names of the roles in force today."""
    today, labels = clock.today(), dict(Role.choices)
    held = [
        g.role
        for g in user.grants.all()
        if (not g.valid_from or g.valid_from <= today) and (not g.valid_until or g.valid_until >= today)
    ]
    return "、".join(dict.fromkeys(str(labels[r]) for r in held if r in labels))


class PeopleTable(Table):
    """People."""

    status = StatusColumn(to_status=account_status, verbose_name=_("状态"), order_by="is_active")
    name = TextColumn(main=True, sub="username", verbose_name=_("姓名"))
    organisation = TextColumn(verbose_name=_("单位"), accessor="organisation__name")
    roles = TextColumn(verbose_name=_("角色"), empty_values=(), orderable=False)
    email = TextColumn(verbose_name=_("邮箱"))
    phone = TextColumn(verbose_name=_("手机"))
    last_login = DateColumn(verbose_name=_("最近登录"))

    hidden = ("phone",)
    pinned = ("status", "name")

    class Meta(Table.Meta):
        model = User
        fields = ("status", "name", "organisation", "roles", "email", "phone", "last_login")

    def render_roles(self, record: User) -> str:
        """Roles in words."""
        return roles_of(record) or "—"

    def value_roles(self, record: User) -> str:
        """The same in an export."""
        return roles_of(record)

    def row_url(self, record: Any) -> str:
        return reverse("project:person", args=[record.pk])


class OrganisationTable(Table):
    """Organisations."""

    active = StatusColumn(
        to_status=lambda o: Status("ok", _("启用")) if o.active else Status("off", pgettext_lazy("account", "停用")),
        verbose_name=_("状态"),
    )
    name = TextColumn(main=True, sub="credit_code", sub_title=_("统一社会信用代码"), verbose_name=_("名称"))
    kind = TextColumn(verbose_name=_("类型"), accessor="get_kind_display", order_by="kind")
    region = TextColumn(verbose_name=_("行政区划"), accessor="region__name", order_by="region_id")
    parent = TextColumn(verbose_name=_("上级"), accessor="parent__name")
    address = TextColumn(verbose_name=_("地址"))
    authorisation = TextColumn(verbose_name=_("授权证书号"))

    hidden = ("address", "authorisation")
    pinned = ("active", "name")

    class Meta(Table.Meta):
        model = Organisation
        fields = ("active", "name", "kind", "region", "parent", "address", "authorisation")

    def row_url(self, record: Any) -> str:
        return reverse("project:organisation", args=[record.pk])
