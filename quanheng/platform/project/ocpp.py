"""The ASGI application of ``quanheng fleet listen --ocpp``."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quanheng.platform.project.settings")
django.setup()

from quanheng.platform.surveillance.ocpp_socket import application  # noqa: E402

__all__ = ["application"]
