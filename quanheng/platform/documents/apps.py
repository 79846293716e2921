"""Every issued document: number, bytes, leaf, public page."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "quanheng.platform.documents"
    label = "documents"
