"""The project app: the only place that knows every app."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "quanheng.platform.project"
    label = "project"
