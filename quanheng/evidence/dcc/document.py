"""A certificate read to be written again: what we do not understand is kept as it came."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from quanheng.evidence.dcc import names, nearly, safe
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
        if nearly.mend(root, place):  # written with the right names: the way to mend such a file
            root = _under_usual_prefixes(root)
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


def _under_usual_prefixes(root: etree._Element) -> etree._Element:
    """The same below a root that declares our prefixes, which what moves under it takes over."""
    others = {prefix: uri for prefix, uri in root.nsmap.items() if prefix and not nearly.right_name(uri)}
    fresh = etree.Element(root.tag, nsmap={**others, "dcc": names.DCC, "si": names.SI})
    fresh.attrib.update(root.attrib)
    fresh.text = root.text
    fresh.extend(list(root))
    etree.cleanup_namespaces(fresh, keep_ns_prefixes=["dcc", "si"])
    return fresh
