"""Instrument categories, norms and what the law asks of them."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "quanheng.platform.catalog"
    label = "catalog"
