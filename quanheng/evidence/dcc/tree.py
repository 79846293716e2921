"""A certificate's elements as the rules ask for them.

Rules ask by name, which the parser's library answers without touching the rest, and look at texts and attributes before
they look at elements: most certificates have nothing to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import chain, islice
from typing import cast

from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.walk import child

_IDS = etree.XPath("/descendant::*/@id", smart_strings=False)
_REF_IDS = etree.XPath("/descendant::*/@refId", smart_strings=False)
_REF_TYPES = etree.XPath("/descendant::*/@refType", smart_strings=False)
_MARKED = {name: etree.XPath(f"/descendant::*/@{name}") for name in ("id", "refId", "refType")}
_OURS = {names.DCC, names.SI}
# what rules ask for by name, gathered in one walk with all of D-SI
_DCC = (
    "countryCode", "date", "dateTime", "dateTimeXMLList", "dataBase64", "certificate", "previousReport",
    "linkedReport", "relativeUncertainty", "conformityXMLList", "nonSIUnit", "cryptElectronicSeal",
    "cryptElectronicSignature",
)  # fmt: skip
_GROUPED = (*(f"{{{names.DCC}}}{name}" for name in _DCC), f"{{{names.SI}}}*", names.SIGNATURE)
_KNOWN = frozenset(_GROUPED)
_ANY_DCC, _ANY_SI = f"{{{names.DCC}}}", f"{{{names.SI}}}"
_KEPT = 20_000


class Tree:
    """The elements below a root."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        # while these live, the library does not wrap the same elements anew for every rule
        self._kept = list(islice(root.iter(), _KEPT))

    def dcc(self, *local: str) -> Iterator[etree._Element]:
        """Every element of these names in the DCC namespace, each name in the order of the document."""
        tags = [_ANY_DCC + name for name in local]
        groups = self._groups
        return chain.from_iterable([groups.get(t, ()) if t in _KNOWN else self.root.iter(t) for t in tags])

    def si(self, *local: str) -> Iterator[etree._Element]:
        """As ``dcc``, in the D-SI namespace."""
        groups = self._groups
        return chain.from_iterable([groups[t] for name in local if (t := _ANY_SI + name) in groups])

    @cached_property
    def admin(self) -> etree._Element | None:
        return child(self.root, "administrativeData")

    @cached_property
    def core(self) -> etree._Element | None:
        return child(self.admin, "coreData")

    @cached_property
    def _groups(self) -> dict[str, list[etree._Element]]:
        found: defaultdict[str, list[etree._Element]] = defaultdict(list)
        for element in self.root.iter(*_GROUPED):
            found[element.tag].append(element)
        return dict(found)

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
