"""Small writer for DCC elements: namespaces, bilingual text, and nothing the schema's string type refuses."""

from __future__ import annotations

from lxml import etree

from quanheng.evidence.content import Words
from quanheng.evidence.dcc import names

Element = etree._Element


def dcc(parent: Element, name: str, text: str | None = None, ref: str | None = None) -> Element:
    element = etree.SubElement(parent, f"{{{names.DCC}}}{name}")
    if text is not None:
        element.text = text
    if ref is not None:
        element.set("refType", ref)
    return element


def si(parent: Element, name: str, text: str | None = None) -> Element:
    element = etree.SubElement(parent, f"{{{names.SI}}}{name}")
    if text is not None:
        element.text = text
    return element


def content(parent: Element, text: Words | str) -> None:
    """The text in both languages, or once without a language where it is a name that has only one form."""
    if isinstance(text, str):
        dcc(parent, "content", text)
        return
    dcc(parent, "content", text.zh).set("lang", "zh")
    dcc(parent, "content", text.en).set("lang", "en")


def text(parent: Element, name: str, value: Words | str, ref: str | None = None) -> Element:
    element = dcc(parent, name, ref=ref)
    content(element, value)
    return element


def both(zh: str, en: str | None) -> Words | str:
    return zh if en is None else Words(zh=zh, en=en)


def identification(parent: Element, issuer: str, value: str, name: Words, ref: str | None = None) -> Element:
    element = dcc(parent, "identification", ref=ref)
    dcc(element, "issuer", issuer)
    dcc(element, "value", value)
    text(element, "name", name)
    return element


def location(parent: Element, country: str, address: str | None) -> None:
    element = dcc(parent, "location")
    dcc(element, "countryCode", country)
    if address is not None:
        text(element, "further", address)


def words_quantity(parent: Element, name: str, ref: str, label: Words, value: str) -> None:
    """A quantity that is stated in words, such as a range or an accuracy class."""
    element = dcc(parent, name, ref=ref)
    text(element, "name", label)
    text(element, "noQuantity", value)


def statement(parent: Element, ref: str, label: Words | None = None) -> Element:
    element = dcc(parent, "statement", ref=ref)
    if label is not None:
        text(element, "name", label)
    return element
