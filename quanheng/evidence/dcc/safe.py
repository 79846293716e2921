"""Parsing that a hostile file cannot turn against us: no network, no entities, bounded size and depth."""

from __future__ import annotations

import codecs
import re
import threading
from dataclasses import dataclass, field
from html.entities import html5
from typing import Any, cast

from lxml import etree

from quanheng.errors import InputError
from quanheng.evidence.dcc.in_chinese import chinese

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 120
MAX_ELEMENTS = 1_000_000
_COUNT = etree.XPath("count(//*)")
_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_OWN_ENTITIES = {"lt", "gt", "amp", "apos", "quot"}
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_WEB_PAGE = (b"<!doctype html", b"<html")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Problem:
    """Why a file is not well-formed XML."""

    line: int
    message: str

    @property
    def zh(self) -> str:
        return chinese(self.message)

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line, "message": self.message, "message_zh": self.zh}


@dataclass(frozen=True)
class Parsed:
    """A root element; ``problems`` is empty where the file was well-formed."""

    root: etree._Element
    problems: tuple[Problem, ...] = field(default=())

    @property
    def well_formed(self) -> bool:
        return not self.problems


def parser(*, recover: bool = False, huge: bool = False, indents: bool = True) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=huge,
        strip_cdata=True,
        recover=recover,
        remove_blank_text=not indents,
        collect_ids=False,  # of a DTD, which no file here may have
    )


def parse(data: bytes, place: str = "") -> etree._Element:
    """The root element of a well-formed document without a DTD; InputError otherwise."""
    _guard(data, place)
    try:
        root = _strict(data)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        if "excessive depth" in str(error).lower():
            raise _deep(place) from None
        told = _other_kind(data) or f"the file is not well-formed XML: {_first(error)}"
        raise InputError("not_xml", told, place) from None
    if root is None:
        raise InputError("not_xml", "the file holds no XML element", place)
    _bounded(root, place, len(data))
    return root


def parse_damaged(data: bytes, place: str = "", *, indents: bool = True) -> Parsed:
    """As ``parse``, but what a damaged file still says is read; InputError only for what is unsafe or no XML at all.

    A tree that is only judged, never written, goes quicker without the blanks between its elements.
    """
    _guard(data, place)
    try:
        root = _strict(data, indents)
        if root is not None:
            _bounded(root, place, len(data))
            return Parsed(root)
        problems = [Problem(0, "the file holds no XML element")]
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None)
        problems = [Problem(line if isinstance(line, int) else 0, _first(error))]
    other = _other_kind(data)
    if other or b"<" not in data:  # true of every encoding XML may have
        raise InputError("not_xml", other or f"the file is not well-formed XML: {problems[0].message}", place)
    text, remark = _decoded(data)
    if remark:
        problems.append(Problem(1, remark))
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError("doctype", "the file declares a DOCTYPE, which a certificate never needs: remove it", place)
    try:
        mended = etree.fromstring(text.encode("utf-8"), parser(recover=True))
    except (etree.XMLSyntaxError, ValueError, LookupError):
        mended = None
    if mended is None:
        raise InputError("not_xml", f"the file is not well-formed XML: {problems[0].message}", place)
    _bounded(mended, place, len(data))
    return Parsed(mended, tuple(problems))


def _guard(data: bytes, place: str) -> None:
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.0f} MiB"
        raise InputError("too_large", f"the file has {size}, more than the {MAX_BYTES // 2**20} MiB read here", place)
    if data[:64].removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_WEB_PAGE):
        raise InputError("not_dcc", "the file is a web page, not a certificate: download the certificate itself", place)
    if _has_doctype(data):
        raise InputError("doctype", "the file declares a DOCTYPE, which a certificate never needs: remove it", place)


def _strict(data: bytes, indents: bool = True) -> etree._Element | None:
    try:
        return etree.fromstring(data, _PARSERS.strict[indents])
    except etree.XMLSyntaxError as error:
        # one embedded file of more than 10 MB; without a DTD nothing else grows, and depth is bounded by ourselves
        if "huge" not in str(error).lower():
            raise
        return etree.fromstring(data, parser(huge=True, indents=indents))


class _Parsers(threading.local):
    """A thread's own, made once; for a parser that they share threads would wait."""

    def __init__(self) -> None:
        self.strict = {indents: parser(indents=indents) for indents in (False, True)}


