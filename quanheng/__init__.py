"""Quanheng 权衡: a region's measurement system, with every number checkable by a stranger."""

__version__ = "0.1.0"
