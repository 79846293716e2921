"""Values and their uncertainties: numbers, list lengths, coverage factors that are stated and never assumed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc import codes, names
from quanheng.evidence.dcc.cells import all_numbers, number_of, numbers_of
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import children, text

_VALUES = ("valueXMLList", "valueRealXMLList", "valueMagnitudeXMLList")
_BESIDE = (
    "unitXMLList", "unitPhaseXMLList", "labelXMLList", "dateTimeXMLList", "significantDigitXMLList", "valueImagXMLList",
    "valuePhaseXMLList", "quantityTypeQUDTXMLList",
)  # fmt: skip
_UNCERTAIN = (
    "valueExpandedMUXMLList", "uncertaintyXMLList", "valueStandardMUXMLList", "standardUncXMLList",
    "coverageFactorXMLList", "coverageProbabilityXMLList", "intervalMinXMLList", "intervalMaxXMLList",
    "distributionXMLList",
)  # fmt: skip
_NUMBERS = ("value", "valueReal", "valueImag", "valueMagnitude", "valuePhase", "intervalMin", "intervalMax")
_NUMBER_LISTS = tuple(f"{name}XMLList" for name in _NUMBERS)
_NEVER_NEGATIVE = ("uncertainty", "standardUnc", "valueExpandedMU", "valueStandardMU")
_NEVER_NEGATIVE_LISTS = tuple(f"{name}XMLList" for name in _NEVER_NEGATIVE)
_AS_STATED = ("按证书原文补上；绝不假定 k = 2", "give it as the laboratory stated; k is never assumed to be 2")
_NAN = {"NaN", "nan", "NAN"}


def check(tree: Tree) -> Iterator[Finding]:
    yield from _lengths(tree)
    yield from _numbers(tree)
    yield from _factors(tree)
    yield from _deprecated(tree)
    yield from _relative(tree)
    yield from _conformities(tree)


def _all(below: etree._Element, *wanted: str) -> Iterator[etree._Element]:
    return below.iter(*(f"{{{names.SI}}}{name}" for name in wanted))


def _lengths(tree: Tree) -> Iterator[Finding]:
    """Every list beside the values has one entry, or as many as there are values."""
    for holder in tree.si("realListXMLList", "complexListXMLList"):
        stated = next((e for n in _VALUES for e in children(holder, n)), None)
        count = len((stated.text or "").split()) if stated is not None else 0
        if stated is not None and count == 0:
            yield finding(stated, "list_empty", "error", ("数值列表为空", "the list of values is empty"))
        lists = [e for n in _BESIDE for e in children(holder, n)] + list(_all(holder, *_UNCERTAIN))
        for element in lists:
            length = len((element.text or "").split())
            if length not in (1, count):
                words = f"列表有 {length} 项，数值有 {count} 个", f"the list has {length} entries for {count} values"
                remedy = (f"写 1 项或 {count} 项", f"give 1 entry or {count}")
                yield finding(element, "list_length", "error", words, remedy)


def _numbers(tree: Tree) -> Iterator[Finding]:
    for positive, wanted in (
        (False, _NUMBERS), (False, _NUMBER_LISTS), (True, _NEVER_NEGATIVE), (True, _NEVER_NEGATIVE_LISTS)
    ):  # fmt: skip
        elements = list(tree.si(*wanted))
        numbers = _plain(elements) if elements else []
        if numbers is None or (positive and min(numbers, default=0) < 0):
            yield from _read(elements, positive)


def _plain(elements: list[etree._Element]) -> list[float] | None:
    """The numbers, where every text is one: nearly always so."""
    return all_numbers([e.text or "" for e in elements])


def _read(elements: list[etree._Element], positive: bool) -> Iterator[Finding]:
    for element in elements:
        if (numbers := numbers_of(element.text or "")) and (not positive or min(numbers) >= 0):
            continue
        written = (element.text or "").split()
        if not written:
            yield finding(element, "number_empty", "error", ("数值为空", "the value is empty"))
        for word in written:
            number = _float(word)
            if number is None:
                words = f"“{word}”不是数", f"{word!r} is no number"
                repaired = word.replace(",", ".")
                yield finding(element, "number", "error", words, repaired if _float(repaired) is not None else "")
                break
            if positive and number < 0:
                words = f"不确定度 {word} 为负", f"the uncertainty {word} is negative"
                yield finding(element, "uncertainty_negative", "error", words)
                break


def _float(word: str) -> float | None:
    return math.nan if word in _NAN else number_of(word)


def _factors(tree: Tree) -> Iterator[Finding]:
    factors = list(tree.si("coverageFactor", "coverageFactorXMLList"))
    if min(_plain(factors) or (0,)) <= 0:
        yield from _factor_values(factors)
    levels = list(tree.si("coverageProbability", "coverageProbabilityXMLList"))
    numbers = _plain(levels)
    if numbers is None or any(not 0 < p <= 1 for p in numbers):
        yield from _levels(levels)
    stated = {element.getparent() for element in factors}
    for element in tree.si("expandedMU", "expandedMUXMLList", "expandedUnc", "expandedUncXMLList"):
        if element in stated:
            continue
        words = "扩展不确定度没有包含因子", "the expanded uncertainty has no coverage factor"
        yield finding(element, "coverage_factor", "warning", words, _AS_STATED)


def _factor_values(factors: list[etree._Element]) -> Iterator[Finding]:
    for element in factors:
        written = (element.text or "").split()
        if not written or set(written) & _NAN:
            words = "包含因子未给出", "the coverage factor is not stated"
            yield finding(element, "coverage_factor", "warning", words, _AS_STATED)
        elif any((_float(w) or 0) <= 0 for w in written):
            words = f"包含因子 {written[0]} 不可能", f"a coverage factor of {written[0]} is impossible"
            yield finding(element, "coverage_factor", "error", words, _AS_STATED)


def _levels(levels: list[etree._Element]) -> Iterator[Finding]:
    for element in levels:
        for word in (element.text or "").split():
            p = _float(word)
            if p is not None and not math.isnan(p) and not 0 < p <= 1:
                words = f"包含概率 {word} 不在 0 和 1 之间", f"the coverage probability {word} is not between 0 and 1"
                yield finding(element, "coverage_probability", "error", words, f"{p / 100:g}" if 1 < p <= 100 else "")
                break


def _deprecated(tree: Tree) -> Iterator[Finding]:
    """Said once: nearly all files use the old form, which stays valid."""
    if (codes.version_of(tree.root.get("schemaVersion") or "") or ()) < (3, 3):
        return
    old = list(tree.si("expandedUnc", "expandedUncXMLList", "coverageInterval", "coverageIntervalXMLList"))
    if old:
        words = (
            f"{len(old)} 处用旧式不确定度（仍然有效）",
            f"{len(old)} uncertainties use the deprecated form, which is still valid",
        )
        yield finding(old[0], "uncertainty_deprecated", "info", words, "measurementUncertaintyUnivariate")


def _relative(tree: Tree) -> Iterator[Finding]:
    for element in tree.dcc("relativeUncertainty"):
        quantity = element.getparent()
        stated = list(_all(element, "value", "valueXMLList"))
        if not stated:
            yield finding(
                element, "relative_empty", "error", ("相对不确定度没有值", "the relative uncertainty has no value")
            )
        beside = [e for e in _all(quantity, "valueXMLList") if e not in stated] if quantity is not None else []
        count = len((beside[0].text or "").split()) if beside else 1
        for value in stated:
            written = (value.text or "").split()
            if len(written) not in (1, count):
                words = (
                    f"相对不确定度有 {len(written)} 项，数值有 {count} 个",
                    f"there are {len(written)} relative uncertainties for {count} values",
                )
                yield finding(value, "list_length", "error", words)
            if any((_float(w) or 0) < 0 for w in written):
                yield finding(
                    value, "uncertainty_negative", "error", ("相对不确定度为负", "a relative uncertainty is negative")
                )


def _conformities(tree: Tree) -> Iterator[Finding]:
    """A list of verdicts beside a list of values has one for each, or one for all."""
    for element in tree.dcc("conformityXMLList"):
        quantity = next((e for e in element.iterancestors(f"{{{names.DCC}}}quantity")), None)
        values = next(_all(quantity, *_VALUES), None) if quantity is not None else None
        length, count = len(text(element).split()), len((values.text or "").split()) if values is not None else 0
        if values is not None and length not in (1, count):
            words = f"符合性有 {length} 项，数值有 {count} 个", f"there are {length} verdicts for {count} values"
            yield finding(element, "list_length", "error", words)
