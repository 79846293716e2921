"""Bases of what comes in and goes out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import ConfigDict, Field, field_validator

from quanheng.errors import InputError
from quanheng.platform.kernel import people
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation
from quanheng.platform.kernel.policies import Refused

ModelT = TypeVar("ModelT", bound=models.Model)


class Out(Schema):
    """An answer."""


def is_printable(text: str) -> bool:
    """Whether the database and every document can hold the text."""
    return not any((ord(c) < 32 and c not in "\t\n") or 0xD800 <= ord(c) <= 0xDFFF for c in text)


def printable(value: Any) -> Any:
    """The value, if every text in it can be held."""
    if isinstance(value, str) and not is_printable(value):
        raise ValueError("control characters and lone surrogates are not allowed")
    if isinstance(value, dict):
        for key, inner in value.items():
            printable(key)
            printable(inner)
    return value


class In(Schema):
    """A body: a field nobody knows is refused, and nothing is silently turned into something else."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _printable(cls, value: Any) -> Any:
        return printable(value)


def upto(longest: int, *, shortest: int = 0) -> Any:
    """How long a text may be, as in ``Annotated[str, upto(120)]``."""
    return Field(min_length=shortest, max_length=longest)


class OrganisationRef(Out):
    """An organisation by its id, name and credit code."""

    id: uuid.UUID
    name: str
    credit_code: str

    @staticmethod
    def of(organisation: Organisation) -> OrganisationRef:
        """The reference to an organisation."""
        return OrganisationRef(id=organisation.pk, name=organisation.name, credit_code=organisation.credit_code)


def get_or_404(rows: QuerySet[ModelT], place: str, **lookup: Any) -> ModelT:
    """The one row; others' rows and missing ones look the same. ``place`` names what the request asked it by."""
    found_row = rows.filter(**lookup).first()
    if found_row is None:
        asked = {"id": next(iter(lookup.values()))}
        raise Refused(_("没有找到,或您无权查看:%(id)s") % asked, code="not_found", place=place)
    return found_row


def found(rows: QuerySet[ModelT], ids: Iterable[uuid.UUID], place: str) -> list[ModelT]:
    """Every row asked for, in the order asked; the first one missing is named."""
    wanted = list(dict.fromkeys(ids))
    known = {row.pk: row for row in rows.filter(pk__in=wanted)}
    for i, pk in enumerate(wanted):
        if pk not in known:
            raise Refused(_("没有找到,或您无权查看:%(id)s") % {"id": pk}, code="not_found", place=f"{place}.{i}")
    return [known[pk] for pk in wanted]


def own_organisation(actor: Actor, text: str, *roles: str, place: str = "organisation") -> Organisation:
    """The organisation of that id or credit code inside the caller's own; without a text, the only one they act for."""
    rows = Organisation.objects.filter(active=True).select_related("region")
    mine = rows.filter(_inside(actor, roles))
    if text:
        with suppress(ValueError):
            return get_or_404(mine, place, pk=uuid.UUID(text))
        return get_or_404(mine, place, credit_code=text)
    direct = list(rows.filter(pk__in=actor.organisation_ids(*roles))[:2])
    if len(direct) == 1:
        return direct[0]
    if not direct:
        raise Refused(_("没有可代表的单位"), code="forbidden", place=place)
    raise InputError("organisation", _("您代表多个单位,请写明其统一社会信用代码或标识"), place)


def _inside(actor: Actor, roles: tuple[str, ...]) -> Q:
    q = Q(pk__in=[])
    for path in actor.paths(*roles):
        q |= Q(path__startswith=path)
    return q


def any_organisation(text: str, place: str) -> Organisation:
    """Any active organisation by id or credit code, such as the institute applied to."""
    try:
        return people.organisation_named(text or "-")
    except InputError as error:
        raise InputError("organisation", _("没有这个机构,请写明其统一社会信用代码或标识"), place) from error
