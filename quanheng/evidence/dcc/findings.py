"""Content rules beyond the XSD: what makes a certificate usable by a machine, where it is not, how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from lxml import etree

from quanheng.evidence.dcc import names, units
from quanheng.evidence.dcc.walk import child, children, line_of, text, value, values

Severity = Literal["info", "warning", "error"]
ORDER: tuple[Severity, ...] = ("info", "warning", "error")


@dataclass(frozen=True)
class Finding:
    code: str
    severity: Severity
    line: int
    path: str
    zh: str
    en: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def check(root: etree._Element) -> tuple[Finding, ...]:
    """Every finding of the content layer, in document order of the rules."""
    found = [*_dates(root), *_languages(root), *_units(root), *_lists(root), *_factors(root), *_parties(root)]
    return tuple(sorted(found, key=lambda f: f.line))


def _finding(element: etree._Element, code: str, severity: Severity, zh: str, en: str, remedy: str = "") -> Finding:
    path = element.getroottree().getelementpath(element) or ""
    short = path.replace(f"{{{names.DCC}}}", "dcc:").replace(f"{{{names.SI}}}", "si:")
    return Finding(code, severity, line_of(element), short, zh, en, remedy)


def _core(root: etree._Element) -> etree._Element | None:
    return child(child(root, "administrativeData"), "coreData")


def _dates(root: etree._Element) -> Iterator[Finding]:
    core = _core(root)
    days: dict[str, date] = {}
    for name in ("receiptDate", "beginPerformanceDate", "endPerformanceDate", "issueDate"):
        for element in children(core, name):
            try:
                days[name] = date.fromisoformat(text(element)[:10])
            except ValueError:
                zh, en = f"日期“{text(element)}”无法识别", f"the date {text(element)!r} cannot be read"
                yield _finding(element, "date", "error", zh, en, "YYYY-MM-DD")
    pairs = [("beginPerformanceDate", "endPerformanceDate"), ("endPerformanceDate", "issueDate")]
    for first, second in pairs:
        if first in days and second in days and days[second] < days[first] and core is not None:
            zh, en = f"{second} 早于 {first}", f"{second} is before {first}"
            yield _finding(core, "date_order", "error", zh, en)


def _languages(root: etree._Element) -> Iterator[Finding]:
    core = _core(root)
    used = set(values(core, "usedLangCodeISO639_1"))
    missing = set(values(core, "mandatoryLangCodeISO639_1")) - used
    if missing and core is not None:
        listed = ", ".join(sorted(missing))
        zh, en = f"必备语言 {listed} 不在所用语言中", f"mandatory language {listed} is not among the used ones"
        yield _finding(core, "language_mandatory", "error", zh, en)
    for holder in root.iter(etree.Element):
        tagged = [e for e in children(holder, "content") if e.get("lang")]
        languages = [e.get("lang") or "" for e in tagged]
        unknown = sorted(set(languages) - used)
        if unknown:
            zh, en = f"语言 {unknown[0]} 未声明", f"language {unknown[0]} is not declared as used"
            yield _finding(tagged[0], "language_undeclared", "warning", zh, en, "usedLangCodeISO639_1")


def _units(root: etree._Element) -> Iterator[Finding]:
    for name in ("unit", "unitPhase", "unitXMLList", "unitPhaseXMLList"):
        for element in root.iter(f"{{{names.SI}}}{name}"):
            for unit in dict.fromkeys((element.text or "").split()):
                if not units.known(unit) and not unit.startswith("|"):
                    zh, en = f"单位 {unit} 不是 D-SI 写法", f"the unit {unit} is not written as D-SI asks"
                    yield _finding(element, "unit", "warning", zh, en, units.suggestion(unit) or "")
            if name in {"unit", "unitPhase"} and len((element.text or "").split()) > 1:
                yield _finding(element, "unit_blank", "error", "单位中有空格", "the unit holds a blank")


_LENGTHS = ("unitXMLList", "labelXMLList", "dateTimeXMLList", "significantDigitXMLList")
_UNCERTAIN = (
    "valueExpandedMUXMLList",
    "uncertaintyXMLList",
    "valueStandardMUXMLList",
    "standardUncXMLList",
    "coverageFactorXMLList",
    "coverageProbabilityXMLList",
    "intervalMinXMLList",
    "intervalMaxXMLList",
)


def _lists(root: etree._Element) -> Iterator[Finding]:
    """Every list beside the values has one entry, or as many as there are values."""
    for holder in root.iter(f"{{{names.SI}}}realListXMLList"):
        count = len(value(holder, "valueXMLList").split())
        lists = [e for n in _LENGTHS for e in children(holder, n)]
        lists += [e for n in _UNCERTAIN for e in holder.iter(f"{{{names.SI}}}{n}")]
        for element in lists:
            length = len((element.text or "").split())
            if length not in (1, count):
                zh = f"列表有 {length} 项，数值有 {count} 个"
                en = f"the list has {length} entries for {count} values"
                yield _finding(element, "list_length", "error", zh, en)


def _factors(root: etree._Element) -> Iterator[Finding]:
    for name in ("coverageFactor", "coverageFactorXMLList"):
        for element in root.iter(f"{{{names.SI}}}{name}"):
            if "NaN" in (element.text or "").split():
                zh, en = "包含因子未给出", "the coverage factor is not stated"
                yield _finding(element, "coverage_factor", "warning", zh, en, "k is never assumed to be 2")


def _parties(root: etree._Element) -> Iterator[Finding]:
    admin = child(root, "administrativeData")
    laboratory = child(child(admin, "calibrationLaboratory"), "contact")
    for label, element in (("customer", child(admin, "customer")), ("laboratory", laboratory)):
        if element is not None and not re.sub(r"\s", "", "".join(t for t in element.itertext() if isinstance(t, str))):
            yield _finding(element, f"{label}_empty", "error", "单位信息为空", f"the {label} is empty")
    items = list(children(child(admin, "items"), "item"))
    for item in items:
        if not any(value(i, "value") for i in children(child(item, "identifications"), "identification")):
            zh, en = "被测件没有任何编号", "the item carries no identification"
            yield _finding(item, "item_identification", "warning", zh, en)
