"""A formula as runs of type: what stands below or above the line is set so, whatever glyphs the font has."""

from __future__ import annotations

import re

_BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+−=()aehijklmnoprstuvx", strict=True))
_ABOVE = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿʲᵀ", "0123456789+−=()injT", strict=True))
_ACCENTS = {"\u0304": "bar", "\u0305": "bar", "\u0302": "hat"}
_RUNS = (
    ("accent", re.compile(f"(\\w)([{''.join(_ACCENTS)}])")),
    ("sub", re.compile(f"[{''.join(_BELOW)}](?:[{''.join(_BELOW)}]|\\.(?=[{''.join(_BELOW)}]))*")),
    ("sup", re.compile(f"[{''.join(_ABOVE)}]+")),
    ("sub", re.compile(r"(?<=\S)_(?:\{([^{}]*)\}|([A-Za-z0-9α-ω]+))")),
    ("sup", re.compile(r"\^(?:\(([^()]*)\)|([A-Za-z0-9ℓ]+))")),
)
_COMPOSED = {"ȳ": "y\u0304", "ā": "a\u0304", "ŷ": "y\u0302"}


def runs(line: str) -> list[list[str]]:
    """The line as [style, text] pairs; style is empty, sub, sup, bar or hat.

    Examples
    --------
    >>> runs("qᵢ ≥ Q_n")
    [['', 'q'], ['sub', 'i'], ['', ' ≥ Q'], ['sub', 'n']]
    """
    for whole, parts in _COMPOSED.items():
        line = line.replace(whole, parts)
    found: list[list[str]] = []
    at = 0
    while at < len(line):
        style, text, end = _next(line, at)
        if found and found[-1][0] == style == "":
            found[-1][1] += text
        else:
            found.append([style, text])
        at = end
    return found


def _next(line: str, at: int) -> tuple[str, str, int]:
    for style, pattern in _RUNS:
        match = pattern.match(line, at)
        if match is None:
            continue
        if style == "accent":
            return _ACCENTS[match[2]], match[1], match.end()
        inner = next((part for part in match.groups() if part is not None), None)
        plain = "".join((_BELOW | _ABOVE).get(c, c) for c in (match[0] if inner is None else inner))
        return style, plain, match.end()
    return "", line[at], at + 1
