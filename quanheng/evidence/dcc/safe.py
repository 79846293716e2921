"""Parsing that a hostile file cannot turn against us: no network, no entities, bounded size and depth."""

from __future__ import annotations

from lxml import etree

from quanheng.errors import InputError

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 120
MAX_ELEMENTS = 1_000_000


def parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        strip_cdata=True,
    )


def parse(data: bytes, place: str = "") -> etree._Element:
    """The root element of a well-formed document without a DTD; InputError otherwise."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.0f} MiB"
        raise InputError("too_large", f"the file has {size}, more than the {MAX_BYTES // 2**20} MiB read here", place)
    if _has_doctype(data):
        raise InputError("doctype", "the file declares a DOCTYPE, which a certificate never needs: remove it", place)
    try:
        root = etree.fromstring(data, parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise InputError("not_xml", f"the file is not well-formed XML: {_first(error)}", place) from None
    if root is None:
        raise InputError("not_xml", "the file holds no XML element", place)
    _bounded(root, place)
    return root


def _has_doctype(data: bytes) -> bool:
    """Looked for before any parser sees it, in the encodings XML may start with."""
    head = data[:4]
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head
    return b"<!DOCTYPE" in (data.replace(b"\x00", b"") if wide else data)


def _first(error: BaseException) -> str:
    text = str(error).split("\n")[0].strip()
    return text or type(error).__name__


def _bounded(root: etree._Element, place: str) -> None:
    depth = count = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise InputError("too_deep", f"the file nests deeper than {MAX_DEPTH} or has too many elements", place)
