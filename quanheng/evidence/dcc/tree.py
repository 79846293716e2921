"""A certificate's elements as the rules ask for them.

Rules ask by name, which the parser's library answers without touching the rest, and look at texts and attributes before
they look at elements: most certificates have nothing to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import cast

from lxml import etree

from quanheng.evidence.dcc import names

_IDS = etree.XPath("/descendant::*/@id", smart_strings=False)
_REF_IDS = etree.XPath("/descendant::*/@refId", smart_strings=False)
_REF_TYPES = etree.XPath("/descendant::*/@refType", smart_strings=False)
_MARKED = {name: etree.XPath(f"/descendant::*/@{name}") for name in ("id", "refId", "refType")}
_OURS = {names.DCC, names.SI}
# what rules ask for by name, gathered in one walk
_DCC = (
    "countryCode", "date", "dateTime", "dateTimeXMLList", "dataBase64", "certificate", "previousReport",
    "linkedReport", "relativeUncertainty", "conformityXMLList", "nonSIUnit",
)  # fmt: skip
_SI = (
    "value", "valueReal", "valueImag", "valueMagnitude", "valuePhase", "valueXMLList", "valueRealXMLList",
    "valueImagXMLList", "valueMagnitudeXMLList", "valuePhaseXMLList", "intervalMin", "intervalMax",
    "intervalMinXMLList", "intervalMaxXMLList", "uncertainty", "standardUnc", "valueExpandedMU", "valueStandardMU",
    "uncertaintyXMLList", "standardUncXMLList", "valueExpandedMUXMLList", "valueStandardMUXMLList", "coverageFactor",
    "coverageFactorXMLList", "coverageProbability", "coverageProbabilityXMLList", "expandedMU", "expandedMUXMLList",
    "expandedUnc", "expandedUncXMLList", "coverageInterval", "coverageIntervalXMLList", "realListXMLList",
    "complexListXMLList", "unit", "unitPhase", "unitXMLList", "unitPhaseXMLList", "dateTime", "dateTimeXMLList",
)  # fmt: skip
_GROUPED = (*(f"{{{names.DCC}}}{name}" for name in _DCC), *(f"{{{names.SI}}}{name}" for name in _SI), names.SIGNATURE)
_KNOWN = frozenset(_GROUPED)
_KEPT = 20_000


class Tree:
    """The elements below a root."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        # while these live, the library does not wrap the same elements anew for every rule
        self._kept = list(islice(root.iter(), _KEPT))

    def dcc(self, *local: str) -> Iterator[etree._Element]:
        """Every element of these names in the DCC namespace, each name in the order of the document."""
        return self._of(names.DCC, local)

    def si(self, *local: str) -> Iterator[etree._Element]:
        """As ``dcc``, in the D-SI namespace."""
        return self._of(names.SI, local)

    def _of(self, namespace: str, local: tuple[str, ...]) -> Iterator[etree._Element]:
        for name in local:
            tag = f"{{{namespace}}}{name}"
            yield from self._groups.get(tag, ()) if tag in _KNOWN else self.root.iter(tag)

    @cached_property
    def _groups(self) -> dict[str, list[etree._Element]]:
        found: dict[str, list[etree._Element]] = {}
        for element in self.root.iter(*_GROUPED):
            found.setdefault(element.tag, []).append(element)
        return found

    @cached_property
    def ids(self) -> list[str]:
        """Every ``id``, those of foreign XML too."""
        return [text.strip() for text in cast(list[str], _IDS(self.root))]

    @cached_property
    def pointed(self) -> set[str]:
        """Every id that a ``refId`` names."""
        return {word for text in cast(list[str], _REF_IDS(self.root)) for word in text.split()}

    @cached_property
    def ref_types(self) -> set[str]:
        """Every refType that is used."""
        return {word for text in cast(list[str], _REF_TYPES(self.root)) for word in text.split()}

    def marked(self, attribute: str) -> Iterator[etree._Element]:
        """The elements of DCC and D-SI that carry an attribute; attributes of foreign XML are none of our business."""
        found = cast(list[etree._ElementUnicodeResult], _MARKED[attribute](self.root))
        holders = (text.getparent() for text in found)
        return (e for e in holders if e is not None and names.namespace(e.tag) in _OURS)

    def has(self, tag: str) -> bool:
        """Whether there is any element of this tag."""
        return tag in self._groups if tag in _KNOWN else next(self.root.iter(tag), None) is not None
