"""People's licences and institutes' authorised items."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "quanheng.platform.parties"
    label = "parties"

    def ready(self) -> None:
        """Register what this app offers."""
        from quanheng.platform.parties import imports

        imports.register()
