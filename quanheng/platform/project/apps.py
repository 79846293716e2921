"""The project app: the only place that knows every app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.kernel.roles import Role
from quanheng.platform.project import logs
from quanheng.platform.project.admin_pages import menu as admin_menu
from quanheng.platform.web import menu


class ProjectConfig(AppConfig):
    """Registers the pages of the frame."""

    name = "quanheng.platform.project"
    label = "project"

    def ready(self) -> None:
        """Fill the menu with our own pages; from now on a line of log carries the id of its request."""
        # Models exist only from here on.
        from quanheng.platform.instruments.queries import ids_of_code
        from quanheng.platform.kernel import events
        from quanheng.platform.kernel.work import WORK
        from quanheng.platform.project.accounts import locks
        from quanheng.platform.project.accounts import work as accounts_work
        from quanheng.platform.project.admin_pages.verbs import verb_words
        from quanheng.platform.standards.queries import ids_of_number
        from quanheng.platform.trace.registries import FINDERS
        from quanheng.platform.web.registries import VERB_WORDS

        logs.JsonFormatter.request_id = events.request_id
        locks.watch()
        WORK.register("project.people", accounts_work.administrators)
        FINDERS.register("instruments", ids_of_code)
        FINDERS.register("standards", ids_of_number)
        administrators = menu.roles(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.LAB_MANAGER)
        menu.register("work", _("我的工作"), "project:home", "home", visible=menu.everyone, letter="h", order=1)
        menu.register(
            "admin",
            pgettext_lazy("list", "机构"),
            "project:organisations",
            "building",
            visible=administrators,
            letter="o",
        )
        menu.register("admin", _("人员与角色"), "project:people", "users", visible=administrators, letter="u")
        admin_menu.register()
        VERB_WORDS.register("project", verb_words)
