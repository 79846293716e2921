"""The kernel: people, places, events, workflow. No word of metrology."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "quanheng.platform.kernel"
    label = "kernel"
