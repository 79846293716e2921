"""The bytes of a document of ours. A module of its own, so that a checker needs nothing of what builds documents."""

from __future__ import annotations

from lxml import etree


def serialise(root: etree._Element) -> bytes:
    """The one form in which our documents are written; any other form of the same document is an altered copy."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", with_tail=False)) + b"\n"


def remove(element: etree._Element) -> None:
    """Out of the tree, leaving the text behind it where it was."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail:
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)
