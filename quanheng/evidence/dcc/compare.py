"""Two certificates of one item: what changed in words, and how far values drifted against their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from quanheng.evidence.dcc import reftypes, units
from quanheng.evidence.dcc.certificate import Certificate, Quantity, Table, pick
from quanheng.evidence.dcc.tables import entry, number_of

# columns that say where on the scale a row lies, best first
_PLACES = ("basic_nominalValue", "basic_referenceValue", "basic_calibrationValue")


@dataclass(frozen=True)
class Change:
    """A fact that differs; ``where`` is a dotted name of the typed certificate."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Drift:
    """One value in both. ``ratio`` is |difference| / sqrt(U₁² + U₂²) at equal k, None where that cannot be said."""

    result: str
    column: str
    row: str
    unit: str
    before: str
    after: str
    difference: str
    U_before: str | None
    U_after: str | None
    k: str | None
    ratio: float | None
    verdict: str


@dataclass(frozen=True)
class Comparison:
    same_item: bool
    shared_identifiers: tuple[str, ...]
    changes: tuple[Change, ...]
    drifts: tuple[Drift, ...]
    unmatched: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(before: Certificate, after: Certificate) -> Comparison:
    """What changed from one certificate to the next."""
    shared = tuple(sorted(_identifiers(before) & _identifiers(after)))
    drifts, unmatched = _drifts(before, after)
    return Comparison(bool(shared), shared, tuple(_changes(before, after)), tuple(drifts), tuple(unmatched))


def _identifiers(certificate: Certificate) -> set[str]:
    """Numbers of the items, blanks and case aside."""
    return {"".join(i.value.split()).upper() for item in certificate.items for i in item.identifications if i.value}


def _facts(c: Certificate) -> dict[str, str]:
    facts = {
        "version": c.version,
        "core.unique_identifier": c.core.unique_identifier,
        "core.performed": f"{c.core.begin} – {c.core.end}",
        "core.issued": c.core.issued,
        "core.place": c.core.place,
        "core.replaces": c.core.replaces,
        "laboratory": pick(c.laboratory.name, "zh") if c.laboratory else "",
        "laboratory_code": c.laboratory_code,
        "customer": pick(c.customer.name, "zh") if c.customer else "",
        "people": ", ".join(pick(p.name, "zh") for p in c.people),
        "conformity": " ".join(c.conformity),
    }
    for number, item in enumerate(c.items):
        facts[f"items.{number}.name"] = pick(item.name, "zh")
        facts[f"items.{number}.model"] = item.model
        facts[f"items.{number}.identifications"] = ", ".join(i.value for i in item.identifications)
    for number, m in enumerate(c.measurements):
        facts[f"measurements.{number}.methods"] = ", ".join(" ".join((pick(x.name, "zh"), *x.norms)) for x in m.methods)
        facts[f"measurements.{number}.equipment"] = ", ".join(
            f"{pick(e.name, 'zh')} {e.certificate.number if e.certificate else ''}".strip() for e in m.equipment
        )
        for influence in m.influences:
            name = (influence.ref_types or (pick(influence.name, "zh"),))[0]
            facts[f"measurements.{number}.influences.{name}"] = ", ".join(
                f"{' '.join(q.values)} {' '.join(units.symbol(u) for u in q.units)}" for q in influence.quantities
            )
    for number, s in enumerate(c.statements):
        words = (pick(s.declaration, "zh"), *s.norms, *s.references, s.date)
        facts[f"statements.{(s.ref_types or (str(number),))[-1]}"] = " · ".join(w for w in words if w)
    return facts


def _changes(before: Certificate, after: Certificate) -> Iterator[Change]:
    old, new = _facts(before), _facts(after)
    for where in dict.fromkeys((*old, *new)):
        if old.get(where, "") != new.get(where, ""):
            yield Change(where, old.get(where, ""), new.get(where, ""))


def _tables(c: Certificate) -> Iterator[tuple[str, Table]]:
    for m in c.measurements:
        for result in m.results:
            for number, table in enumerate(result.tables):
                yield f"{_key(result.ref_types, result.name)}#{number}", table


def _key(ref_types: tuple[str, ...], name: dict[str, str]) -> str:
    return pick(name, "en") or " ".join(sorted(map(reftypes.canonical, ref_types)))


def _column_key(q: Quantity) -> tuple[str, ...]:
    usual = tuple(sorted(reftypes.canonical(r) for r in q.ref_types))
    return usual or (_key((), q.name),)


def _drifts(before: Certificate, after: Certificate) -> tuple[list[Drift], list[str]]:
    old, found, unmatched = dict(_tables(before)), [], []
    for name, table in _tables(after):
        earlier = old.get(name)
        if earlier is None:
            unmatched.append(name)
            continue
        columns = {_column_key(q): q for q in earlier.columns}
        for q in table.columns:
            own = columns.get(_column_key(q))
            if not q.units or own is None or reftypes.has(q.ref_types, "basic_nominalValue"):
                continue
            if _unit(own) != _unit(q):
                unmatched.append(f"{name}: {_label(q)}: {_unit(own)} → {_unit(q)}")
                continue
            found += list(_column(name.partition("#")[0], own, q, _places(earlier), _places(table)))
    return found, unmatched


def _unit(q: Quantity) -> str:
    return " ".join(dict.fromkeys(units.symbol(units.suggestion(u) or u) for u in q.units))


def _label(q: Quantity) -> str:
    return pick(q.name, "zh") or " ".join(q.ref_types)


def _places(table: Table) -> tuple[str, ...]:
    for wanted in _PLACES:
        for q in table.columns:
            if reftypes.has(q.ref_types, wanted) and len(set(q.values)) == len(q.values):
                return tuple(_plain(v) for v in q.values)
    return ()


def _plain(text: str) -> str:
    number = number_of(text)
    return text if number is None else f"{number:.12g}"


def _column(
    result: str, old: Quantity, new: Quantity, old_places: tuple[str, ...], new_places: tuple[str, ...]
) -> Iterator[Drift]:
    for row, value in enumerate(new.values):
        place = new_places[row] if row < len(new_places) else str(row + 1)
        at = old_places.index(place) if place in old_places else (row if not old_places else None)
        if at is not None and at < len(old.values):
            yield _drift(result, old, at, new, row, place, value)


def _drift(result: str, old: Quantity, at: int, new: Quantity, row: int, place: str, value: str) -> Drift:
    first, second = _expanded(old, at), _expanded(new, row)
    k = first[1] if first and second and number_of(first[1]) == number_of(second[1]) else None
    try:
        difference: Decimal | None = Decimal(value) - Decimal(old.values[at])
    except InvalidOperation:
        difference = None
    ratio = None
    if difference is not None and difference.is_finite() and first and second and k:
        together = math.hypot(float(first[0]), float(second[0]))
        ratio = abs(float(difference)) / together if together > 0 else None
    verdict = "unknown" if ratio is None else ("within" if ratio <= 1 else "beyond")
    return Drift(
        result,
        _label(new),
        place,
        _unit(new),
        old.values[at],
        value,
        f"{difference:f}" if difference is not None and difference.is_finite() else "",
        first[0] if first else None,
        second[0] if second else None,
        k,
        ratio,
        verdict,
    )


def _expanded(q: Quantity, row: int) -> tuple[str, str] | None:
    """U and k as stated; None where either is missing, since k is never assumed."""
    u = q.uncertainty
    if u is None or u.kind != "expanded":
        return None
    stated, k = entry(u.values, row), entry(u.k or (), row)
    if number_of(stated) is None or number_of(k) is None:
        return None
    return stated, k
