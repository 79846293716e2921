"""A certificate read to be written again: what we do not understand is kept as it came."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from quanheng.errors import InputError
from quanheng.evidence.dcc import names, safe
from quanheng.evidence.dcc.certificate import Certificate
from quanheng.evidence.dcc.read import read_root


@dataclass(frozen=True)
class Document:
    """The whole file: typed view and tree."""

    certificate: Certificate
    root: etree._Element

    @classmethod
    def read(cls, data: bytes, place: str = "") -> Document:
        """From bytes of any encoding, prefix or byte order mark; InputError where it is no DCC."""
        root = safe.parse(data, place)
        if root.tag != names.ROOT:
            raise InputError("not_dcc", f"the root element is {names.local(root.tag)!r}, not a DCC", place)
        return cls(read_root(root, place), root)

    def write(self) -> bytes:
        """UTF-8 without a byte order mark, canonically equal to what was read, comments and foreign parts included.

        A signature keeps fitting, since it looks at the canonical form; archives keep the bytes as issued all the same.
        """
        tree = self.root.getroottree()
        return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8")) + b"\n"

    def canonical(self) -> bytes:
        """C14N with comments, for comparing."""
        return bytes(etree.tostring(self.root.getroottree(), method="c14n", with_comments=True))
