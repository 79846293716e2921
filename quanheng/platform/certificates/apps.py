"""Raw record, check, sign, issue."""

from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "quanheng.platform.certificates"
    label = "certificates"

    def ready(self) -> None:
        from quanheng.platform.certificates import registering

        registering.register()
