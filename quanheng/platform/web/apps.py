"""The design system."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "quanheng.platform.web"
    label = "web"
