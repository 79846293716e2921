"""The kernel: people, places, events, workflow. No word of metrology."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "quanheng.platform.kernel"
    label = "kernel"

    def ready(self) -> None:
        from quanheng.platform.kernel import jobs

        jobs.register()
