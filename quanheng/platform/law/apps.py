"""Effective-dated items of the library."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LawConfig(AppConfig):
    name = "quanheng.platform.law"
    label = "law"

    def ready(self) -> None:
        from quanheng.platform.law.policies import may_read
        from quanheng.platform.web import menu

        menu.register(
            "knowledge", _("法规与数据"), "law:items", "book", visible=lambda actor: bool(may_read(actor)), order=30
        )
        menu.register(
            "knowledge", _("能力对照"), "law:coverage", "check", visible=lambda actor: bool(may_read(actor)), order=90
        )
