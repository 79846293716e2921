"""The language in which the reader of this page or answer reads."""

from __future__ import annotations

from django.utils.translation import get_language


def in_english() -> bool:
    """Whether that is English; else it is Chinese."""
    return (get_language() or "").startswith("en")
