"""The instrument ledger."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InstrumentsConfig(AppConfig):
    name = "quanheng.platform.instruments"
    label = "instruments"

    def ready(self) -> None:
        """Register what this app offers."""
        from quanheng.platform.instruments import finding, history, imports, reminders, tabs, work
        from quanheng.platform.kernel.periodic import PERIODIC, Periodic
        from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
        from quanheng.platform.kernel.work import WORK
        from quanheng.platform.trace.views import ITEM_PAGES
        from quanheng.platform.web import menu
        from quanheng.platform.web.registries import HOME_FIGURES
        from quanheng.platform.web.search import SEARCH

        imports.register()
        history.register()
        tabs.register()
        WORK.register("instruments.keepers", work.keepers)
        WORK.register("instruments.regulators", work.regulators)
        HOME_FIGURES.register("instruments", work.figures)
        PERIODIC.register("instruments.remind", Periodic(86_400, reminders.remind))
        ITEM_PAGES.register("instrument", "instruments:instrument")
        SEARCH.register("instruments", finding.PROVIDER)
        seen = menu.roles(Role.ENTERPRISE, Role.REGULATOR, *INSTITUTE_ROLES)
        menu.register("ledger", _("器具台账"), "instruments:list", "scale", visible=seen, letter="l", order=10)
        keepers = menu.roles(Role.ENTERPRISE, Role.LAB_MANAGER, Role.SYSTEM_ADMIN)
        menu.register("ledger", _("到期提醒"), "instruments:reminders", "bell", visible=keepers, order=30)
        regulator = menu.roles(Role.REGULATOR)
        menu.register(
            "supervision", _("备案审核"), "instruments:filings", "flag", visible=regulator, letter="f", order=10
        )
        menu.register(
            "supervision", _("辖区受检"), "instruments:districts", "map", visible=regulator, letter="d", order=20
        )
