"""D-SI values in all their forms: single, list, XML list, hybrid, complex, constant, words."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.certificate import Quantity, Table, Uncertainty, pick
from quanheng.evidence.dcc.names import NBSP
from quanheng.evidence.dcc.walk import child, children, refs, texts, value

_LISTS = {"realListXMLList", "complexListXMLList"}


def quantities(parent: etree._Element | None, name: str) -> Iterator[Quantity]:
    for element in children(parent, name):
        yield quantity(element)


def table_of(element: etree._Element) -> Iterator[Table]:
    """The table a list forms, then those of the lists inside it."""
    columns = tuple(quantities(element, "quantity"))
    if columns:
        yield Table(texts(element, "name"), refs(element), columns)
    for inner in children(element, "list"):
        yield from table_of(inner)


def quantity(element: etree._Element) -> Quantity:
    """One quantity; a form we do not know is kept by name with no values."""
    name, ref_types, own_id = texts(element, "name"), refs(element), element.get("id") or ""
    conformity = _conformity(element)
    for part in element:
        kind = names.local(part.tag)
        if kind == "noQuantity":
            words = texts(part)
            shown = _one(pick(words, "zh"))
            return Quantity(name, ref_types, kind, shown, conformity=conformity, words=words, id=own_id)
        if kind == "charsXMLList":
            return Quantity(name, ref_types, kind, _words(part), conformity=conformity, id=own_id)
        if names.namespace(part.tag) == names.SI:
            found = _si(part, kind)
            return Quantity(name, ref_types, kind, *found, conformity=conformity, id=own_id)
    return Quantity(name, ref_types, "unknown", (), conformity=conformity, id=own_id)


def _words(part: etree._Element) -> tuple[str, ...]:
    """The entries of an XML list of words: only the blanks of XML divide them, a no-break space does not."""
    raw = (part.text or "").replace("\t", " ").replace("\n", " ").replace("\r", " ")
    return tuple(entry.replace(NBSP, " ").strip() for entry in raw.split(" ") if entry)


_Found = tuple[tuple[str, ...], tuple[str, ...], Uncertainty | None, tuple[str, ...], tuple[str, ...]]


def _si(part: etree._Element, kind: str) -> _Found:
    if kind == "hybrid":
        # the SI value comes first by rule; the other forms restate it
        inner = next((e for e in part if names.namespace(e.tag) == names.SI), None)
        return _si(inner, names.local(inner.tag)) if inner is not None else ((), (), None, (), ())
    if kind in _LISTS:
        return _xml_list(part)
    if kind in {"list", "realList", "complexList"}:
        return _list(part)
    values = [value(part, n) for n in ("value", "valueReal", "valueImag", "valueMagnitude", "valuePhase")]
    units = tuple(u for u in (value(part, "unit"), value(part, "unitPhase")) if u)
    label, time = value(part, "label"), value(part, "dateTime")
    uncertainty = _uncertainty(part)
    return tuple(v for v in values if v), units, uncertainty, _one(label), _one(time)


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _split(part: etree._Element, *candidates: str) -> tuple[str, ...]:
    return next((tuple(value(part, n).split()) for n in candidates if child(part, n) is not None), ())


def _xml_list(part: etree._Element) -> _Found:
    values = _split(part, "valueXMLList", "valueRealXMLList", "valueMagnitudeXMLList")
    units = _split(part, "unitXMLList") + _split(part, "unitPhaseXMLList")
    return values, units, _uncertainty(part), _split(part, "labelXMLList"), _split(part, "dateTimeXMLList")


def _list(part: etree._Element) -> _Found:
    """The older si:list of single values; uncertainties may stand once for all or with each."""
    singles = [e for e in part if names.local(e.tag) in {"real", "complex", "realList", "list"}]
    found = [_si(e, names.local(e.tag)) for e in singles]
    values = tuple(v for f in found for v in f[0])
    units = tuple(u for f in found for u in f[1])
    if len(set(units)) == 1:
        units = units[:1]
    shared = next((_uncertainty(e) for e in children(part, "listUnivariateUnc")), None)
    own = [f[2] for f in found if f[2] is not None]
    uncertainty = shared or (_joined(own) if own and len(own) == len(found) else None)
    labels = tuple(label for f in found for label in f[3])
    return values, units, uncertainty, labels, tuple(t for f in found for t in f[4])


def _joined(parts: list[Uncertainty]) -> Uncertainty:
    def gather(pieces: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
        return tuple(v for piece in pieces if piece for v in piece) or None

    return Uncertainty(
        parts[0].kind,
        gather([p.values for p in parts]) or (),
        gather([p.k for p in parts]),
        gather([p.p for p in parts]),
        gather([p.distribution for p in parts]),
        gather([p.low for p in parts]),
        gather([p.high for p in parts]),
    )


def _uncertainty(part: etree._Element) -> Uncertainty | None:
    """All spellings: new, deprecated, listed; None where nothing is stated."""
    box = child(part, "measurementUncertaintyUnivariate")
    box = box if box is not None else child(part, "measurementUncertaintyUnivaraite")  # so spelled in D-SI 2.2.1
    box = box if box is not None else child(part, "measurementUncertaintyUnivariateXMLList")
    holder = box if box is not None else part
    for stated in holder:
        name = names.local(stated.tag)
        if names.namespace(stated.tag) != names.SI:
            continue
        if name in {"expandedMU", "expandedMUXMLList", "expandedUnc", "expandedUncXMLList"}:
            expanded = ("valueExpandedMU", "uncertainty", "valueExpandedMUXMLList", "uncertaintyXMLList")
            return _stated("expanded", stated, *expanded)
        if name in {"standardMU", "standardMUXMLList"}:
            return _stated("standard", stated, "valueStandardMU", "valueStandardMUXMLList")
        if name.startswith("coverageInterval"):
            standard = ("valueStandardMU", "standardUnc", "valueStandardMUXMLList", "standardUncXMLList")
            return _stated("interval", stated, *standard)
    if names.local(part.tag) == "constant" and value(part, "uncertainty"):
        return _stated("standard", part, "uncertainty")
    return None


def _stated(kind: str, part: etree._Element, *candidates: str) -> Uncertainty:
    return Uncertainty(
        kind,
        _split(part, *candidates),
        _split(part, "coverageFactor", "coverageFactorXMLList") or None,
        _split(part, "coverageProbability", "coverageProbabilityXMLList") or None,
        _split(part, "distribution", "distributionXMLList") or None,
        _split(part, "intervalMin", "intervalMinXMLList") or None,
        _split(part, "intervalMax", "intervalMaxXMLList") or None,
    )


def _conformity(element: etree._Element) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for metadata in children(child(element, "measurementMetaData"), "metaData"):
        found += tuple((value(metadata, "conformity") or value(metadata, "conformityXMLList")).split())
    return found
