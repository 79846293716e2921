"""Files that are a certificate but for the spelling of a namespace or of the root: told, and read all the same.

``http`` for ``https``, a slash at the end, ``www``, the version in the name, no namespace at all: every other reader
finds nothing in such a file and says nothing about why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from quanheng.errors import InputError
from quanheng.evidence.dcc import names

_ROOT = names.local(names.ROOT)
_PLAIN = {"ptb.de/dcc": names.DCC, "ptb.de/si": names.SI, "ptb.de/dsi": names.SI, "ptb.de/d-si": names.SI}
_RIGHT = frozenset({names.DCC, names.SI})
_OF_SI = f"{{{names.SI}}}*"
_SCHEME = re.compile(r"^(?:https?:)?/*(?:www\.)?")
_END = re.compile(r"(?:/v?\d[\d.]*)?(?:/dcc\.xsd)?[/#]*$")


@dataclass(frozen=True)
class Miss:
    """A name that was written in place of another; ``count`` elements carry it."""

    written: str
    right: str
    element: etree._Element
    count: int

    @property
    def words(self) -> tuple[str, str]:
        given = self.written or "∅"
        return (
            f"“{given}”应为“{self.right}”（{self.count} 个元素）：别的程序读不出这份证书",
            f"{given!r} must be {self.right!r} ({self.count} elements): other programs find no certificate here",
        )


def right_name(namespace: str) -> str:
    """The namespace that was meant; empty where none of ours was."""
    text = _END.sub("", _SCHEME.sub("", namespace.strip().casefold()))
    return _PLAIN.get(text, "")


def mend(root: etree._Element, place: str = "") -> tuple[Miss, ...]:
    """What was misspelled, now put right in the tree; InputError where the root is no certificate in any spelling.

    For reading only: a signature is checked over the bytes as they came.
    """
    if root.tag == names.ROOT and (next(root.iter(_OF_SI), None) is not None or names.SI in root.nsmap.values()):
        return ()
    space, local = names.namespace(root.tag), names.local(root.tag)
    if local.casefold() != _ROOT.casefold() or (space != names.DCC and space and right_name(space) != names.DCC):
        raise InputError("not_dcc", _other(root, space, local), place)
    misses: list[Miss] = []
    if local != _ROOT:
        misses.append(Miss(local, _ROOT, root, 1))
        root.tag = f"{{{space}}}{_ROOT}" if space else _ROOT
    return (*misses, *_namespaces(root))


def _namespaces(root: etree._Element) -> Iterator[Miss]:
    """Elements without a namespace are taken for the certificate's own only where its root has none either."""
    bare = not names.namespace(root.tag)
    meant: dict[str, str] = {}
    first: dict[str, etree._Element] = {}
    count: Counter[str] = Counter()
    for element in list(root.iter("{*}*")):
        written = names.namespace(element.tag)
        if written in _RIGHT:
            continue
        if written not in meant:
            meant[written] = right_name(written) if written else names.DCC if bare else ""
        if right := meant[written]:
            first.setdefault(written, element)
            count[written] += 1
            element.tag = f"{{{right}}}{names.local(element.tag)}"
    for written, element in first.items():
        yield Miss(written, meant[written], element, count[written])


def _other(root: etree._Element, space: str, local: str) -> str:
    """What the file is instead, as far as that can be said."""
    if local.casefold() == "html":
        return "the file is a web page, not a certificate: download the certificate itself"
    inside = next(islice((e for e in root.iterdescendants("{*}*") if names.local(e.tag) == _ROOT), 1), None)
    if inside is not None:
        return f"a certificate is wrapped into {local[:100]!r}: cut it out, from {_ROOT} to its end"
    of = f" of {space[:100]}" if space else ""
    return f"the root element is {local[:100]!r}{of}, not a DCC of {names.DCC}"
