"""Reads of the administration of people."""

from __future__ import annotations

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation, RoleGrant, User
from quanheng.platform.kernel.roles import GUARDED_ROLES, Role
from quanheng.platform.project.accounts import locks


def organisations(viewer: Actor) -> QuerySet[Organisation]:
    """Organisations the viewer administers."""
    rows = Organisation.objects.select_related("region", "parent").order_by("path")
    if viewer.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        return rows
    q = Q(pk__in=[])
    for path in viewer.paths(Role.LAB_MANAGER):
        q |= Q(path__startswith=path)
    return rows.filter(q)


def persons(viewer: Actor) -> QuerySet[User]:
    """People of the organisations the viewer administers."""
    rows = (
        User.objects.select_related("organisation")
        .prefetch_related("grants__organisation")
        .order_by("name", "username")
    )
    if viewer.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        return rows
    return rows.filter(organisation__in=organisations(viewer))


def waiting(rows: QuerySet[User], step: str) -> QuerySet[User]:
    """Of these people, who waits for a link (``link``), for being confirmed (``confirm``), or is ``locked`` out."""
    active = rows.filter(is_active=True)
    if step == "locked":
        return locks.locked(active)
    if step == "confirm":
        return active.filter(awaiting_confirmation=True)
    guarded = RoleGrant.objects.filter(role__in=GUARDED_ROLES).values("user")
    return active.filter(pk__in=guarded, password__startswith=UNUSABLE_PASSWORD_PREFIX)


def grants(user: User) -> QuerySet[RoleGrant]:
    """Every role a person holds or held."""
    return RoleGrant.objects.filter(user=user).select_related("organisation__region").order_by("-valid_until", "role")
