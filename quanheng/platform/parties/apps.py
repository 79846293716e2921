"""People's licences and institutes' authorised items."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartiesConfig(AppConfig):
    name = "quanheng.platform.parties"
    label = "parties"

    def ready(self) -> None:
        """Register what this app offers."""
        from quanheng.platform.kernel.roles import INSTITUTE_ROLES, Role
        from quanheng.platform.kernel.work import WORK
        from quanheng.platform.parties import imports, work
        from quanheng.platform.web import menu

        imports.register()
        WORK.register("parties.regulators", work.regulators)
        seen = menu.roles(Role.REGULATOR, Role.SYSTEM_ADMIN, *INSTITUTE_ROLES)
        menu.register("ledger", _("人员资格"), "parties:licences", "users", visible=seen, order=30)
        menu.register("ledger", _("授权项目"), "parties:authorisations", "key", visible=seen, order=40)
