"""How the command search finds categories and norms."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quanheng.platform.catalog.queries import categories, norms
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.web.search import Hit, Provider


def find_norms(actor: Actor, text: str, limit: int) -> Sequence[Hit]:
    """By number or title."""
    found = norms(actor).filter(Q(number__icontains=text) | Q(title__icontains=text)).order_by("code", "-edition")
    return [Hit(str(norm), norm.get_absolute_url()) for norm in found[:limit]]


def find_categories(actor: Actor, text: str, limit: int) -> Sequence[Hit]:
    """By either name."""
    named = Q(name__icontains=text) | Q(item__icontains=text) | Q(name_en__icontains=text)
    found = categories(actor).filter(named).order_by("-edition", "id")
    return [Hit(str(category), category.get_absolute_url(), category.name_en) for category in found[:limit]]


CATEGORY_SEARCH = Provider(_("器具类别"), find_categories)
NORM_SEARCH = Provider(_("计量技术规范"), find_norms)
