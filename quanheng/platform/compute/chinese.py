"""What the numerics say in English, in Chinese for a Chinese page: `chinese.tsv` holds each sentence with its gaps.

The numerics know no language of the reader: commands, logs and JSON say the same words everywhere. A test reads every
refusal out of the code and fails where the table has no Chinese for it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache
from importlib import resources

from quanheng.errors import InputError
from quanheng.metrology.tasks import Figure
from quanheng.platform.kernel.language import in_english

_GAP = re.compile(r"\{(\d)\}")


def on_page() -> bool:
    """Whether the page is in Chinese."""
    return not in_english()


@cache
def _whole() -> dict[str, str]:
    text = resources.files(__package__).joinpath("chinese.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    return {row[0]: row[1] for row in rows}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Sentences with gaps, those with most fixed words first."""
    found = []
    for english, chinese in _whole().items():
        parts = _GAP.split(english)
        if len(parts) > 1:
            fixed = "".join(parts[::2])
            pattern = "".join("(.+?)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
            found.append((len(fixed), re.compile(pattern, re.DOTALL), chinese))
    return tuple((pattern, chinese) for _, pattern, chinese in sorted(found, key=lambda row: -row[0]))


@lru_cache(maxsize=4096)
def chinese(text: str) -> str:
    """The Chinese of a word or sentence of the numerics; the text itself where the table does not know it."""
    return _known(text) or _prefixed(text) or text


def spoken(text: str) -> str:
    """The text in the language of the page."""
    return chinese(text) if on_page() else text


def refusal(error: InputError) -> InputError:
    """The same refusal with its sentence in the language of the page."""
    if not on_page():
        return error
    return InputError(error.code, error.zh or chinese(" ".join(error.message.split())), error.place)


def figure(drawn: Figure) -> Figure:
    """The same figure with labels in the language of the page."""
    series = tuple(replace(s, label=spoken(s.label)) for s in drawn.series)
    return replace(drawn, series=series, lines=tuple((axis, spoken(label), at) for axis, label, at in drawn.lines))


def _known(text: str) -> str | None:
    if text in _whole():
        return _whole()[text]
    for pattern, sentence in _patterns():
        match = pattern.fullmatch(text)
        if match:
            return _filled(sentence, match.groups())
    return None


def _filled(sentence: str, gaps: tuple[str, ...]) -> str:
    """The sentence with its gaps; a gap that is itself a sentence or a word speaks Chinese too, a symbol does not."""
    said = [(len(gap) > 2 and _known(gap)) or gap for gap in gaps]
    return _GAP.sub(lambda gap: said[int(gap.group(1))], sentence)


def _prefixed(text: str) -> str | None:
    """A sentence with the names of outputs before it: "R, X: every sensitivity is zero"."""
    names, colon, rest = text.partition(": ")
    found = _known(rest) if colon else None
    return f"{names}：{found}" if found else None
