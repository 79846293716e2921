"""The graph's nodes and edges by opaque reference."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TraceConfig(AppConfig):
    name = "quanheng.platform.trace"
    label = "trace"

    def ready(self) -> None:
        from quanheng.platform.web import menu

        menu.register("evidence", _("溯源"), "trace:items", "sitemap", visible=menu.everyone, letter="s", order=10)
