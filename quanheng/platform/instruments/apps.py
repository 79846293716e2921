"""The instrument ledger."""

from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    name = "quanheng.platform.instruments"
    label = "instruments"
