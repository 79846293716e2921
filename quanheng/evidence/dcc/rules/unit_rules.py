"""Units: D-SI spelling with the correction most likely meant, and declared names for what is no SI unit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from quanheng.evidence.dcc import units
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import text

_SINGLE = ("unit", "unitPhase")
_LISTED = ("unitXMLList", "unitPhaseXMLList")


@lru_cache(maxsize=4096)
def _plain(unit: str | None) -> bool:
    """A unit that nothing is to be said about."""
    parts = (unit or "").split()
    return len(parts) == 1 and units.known(parts[0]) and not units.PER.search(parts[0])


def check(tree: Tree) -> Iterator[Finding]:
    if all(map(_plain, {e.text for e in tree.si(*_SINGLE, *_LISTED)})):
        return
    declared = {text(e).strip("\\|") for e in tree.dcc("nonSIUnit")}
    for name in (*_SINGLE, *_LISTED):
        for element in tree.si(name):
            written = (element.text or "").strip()
            if not written:
                yield finding(element, "unit_empty", "error", ("单位为空", "the unit is empty"), r"\one")
                continue
            parts = written.split()
            if name in _SINGLE and len(parts) > 1:
                words = f"单位“{written}”中有空格", f"the unit {written!r} holds a blank"
                yield finding(element, "unit_blank", "error", words, units.suggestion("".join(parts)) or "".join(parts))
                continue
            for unit in dict.fromkeys(parts):
                yield from _one(element, unit, declared)


def _one(element: etree._Element, unit: str, declared: set[str]) -> Iterator[Finding]:
    if unit.startswith("|"):
        if unit.strip("|") not in declared:
            words = f"非 SI 单位 {unit} 没有声明", f"the non-SI unit {unit} is not declared"
            remedy = (
                "在 statement 中写 nonSIDefinition 和 nonSIUnit",
                "state nonSIDefinition and nonSIUnit in a statement",
            )
            yield finding(element, "unit_undeclared", "warning", words, remedy)
        return
    if units.known(unit):
        if units.PER.search(unit):
            words = f"单位 {unit} 用了不再推荐的 \\per", f"the unit {unit} uses \\per, which D-SI advises against"
            yield finding(element, "unit_per", "info", words, units.suggestion(unit) or "")
        return
    words = f"单位 {unit} 不是 D-SI 写法", f"the unit {unit} is not written as D-SI asks"
    yield finding(element, "unit", "warning", words, units.suggestion(unit) or "")
