"""Whether the standards chosen for a record cover every value at which the record uses them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.metrology.quantities import short_text
from quanheng.metrology.unit_algebra import convert, parse_dsi
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.queries import certificates_on
from quanheng.platform.trace.models import TraceCertificate
from quanheng.procedures import Loaded
from quanheng.procedures.sections import symbol_of
from quanheng.procedures.usage import UsedValue, additive, used_values

SLACK = 1e-9  # for the conversion of units, far below any resolution
MOST_NAMED = 6


@dataclass(frozen=True)
class Extent:
    """A range in some unit, both ends included."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether the value lies inside."""
        slack = SLACK * max(abs(self.low), abs(self.high))
        return self.low - slack <= value <= self.high + slack


Extents = Mapping[uuid.UUID, Extent]


def extents_of(standards: Iterable[MeasurementStandard], on: dt.date, unit: str) -> Extents:
    """What assessment and certificate of that day cover, in ``unit``; without those not known in numbers."""
    rows = list(standards)
    papers = certificates_on(rows, on)
    found = {s.pk: _extent(s, papers.get(s.pk), unit) for s in rows}
    return {pk: extent for pk, extent in found.items() if extent is not None}


def _extent(standard: MeasurementStandard, certificate: TraceCertificate | None, unit: str) -> Extent | None:
    found = _in_unit(standard.range_low, standard.range_high, standard.unit, unit)
    if found is None or certificate is None:
        return found
    own = _in_unit(certificate.range_low, certificate.range_high, certificate.unit, unit)
    return found if own is None else Extent(max(found.low, own.low), min(found.high, own.high))


def _in_unit(low: float | None, high: float | None, source: str, target: str) -> Extent | None:
    if low is None or high is None or not source or not target:
        return None
    try:
        given, wanted = parse_dsi(source), parse_dsi(target)
        return Extent(convert(low, given, wanted), convert(high, given, wanted))
    except InputError:
        return None


def _together(extents: Iterable[Extent], sums: bool) -> list[Extent]:
    """The ranges as one; weights stand together on a scale, so that their upper ends add up where no gap is left."""
    joined: list[Extent] = []
    for one in sorted(extents, key=lambda e: (e.low, e.high)):
        if joined and joined[-1].holds(one.low):
            last = joined.pop()
            one = Extent(last.low, last.high + one.high if sums else max(last.high, one.high))
        joined.append(one)
    return joined


@dataclass(frozen=True)
class Demand:
    """The values at which one role is used in a record."""

    values: tuple[UsedValue, ...]
    sums: bool = False

    @property
    def unit(self) -> str:
        """The unit of the values; a role is used in one."""
        return self.values[0].unit if self.values else ""

    def extents(self, standards: Iterable[MeasurementStandard], on: dt.date) -> Extents:
        """What the standards cover, in the unit of the values."""
        return extents_of(standards, on, self.unit)

    def lacking(self, extents: Iterable[Extent]) -> list[str]:
        """The values that these ranges together do not cover, as people write them, smallest first."""
        spans = _together(extents, self.sums)
        missing = {v.value for v in self.values if not any(e.holds(float(v.value)) for e in spans)}
        symbol = symbol_of(self.unit)
        return [f"{short_text(value)} {symbol}".strip() for value in sorted(missing)]

    def part(self, extent: Extent | None) -> bool:
        """Whether a standard with this range covers any of the values: else it has no place in this record."""
        covered = extent is not None and len(self.lacking([extent])) < len({v.value for v in self.values})
        return covered or not self.values

    def span_of(self, standard: MeasurementStandard, on: dt.date) -> Extent | None:
        """The part of its own range, in its own unit, in which the standard is used; None where nothing is known."""
        own = extents_of([standard], on, standard.unit).get(standard.pk)
        values = [float(v.value) for v in self.values]
        used = _in_unit(min(values, default=None), max(values, default=None), self.unit, standard.unit)
        if own is None or used is None:
            return None
        low, high = max(own.low, used.low), min(own.high, used.high)
        return Extent(low, high) if low <= high else None


def demands(loaded: Loaded, data: Mapping[str, Any]) -> dict[str, Demand]:
    """What a record asks of the standards of each role."""
    return {role: Demand(tuple(v), additive(loaded, role)) for role, v in used_values(loaded, data).items()}


def too_narrow(standards: Sequence[MeasurementStandard], demand: Demand, known: Extents) -> str:
    """Why the standards chosen for a role do not do, naming them and the values; empty where they do."""
    if not standards or not demand.values:
        return ""
    unknown = [s for s in standards if s.pk not in known]
    if unknown:
        return _("%(names)s 没有登记可比较的测量范围,请在计量标准中登记下限、上限和单位") % {"names": _named(unknown)}
    lacking = demand.lacking(known[s.pk] for s in standards)
    if not lacking:
        return ""
    shown = "、".join(lacking[:MOST_NAMED]) + ("……" if len(lacking) > MOST_NAMED else "")
    return _("%(names)s 的测量范围 %(ranges)s 不含 %(values)s") % {
        "names": _named(standards),
        "ranges": "、".join(s.range_text for s in standards),
        "values": shown,
    }


def _named(standards: Iterable[MeasurementStandard]) -> str:
    return "、".join(str(s) for s in standards)
