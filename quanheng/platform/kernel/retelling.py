"""What was written down in Chinese, said to a reader of English.

A notice or a reason for refusing a row is kept as the sentence somebody was told. For another reader it is found again
in the catalogue by its shape, and what stands in it is put into the translation. What is not found stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext, ngettext, trans_real

from quanheng.platform.kernel.language import in_english

HAN = re.compile(r"[\u3400-\u9fff]")
PLACE = re.compile(r"%\((\w+)\)([sd])")
LEAST = 2  # a sentence with fewer Chinese characters of its own would fit anything
COUNTS = ("n", "count")
PARTS = re.compile(r"(; |、|:)")


@dataclass(frozen=True)
class _Shape:
    """A sentence of the catalogue with places to fill: its longest fixed part, and how it is recognised."""

    text: str
    fixed: str
    pattern: re.Pattern[str]
    plural: bool


def retold(text: str) -> str:
    """The kept words in the reader's language."""
    if not in_english() or not HAN.search(text):
        return text
    return _whole(text, 3) or _in_parts(text)


def _whole(text: str, depth: int) -> str:
    said = gettext(text)
    if said != text:
        return said
    for shape in _shapes() if depth else ():
        found = shape.pattern.fullmatch(text) if shape.fixed in text else None
        if found:
            values = {k: _whole(v, depth - 1) or _in_parts(v) for k, v in found.groupdict().items()}
            return _filled(shape, values)
    return ""


def _filled(shape: _Shape, values: dict[str, str]) -> str:
    count = next((int(values[c]) for c in COUNTS if values.get(c, "").isdigit()), 2)
    said = ngettext(shape.text, shape.text, count) if shape.plural else gettext(shape.text)
    return PLACE.sub(lambda place: values.get(place[1], place[0]), said).replace("%%", "%")


def _in_parts(text: str) -> str:
    """Sentences strung together, or a name before a sentence: each as far as it is known."""
    if not PARTS.search(text):
        return text
    head, mark, rest = PARTS.split(text, maxsplit=1)
    known = retold(rest)
    between = {"、": ", ", ":": ": "}.get(mark, mark) if known != rest else mark
    return f"{_whole(head, 2) or head}{between}{known}"


@lru_cache(maxsize=1)
def _shapes() -> tuple[_Shape, ...]:
    """The catalogue's sentences with places, those with most words of their own first."""
    catalogue: Any = trans_real.translation("en")
    keys = {(k[0], True) if isinstance(k, tuple) else (k, False) for k, _said in catalogue._catalog.items()}
    found = []
    for text, plural in keys:
        own = PLACE.sub("", text)
        if PLACE.search(text) and "\x04" not in text and len(HAN.findall(own)) >= LEAST:
            found.append(_Shape(text, max(PLACE.sub("\0", text).split("\0"), key=len), _pattern(text), plural))
    return tuple(sorted(found, key=lambda s: (-len(PLACE.sub("", s.text)), s.text)))


def _pattern(text: str) -> re.Pattern[str]:
    pieces, seen, at = [], set[str](), 0
    for place in PLACE.finditer(text):
        name, kind = place.groups()
        pieces.append(re.escape(text[at : place.start()].replace("%%", "%")))
        fill = r"\d+" if kind == "d" or name in COUNTS else ".+?"
        pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>{fill})")
        seen.add(name)
        at = place.end()
    return re.compile("".join([*pieces, re.escape(text[at:].replace("%%", "%"))]), re.DOTALL)
