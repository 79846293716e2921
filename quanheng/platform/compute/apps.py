"""Pages of the numerical tasks."""

from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class ComputeConfig(AppConfig):
    name = "quanheng.platform.compute"
    label = "compute"

    def ready(self) -> None:
        from quanheng.platform.web import menu

        label = pgettext_lazy("menu", "计算")
        menu.register("knowledge", label, "compute:tasks", "calculator", visible=menu.everyone, letter="m", order=20)
