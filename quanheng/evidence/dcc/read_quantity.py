"""D-SI values in all their forms: single, list, XML list, hybrid, complex, constant, words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.certificate import Quantity, Uncertainty, pick
from quanheng.evidence.dcc.names import NBSP
from quanheng.evidence.dcc.walk import child, children, refs, texts, value

_LISTS = {"realListXMLList", "complexListXMLList"}
# statements about several components at once, which a table has no columns for
_JOINT = {
    "ellipsoidalRegion", "rectangularRegion", "measurementUncertaintyBivariateXMLList", "listMultivariateUnc",
    "measurementUncertaintyMultivariateXMLList", "listMeasurementUncertaintyMultivariate", "listBivariateUnc",
}  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """What a D-SI element states, in the words of a ``Quantity``."""

    values: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    uncertainty: Uncertainty | None = None
    label: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    imaginary: tuple[str, ...] = ()
    imaginary_units: tuple[str, ...] = ()
    polar: bool = False
    unread: tuple[str, ...] = ()


def quantities(parent: etree._Element | None, name: str) -> Iterator[Quantity]:
    for element in children(parent, name):
        yield quantity(element)


def quantity(element: etree._Element) -> Quantity:
    """One quantity; a form we do not know is kept by name with no values."""
    name, ref_types, own_id = texts(element, "name"), refs(element), element.get("id") or ""
    conformity, relative = _conformity(element), _relative(element)
    for part in element:
        kind = names.local(part.tag)
        if kind == "noQuantity":
            words = texts(part)
            shown = _one(pick(words, "zh"))
            return Quantity(name, ref_types, kind, shown, conformity=conformity, words=words, id=own_id)
        if kind == "charsXMLList":
            return Quantity(name, ref_types, kind, _words(part), conformity=conformity, id=own_id)
        if names.namespace(part.tag) == names.SI:
            first, *others = _forms(part, kind)
            restated = tuple(Quantity({}, (), kind, **vars(form)) for form in others)
            return Quantity(
                name,
                ref_types,
                kind,
                conformity=conformity,
                id=own_id,
                relative=relative,
                others=restated,
                **vars(first),
            )
    return Quantity(name, ref_types, "unknown", (), conformity=conformity, id=own_id)


def _forms(part: etree._Element, kind: str) -> list[_Found]:
    """A hybrid states one value in several units, the SI value first by rule; everything else has one form."""
    if kind != "hybrid":
        return [_si(part, kind)]
    return [_si(e, names.local(e.tag)) for e in part if names.namespace(e.tag) == names.SI] or [_Found()]


def _words(part: etree._Element) -> tuple[str, ...]:
    """The entries of an XML list of words: only the blanks of XML divide them, a no-break space does not."""
    raw = (part.text or "").replace("\t", " ").replace("\n", " ").replace("\r", " ")
    return tuple(entry.replace(NBSP, " ").strip() for entry in raw.split(" ") if entry)


def _si(part: etree._Element, kind: str) -> _Found:
    if kind == "hybrid":
        return _forms(part, kind)[0]
    if kind in _LISTS:
        return _xml_list(part)
    if kind in {"list", "realList", "complexList"}:
        return _list(part)
    return _Found(
        _one(value(part, "value") or value(part, "valueReal") or value(part, "valueMagnitude")),
        _one(value(part, "unit")),
        _uncertainty(part),
        _one(value(part, "label")),
        _one(value(part, "dateTime")),
        _one(value(part, "valueImag") or value(part, "valuePhase")),
        _one(value(part, "unitPhase")),
        child(part, "valuePhase") is not None,
        _unread(part),
    )


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _split(part: etree._Element, *candidates: str) -> tuple[str, ...]:
    return next((tuple(value(part, n).split()) for n in candidates if child(part, n) is not None), ())


def _unread(part: etree._Element) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names.local(e.tag) for e in part) if name in _JOINT)


def _xml_list(part: etree._Element) -> _Found:
    return _Found(
        _split(part, "valueXMLList", "valueRealXMLList", "valueMagnitudeXMLList"),
        _split(part, "unitXMLList"),
        _uncertainty(part),
        _split(part, "labelXMLList"),
        _split(part, "dateTimeXMLList"),
        _split(part, "valueImagXMLList", "valuePhaseXMLList"),
        _split(part, "unitPhaseXMLList"),
        child(part, "valuePhaseXMLList") is not None,
        _unread(part),
    )


def _list(part: etree._Element) -> _Found:
    """The older si:list of single values; uncertainties may stand once for all or with each."""
    singles = [e for e in part if names.local(e.tag) in {"real", "complex", "realList", "list"}]
    found = [_si(e, names.local(e.tag)) for e in singles]
    shared = next((_uncertainty(e) for e in children(part, "listUnivariateUnc")), None)
    own = [f.uncertainty for f in found if f.uncertainty is not None]
    return _Found(
        tuple(v for f in found for v in f.values),
        alike(tuple(u for f in found for u in f.units)),
        shared or (joined(own) if own and len(own) == len(found) else None),
        tuple(label for f in found for label in f.label),
        tuple(t for f in found for t in f.times),
        tuple(v for f in found for v in f.imaginary),
        alike(tuple(u for f in found for u in f.imaginary_units)),
        any(f.polar for f in found),
        tuple(dict.fromkeys((*_unread(part), *(name for f in found for name in f.unread)))),
    )


def alike(units: tuple[str, ...]) -> tuple[str, ...]:
    """One unit for all where all are the same."""
    return units[:1] if len(set(units)) == 1 else units


def joined(parts: list[Uncertainty]) -> Uncertainty:
    """The uncertainties of single values as those of a column."""

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
        alike(tuple(u for p in parts for u in p.units)),
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


def _relative(element: etree._Element) -> Uncertainty | None:
    """Values of ``relativeUncertainty``; k and p where the statement itself carries them."""
    box = child(element, "relativeUncertainty")
    for stated in box if box is not None else ():
        kind = names.local(stated.tag)
        if kind in {"relativeUncertaintySingle", "relativeUncertaintyXmlList"}:
            found = _xml_list(stated) if kind.endswith("List") else _si(stated, "real")
            if found.values:
                return Uncertainty("relative", found.values, units=found.units)
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
