"""What the law asks of a kind of instrument on a given day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q, QuerySet

from quanheng.platform.catalog.models import InstrumentCategory, Norm, VerificationMode
from quanheng.platform.catalog.policies import may_read
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.law.models import LawItem
from quanheng.platform.law.queries import in_force_q, region_chain

STANDARD_PURPOSES = frozenset({"public_standard", "departmental_standard", "enterprise_standard"})
Change = Literal["same", "changed", "split", "dropped"]


@dataclass(frozen=True)
class Period:
    """How long a verification lasts at most, and how sure we are. ``months`` None: verified once only."""

    months: int | None
    source: str
    verified: str
    basis: str
    condition: str
    condition_zh: str


@dataclass(frozen=True)
class Move:
    """What becomes of a category under another edition of the catalogue."""

    code: str
    change: Change
    old: InstrumentCategory
    new: tuple[InstrumentCategory, ...]


def categories(viewer: Actor) -> QuerySet[InstrumentCategory]:
    """All lines of all editions."""
    base = InstrumentCategory.objects.select_related("law_item")
    return base if may_read(viewer) else base.none()


def norms(viewer: Actor) -> QuerySet[Norm]:
    """All editions of all norms."""
    base = Norm.objects.select_related("law_item")
    return base if may_read(viewer) else base.none()


def norm_in_force_q(on: dt.date) -> Q:
    """Editions in force on a civil date; an unknown start counts as always before."""
    return (Q(in_force_from=None) | Q(in_force_from__lte=on)) & (Q(in_force_to=None) | Q(in_force_to__gte=on))


def category_at(code: str, on: dt.date) -> InstrumentCategory | None:
    """The category as the catalogue of that day has it."""
    found = InstrumentCategory.objects.filter(in_force_q(on), code=code).select_related("law_item")
    return found.order_by("-effective_from", "-edition").first()


def categories_at(on: dt.date, *, mandatory_only: bool = False) -> QuerySet[InstrumentCategory]:
    """The whole catalogue of a day."""
    found = InstrumentCategory.objects.filter(in_force_q(on)).order_by("id")
    return found.filter(mandatory=True) if mandatory_only else found


def norm_in_force(number: str, on: dt.date) -> Norm | None:
    """The norm of that number (``JJG 539-2016``), or the day's edition of that code (``JJG 539``), if in force."""
    found = Norm.objects.filter(norm_in_force_q(on)).filter(Q(number=number) | Q(code=number))
    return found.order_by("-in_force_from", "-edition").first()


def norms_of(category: InstrumentCategory, on: dt.date) -> list[Norm]:
    """The norms in force for a category that day, in the order the catalogue names them."""
    order = {code: rank for rank, code in enumerate(_body(category).get("norms", []))}
    found = category.norms.filter(norm_in_force_q(on))
    return sorted(found, key=lambda norm: (order.get(norm.code, len(order)), norm.number))


def procedure_ids(category: InstrumentCategory, on: dt.date) -> list[str]:
    """The procedures that may be used for a category that day."""
    return [norm.procedure_id for norm in norms_of(category, on) if norm.procedure_id]


def is_mandatory(category: InstrumentCategory, purpose: str, on: dt.date) -> bool:
    """Whether an instrument of this category must be verified for this purpose on that day.

    ``purpose`` is a field of use (trade, safety, medical, environment, other) or what a measurement standard is used
    as; public and highest standards are always mandatory, working instruments only as the catalogue lists them.
    """
    if purpose in STANDARD_PURPOSES:
        return True
    current = category_at(category.code, on)
    return current is not None and current.mandatory and purpose in current.use_areas


def verification_period(
    category: InstrumentCategory, norm: Norm, on: dt.date, *, condition: str = "", region: str = "CN"
) -> Period | None:
    """The period a norm gives, under a condition such as ``dn-to-25``; None where nothing is recorded.

    Without a condition, or with one the norm does not know, the shortest period of the norm answers.
    """
    if category.mode == VerificationMode.NONE:
        return None
    known = periods_of(norm, on, region=region)
    exact = [period for period in known if period.condition == condition]
    return min(exact or known, key=lambda period: period.months or 0, default=None)


def periods_of(norm: Norm, on: dt.date, *, region: str = "CN") -> list[Period]:
    """Every period a norm names, with its condition; a nearer region's rule replaces the nation's."""
    chain = region_chain(region)
    items = LawItem.objects.filter(
        in_force_q(on), kind="verification_period", body__norm=norm.number, region_code__in={*chain, norm.region_code}
    )
    ranked = sorted(items, key=lambda item: chain.index(item.region_code) if item.region_code in chain else len(chain))
    nearest: dict[str, LawItem] = {}
    for item in ranked:
        nearest.setdefault(item.code, item)
    return [_period(item) for item in nearest.values()]


def _period(item: LawItem) -> Period:
    months = item.body.get("months", "")
    return Period(
        months=int(months) if months else None,
        source=item.source,
        verified=item.verified,
        basis=item.body["basis"],
        condition=item.body.get("condition", ""),
        condition_zh=item.body.get("condition_zh", ""),
    )


def _body(category: InstrumentCategory) -> dict[str, list[str]]:
    return category.law_item.body if category.law_item else {}


def reclassification(old_edition: str, new_edition: str) -> list[Move]:
    """Where each category of one edition of the catalogue goes in another.

    A line goes to the one of the same code and to every line that names it in ``supersedes``; one that goes nowhere is
    dropped, one that goes to several needs a person to choose.
    """
    targets: dict[str, list[InstrumentCategory]] = defaultdict(list)
    for new in InstrumentCategory.objects.filter(edition=new_edition).select_related("law_item").order_by("id"):
        for code in dict.fromkeys([new.code, *_body(new).get("supersedes", [])]):
            targets[code].append(new)
    old_lines = InstrumentCategory.objects.filter(edition=old_edition).select_related("law_item").order_by("id")
    return [_move(old, targets.get(old.code, [])) for old in old_lines]


def _move(old: InstrumentCategory, new: list[InstrumentCategory]) -> Move:
    change: Change
    if not new:
        change = "dropped"
    elif len(new) > 1:
        change = "split"
    else:
        change = "same" if _terms(old) == _terms(new[0]) else "changed"
    return Move(old.code, change, old, tuple(new))


def _terms(category: InstrumentCategory) -> tuple[str, ...]:
    """What an instrument's owner would notice."""
    return (
        category.code,
        category.supervision,
        category.mode,
        category.exception_mode,
        category.exception_when,
        category.uses,
    )
