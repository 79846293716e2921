"""Stepping through DCC elements by local name inside the DCC and D-SI namespaces, whatever the prefix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.certificate import Identifier, Texts

_OURS = (names.DCC, names.SI)


def selected(query: etree.XPath, root: etree._Element) -> list[etree._Element]:
    """The elements an XPath selects."""
    return cast(list[etree._Element], query(root))


@lru_cache(maxsize=512)
def _tags(name: str) -> tuple[str, ...]:
    return tuple(f"{{{namespace}}}{name}" for namespace in _OURS)


def children(parent: etree._Element | None, name: str) -> Iterator[etree._Element]:
    return parent.iterchildren(*_tags(name)) if parent is not None else iter(())


def child(parent: etree._Element | None, name: str) -> etree._Element | None:
    if parent is None:
        return None
    for found in parent.iterchildren(*_tags(name)):
        return found
    return None


def text(element: etree._Element) -> str:
    """The element's own words with blanks tidied; comments inside are skipped."""
    if not len(element):
        return " ".join((element.text or "").split())
    parts = [element.text or ""] + [node.tail or "" for node in element]
    return " ".join("".join(parts).split())


def value(parent: etree._Element | None, name: str) -> str:
    found = child(parent, name)
    return text(found) if found is not None else ""


def values(parent: etree._Element | None, name: str) -> tuple[str, ...]:
    return tuple(t for t in (text(e) for e in children(parent, name)) if t)


def flag(parent: etree._Element | None, name: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(value(parent, name))


def refs(element: etree._Element) -> tuple[str, ...]:
    return tuple((element.get("refType") or "").split())


def texts(parent: etree._Element | None, name: str | None = None) -> Texts:
    """Text by language of a named child (or of the element itself); several in one language are joined."""
    element = parent if name is None else child(parent, name)
    said: dict[str, list[str]] = {}
    for part in children(element, "content"):
        if words := text(part):
            said.setdefault((part.get("lang") or "").strip(), []).append(words)
    found: Texts = {language: " ".join(parts) for language, parts in said.items()}
    if element is not None and not found and text(element):
        found[""] = text(element)
    return found


def idents(parent: etree._Element | None) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(value(e, "issuer"), value(e, "value"), texts(e, "name"), refs(e))
        for e in children(child(parent, "identifications"), "identification")
    )


def line_of(element: etree._Element) -> int:
    return cast(int | None, element.sourceline) or 0
