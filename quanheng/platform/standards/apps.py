"""Measurement standards and their assessment."""

from django.apps import AppConfig


class StandardsConfig(AppConfig):
    name = "quanheng.platform.standards"
    label = "standards"
