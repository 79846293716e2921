"""Two certificates of one item: what changed in words, and how far values drifted against their uncertainty."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from quanheng.evidence.dcc import reftypes, units
from quanheng.evidence.dcc.cells import entry, number_of
from quanheng.evidence.dcc.certificate import Certificate, Quantity, Table, pick

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
    """Each under a name that occurs once: the third result of a name is not the first."""
    seen: Counter[str] = Counter()
    for m in c.measurements:
        for result in m.results:
            own = _key(result.ref_types, result.name)
            for table in result.tables:
                seen[own] += 1
                yield f"{own}#{seen[own]}", table


def _key(ref_types: tuple[str, ...], name: dict[str, str]) -> str:
    return pick(name, "en") or " ".join(sorted(map(reftypes.canonical, ref_types)))


def _columns(table: Table) -> dict[tuple[str, ...], Quantity]:
    """By refTypes, else by name; of several alike each by its number."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = {}
    for q in table.columns:
        key = tuple(sorted(map(reftypes.canonical, q.ref_types))) or (_key((), q.name),)
        seen[key] += 1
        found[(*key, str(seen[key]))] = q
    return found


def _drifts(before: Certificate, after: Certificate) -> tuple[list[Drift], list[str]]:
    """Every value of both, or under what name it has no counterpart: what is not compared is said."""
    old, new = dict(_tables(before)), dict(_tables(after))
    unmatched = [f"{_shown(name)} (A)" for name in old if name not in new]
    unmatched += [f"{_shown(name)} (B)" for name in new if name not in old]
    found: list[Drift] = []
    for name in (name for name in new if name in old):
        for one in _table(_shown(name), old[name], new[name]):
            if isinstance(one, Drift):
                found.append(one)
            else:
                unmatched.append(one)
    return found, unmatched


def _table(name: str, old: Table, new: Table) -> Iterator[Drift | str]:
    earlier, columns = _columns(old), _columns(new)
    for mark, one, other in (("A", earlier, columns), ("B", columns, earlier)):
        yield from (f"{name}: {_label(q)} ({mark})" for key, q in one.items() if key not in other and q.units)
    rows = _rows(old, new)
    for key, q in columns.items():
        own = earlier.get(key)
        if own is None or not q.units or reftypes.has(q.ref_types, "basic_nominalValue"):
            continue
        if _unit(own) != _unit(q):
            yield f"{name}: {_label(q)}: {_unit(own)} → {_unit(q)}"
            continue
        for place, at, row in rows:
            there, here = at is not None and at < len(own.values), row is not None and row < len(q.values)
            if at is not None and row is not None and there and here:
                yield _drift(name, own, at, q, row, place, q.values[row])
            elif there or here:
                yield f"{name}: {_label(q)} @ {place} ({'A' if there else 'B'})"


def _shown(name: str) -> str:
    return name.removesuffix("#1").replace("#", " ")


def _rows(old: Table, new: Table) -> list[tuple[str, int | None, int | None]]:
    """Which rows belong together: by the place on the scale that both state in one unit, else by their order."""
    for wanted in _PLACES:
        first, second = _places(old, wanted), _places(new, wanted)
        if first and second and first[0] == second[0]:
            at, row = ({place: n for n, place in enumerate(places)} for places in (first[1], second[1]))
            return [(place, at.get(place), row.get(place)) for place in dict.fromkeys((*second[1], *first[1]))]
    lengths = [max((len(q.values) for q in table.columns), default=0) for table in (old, new)]
    return [(str(n + 1), n if n < lengths[0] else None, n if n < lengths[1] else None) for n in range(max(lengths))]


def _unit(q: Quantity) -> str:
    return " ".join(dict.fromkeys(units.symbol(units.suggestion(u) or u) for u in q.units))


def _label(q: Quantity) -> str:
    return pick(q.name, "zh") or " ".join(q.ref_types)


def _places(table: Table, wanted: str) -> tuple[str, tuple[str, ...]] | None:
    """Unit and values of the column that says where on the scale a row lies, if no value comes twice."""
    for q in table.columns:
        if reftypes.has(q.ref_types, wanted) and q.values and len(set(q.values)) == len(q.values):
            return _unit(q), tuple(_plain(v) for v in q.values)
    return None


def _plain(text: str) -> str:
    number = number_of(text)
    return text if number is None else f"{number:.12g}"


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
