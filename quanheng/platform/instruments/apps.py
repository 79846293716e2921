"""The instrument ledger."""

from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    name = "quanheng.platform.instruments"
    label = "instruments"

    def ready(self) -> None:
        """Register what this app offers."""
        from quanheng.platform.instruments import history, imports

        imports.register()
        history.register()
