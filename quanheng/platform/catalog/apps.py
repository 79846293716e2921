"""Instrument categories and norms."""

from django.apps import AppConfig

from quanheng.platform.law.registries import after_load


class CatalogConfig(AppConfig):
    name = "quanheng.platform.catalog"
    label = "catalog"

    def ready(self) -> None:
        # models are importable only once every app is loaded
        from quanheng.platform.catalog.services import refresh_catalogue

        after_load.register("catalog", refresh_catalogue)
