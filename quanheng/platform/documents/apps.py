"""Every issued document: number, bytes, leaf, public page."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "quanheng.platform.documents"
    label = "documents"

    def ready(self) -> None:
        from quanheng.platform.documents import jobs

        jobs.register()
