"""One finding: what is wrong, how much it matters, where, in both languages, and how to mend it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Literal

from lxml import etree

from quanheng.evidence.dcc import names
from quanheng.evidence.dcc.walk import line_of

Severity = Literal["info", "warning", "error"]
ORDER: tuple[Severity, ...] = ("info", "warning", "error")
# beyond this many of one kind a person reads no more, and a hostile file could fill a disk
MOST_OF_A_KIND = 60
LONGEST = 400

_USUAL = re.compile(r"(?:/(?:dcc|si|ds):[^/:*]+)+")
_PREFIX = {names.DCC: "dcc", names.SI: "si", names.DS: "ds"}


@dataclass
class Finding:
    """``path`` is an XPath with the usual prefixes dcc, si and ds; ``remedy`` is empty where we would be guessing."""

    code: str
    severity: Severity
    line: int
    path: str
    zh: str
    en: str
    remedy: str = ""
    remedy_en: str = ""
    element: etree._Element | None = field(default=None, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "line": self.line,
            "xpath": self.path,
            "message": {"zh": self.zh, "en": self.en},
            "remedy": {"zh": self.remedy, "en": self.remedy_en or self.remedy},
        }


def finding(
    element: etree._Element,
    code: str,
    severity: Severity,
    words: tuple[str, str],
    remedy: str | tuple[str, str] = "",
) -> Finding:
    """A finding at an element; one remedy serves both languages where it is something to type.

    The path is added to those that are kept: among a hundred thousand siblings it takes its time.
    """
    zh, en = (remedy, remedy) if isinstance(remedy, str) else remedy
    in_zh, in_en = map(_short, words)
    return Finding(code, severity, line_of(element), "", in_zh, in_en, _short(zh), _short(en), element)


def _short(text: str) -> str:
    """A hostile value may be as long as a file; nobody reads more than its begin."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def placed(one: Finding) -> Finding:
    """With the path of its element."""
    if one.path or one.element is None:
        return one
    one.path = xpath(one.element)
    return one


def _getpath(root: etree._ElementTree, element: etree._Element) -> str:
    """The path libxml2 writes; empty where a mended file keeps a name that is no UTF-8."""
    try:
        return str(root.getpath(element))
    except UnicodeDecodeError:
        return ""


def xpath(element: etree._Element) -> str:
    """``/dcc:digitalCalibrationCertificate/dcc:administrativeData/…[2]``, whatever prefixes the file uses."""
    root = element.getroottree()
    usual = root.getroot().nsmap
    if all(usual.get(prefix, uri) == uri for uri, prefix in _PREFIX.items()):
        path = _getpath(root, element)
        if _USUAL.fullmatch(path):
            return path
    steps: list[str] = []
    node: etree._Element | None = element
    while node is not None:
        parent = node.getparent()
        name = names.local(node.tag)
        prefix = _PREFIX.get(names.namespace(node.tag))
        step = f"{prefix}:{name}" if prefix else f"*[local-name()='{name}']"
        if parent is not None:
            position = 1 + sum(1 for _ in node.itersiblings(node.tag, preceding=True))
            if position > 1 or next(node.itersiblings(node.tag), None) is not None:
                step += f"[{position}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))


def bounded(found: Iterable[Finding]) -> Iterator[Finding]:
    """At most so many of one kind, and one line that says how many more there were."""
    found = iter(found)
    first = list(islice(found, MOST_OF_A_KIND + 1))
    if len(first) <= MOST_OF_A_KIND:
        yield from map(placed, first)
        return
    seen: Counter[str] = Counter()
    for one in chain(first, found):
        seen[one.code] += 1
        if seen[one.code] <= MOST_OF_A_KIND:
            yield placed(one)
    for code, count in seen.items():
        if count > MOST_OF_A_KIND:
            more = count - MOST_OF_A_KIND
            zh, en = f"另有 {more} 处 {code} 未逐一列出", f"{more} more findings of {code} are not listed"
            yield Finding("more", "info", 0, "/dcc:digitalCalibrationCertificate", zh, en)
