"""People's licences, institutes' authorised items."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "quanheng.platform.parties"
    label = "parties"
