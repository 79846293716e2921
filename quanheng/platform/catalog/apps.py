"""Instrument categories and norms."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from quanheng.platform.law.registries import after_load


class CatalogConfig(AppConfig):
    name = "quanheng.platform.catalog"
    label = "catalog"

    def ready(self) -> None:
        # models are importable only once every app is loaded
        from quanheng.platform.catalog.policies import may_read
        from quanheng.platform.catalog.search import CATEGORY_SEARCH, NORM_SEARCH
        from quanheng.platform.catalog.services import refresh_catalogue
        from quanheng.platform.web import menu
        from quanheng.platform.web.search import SEARCH

        after_load.register("catalog", refresh_catalogue)
        SEARCH.register("catalog.category", CATEGORY_SEARCH)
        SEARCH.register("catalog.norm", NORM_SEARCH)
        for label, name, icon, order in (
            (_("强检目录"), "catalog:categories", "scale", 10),
            (_("计量技术规范"), "catalog:norms", "notes", 20),
        ):
            menu.register("knowledge", label, name, icon, visible=lambda actor: bool(may_read(actor)), order=order)
