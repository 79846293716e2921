"""The graph's nodes and edges by opaque reference."""

from django.apps import AppConfig


class TraceConfig(AppConfig):
    name = "quanheng.platform.trace"
    label = "trace"
