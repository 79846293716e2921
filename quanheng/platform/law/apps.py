"""Effective-dated items of the library."""

from django.apps import AppConfig


class LawConfig(AppConfig):
    name = "quanheng.platform.law"
    label = "law"
