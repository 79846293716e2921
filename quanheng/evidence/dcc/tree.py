"""A certificate's elements as the rules ask for them.

Rules ask by name, which the parser's library answers without touching the rest, and look at texts and attributes before
they look at elements: most certificates have nothing to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
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
    "cryptElectronicSignature", "content",
)  # fmt: skip
_GROUPED = (*(f"{{{names.DCC}}}{name}" for name in _DCC), f"{{{names.SI}}}*", names.SIGNATURE)
_KNOWN = frozenset(_GROUPED)
_DCC_TAGS = {name: f"{{{names.DCC}}}{name}" for name in _DCC}
_ANY_DCC, _ANY_SI = f"{{{names.DCC}}}", f"{{{names.SI}}}"


class Tree:
    """The elements below a root, and what rules ask of all of them, gathered once."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.admin = child(root, "administrativeData")
        self.core = child(self.admin, "coreData")
        # every ``id``, those of foreign XML too
        self.ids = [text.strip() for text in cast(list[str], _IDS(root))]
        # every id that a ``refId`` names, every refType that is used
        self.pointed = {word for text in cast(list[str], _REF_IDS(root)) for word in text.split()}
        self.ref_types = {word for text in cast(list[str], _REF_TYPES(root)) for word in text.split()}
        # kept, so that the library wraps each of them but once
        groups: defaultdict[str, list[etree._Element]] = defaultdict(list)
        for element in root.iter(*_GROUPED):
            groups[element.tag].append(element)
        self._groups = dict(groups)
        start = len(_ANY_SI)
        self._si = {tag[start:]: found for tag, found in groups.items() if tag.startswith(_ANY_SI)}

    def dcc(self, *local: str) -> Iterator[etree._Element]:
        """Every element of these names in the DCC namespace, each name in the order of the document."""
        found: list[Iterable[etree._Element]] = []
        for name in local:
            tag = _DCC_TAGS.get(name)
            if tag is None:
                found.append(self.root.iter(_ANY_DCC + name))
            elif tag in self._groups:
                found.append(self._groups[tag])
        return chain.from_iterable(found)

    def si(self, *local: str) -> Iterator[etree._Element]:
        """As ``dcc``, in the D-SI namespace."""
        groups = self._si
        return chain.from_iterable([groups[name] for name in local if name in groups])

    def marked(self, attribute: str) -> Iterator[etree._Element]:
        """The elements of DCC and D-SI that carry an attribute; attributes of foreign XML are none of our business."""
        found = cast(list[etree._ElementUnicodeResult], _MARKED[attribute](self.root))
        holders = (text.getparent() for text in found)
        return (e for e in holders if e is not None and names.namespace(e.tag) in _OURS)

    def has(self, tag: str) -> bool:
        """Whether there is any element of this tag."""
        return tag in self._groups if tag in _KNOWN else next(self.root.iter(tag), None) is not None
