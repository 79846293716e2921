"""Application, acceptance, task, schedule."""

from django.apps import AppConfig


class VerificationConfig(AppConfig):
    name = "quanheng.platform.verification"
    label = "verification"