_PARSERS = _Parsers()


def _decoded(data: bytes) -> tuple[str, str]:
    """The text of a file whose declared encoding may be wrong, and what was wrong with it."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _clean(data[len(mark) :].decode(encoding, "replace"))
    if b"\x00" in data[:2] and data[:4].count(b"\x00") == 2:  # UTF-16 that forgot its mark and its declaration
        clean, _ = _clean(data.decode("utf-16-le" if data[1] == 0 else "utf-16-be", "replace"))
        return clean, "the text is UTF-16 without a byte order mark"
    declared = re.match(rb"\s*<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)", data[:200])
    named = declared[1].decode().lower() if declared else "utf-8"
    for encoding in (named, *_guesses(data)):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        clean, remark = _clean(text)
        if encoding != named:
            remark = f"the text is not {named}; it was read as {encoding}" + (f"; {remark}" if remark else "")
        return clean, remark
    clean, _ = _clean(data.decode("utf-8", "replace"))
    return clean, "bytes that are no UTF-8 were replaced"


def _guesses(data: bytes) -> tuple[str, ...]:
    """Encodings worth trying, likeliest first. In Chinese text high bytes stand in pairs, in Western text alone; what
    is UTF-8 but for a few bytes is left to the replacing of those.
    """
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if sum(char > "\x7f" for char in text) - broken > broken:
        return ("utf-8",)
    runs = [len(run) for run in _HIGH_RUN.findall(data)]
    alone = sum(length == 1 for length in runs) * 2 > len(runs)
    return ("utf-8", "cp1252", "gb18030", "latin-1") if alone else ("utf-8", "gb18030", "cp1252", "latin-1")


def _clean(text: str) -> tuple[str, str]:
    text = _DECLARATION.sub("", text, count=1)
    named = _ENTITY.sub(_character, text)
    clean = _FORBIDDEN.sub("\ufffd", named)
    remarks = ["characters that XML forbids were replaced"] if clean != named else []
    remarks += ["names of characters that only HTML knows were resolved"] if named != text else []
    return clean, "; ".join(remarks)


def _character(match: re.Match[str]) -> str:
    """``&nbsp;`` and its like, which no XML file without a DTD may hold."""
    return match[0] if match[1] in _OWN_ENTITIES else html5.get(f"{match[1]};", match[0])


def _has_doctype(data: bytes) -> bool:
    """Looked for before any parser sees it, in the encodings XML may start with."""
    head = data[:4]
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head
    return b"<!DOCTYPE" in (data.replace(b"\x00", b"") if wide else data)


def _first(error: BaseException) -> str:
    text = str(getattr(error, "msg", None) or error).split("\n")[0].strip()
    return text or type(error).__name__


_KINDS = (
    (b"PK\x03\x04", "the file is a ZIP archive or an Office document, not XML: unpack it, or export it as XML"),
    (b"\x1f\x8b", "the file is packed with gzip: unpack it first"),
    (b"7z\xbc\xaf", "the file is a 7z archive: unpack it first"),
    (b"Rar!", "the file is a RAR archive: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "the file is an old Office document, not XML"),
    (b"\x89PNG", "the file is a picture, not XML"),
    (b"\xff\xd8\xff", "the file is a picture, not XML"),
)


def _other_kind(data: bytes) -> str:
    """What the file is instead of XML, where its first bytes say so."""
    if found := next((words for start, words in _KINDS if data.startswith(start)), ""):
        return found
    head = data[:64].removeprefix(codecs.BOM_UTF8).lstrip()
    if not data.strip():
        return "the file is empty"
    return (
        "the file is JSON: `quanheng dcc export FILE --to xml` turns that of dcc-json-toolkit back"
        if head[:1] in (b"{", b"[")
        else ""
    )


def _bounded(root: etree._Element, place: str, size: int) -> None:
    if root.getroottree().docinfo.internalDTD is not None:  # spelled in an encoding that hides it from a search
        raise InputError("doctype", "the file declares a DOCTYPE, which a certificate never needs: remove it", place)
    many = size > MAX_ELEMENTS and cast(float, _COUNT(root)) > MAX_ELEMENTS  # an element takes more than a byte
    if many or _DEEP(root):
        raise _deep(place)


def _deep(place: str) -> InputError:
    return InputError("too_deep", f"the file nests deeper than {MAX_DEPTH} or has too many elements", place)
