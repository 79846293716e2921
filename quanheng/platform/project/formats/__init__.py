"""Formats that replace those of Django's locales."""
