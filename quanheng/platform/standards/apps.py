"""Measurement standards and their assessment."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StandardsConfig(AppConfig):
    name = "quanheng.platform.standards"
    label = "standards"

    def ready(self) -> None:
        from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
        from quanheng.platform.trace.views import ITEM_PAGES
        from quanheng.platform.web import menu

        ITEM_PAGES.register("standard", "standards:standard")
        seen = menu.roles(*INSTITUTE_ROLES, Role.ENTERPRISE, Role.REGULATOR)
        menu.register("ledger", _("计量标准"), "standards:list", "tool", visible=seen, letter="b", order=20)
