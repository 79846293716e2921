"""Results: a method and conditions for every quantity, an uncertainty for what was measured, known refTypes, ids."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc import names, reftypes
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.tree import Tree
from quanheng.evidence.dcc.walk import child, children, refs, value

_DCC = f"{{{names.DCC}}}"
_MEASURED = {"basic_measurementError", "basic_calibrationValue"}
_KIND, _VERIFICATIONS = f"{names.OWN_PREFIX}_kind", {"verification_certificate", "rejection_notice"}
_UNCERTAIN = {
    "measurementUncertaintyUnivariate", "measurementUncertaintyUnivariateXMLList", "expandedUnc", "expandedUncXMLList",
    "coverageInterval", "coverageIntervalXMLList", "measurementUncertaintyUnivaraite", "listUnivariateUnc",
    "listMeasurementUncertaintyUnivariate", "uncertainty", "ellipsoidalRegion", "rectangularRegion",
    "measurementUncertaintyBivariateXMLList", "measurementUncertaintyMultivariateXMLList",
}  # fmt: skip


def check(tree: Tree) -> Iterator[Finding]:
    root = tree.root
    box = child(root, "measurementResults")
    measurements = list(children(box, "measurementResult"))
    if not measurements:
        yield finding(root, "results_missing", "error", ("没有测量结果", "there are no measurement results"))
    for measurement in measurements:
        for result in children(child(measurement, "results"), "result"):
            yield from _complete(result, measurement, box)
    yield from _uncertain(tree)
    yield from _ref_types(tree)
    yield from _unused_ids(tree)


def _complete(result: etree._Element, measurement: etree._Element, box: etree._Element | None) -> Iterator[Finding]:
    """Method and conditions, stated for the quantity or for something around it."""
    for name, code, zh, en in (
        ("usedMethods", "method_missing", "方法", "method"),
        ("influenceConditions", "conditions_missing", "环境条件", "influence conditions"),
    ):
        if child(measurement, name) is not None or child(box, name) is not None:
            continue
        quantities = list(result.iter(f"{_DCC}quantity"))
        around: dict[etree._Element, bool] = {result: child(result, name) is not None}
        without = [q for q in quantities if child(q, name) is None and not _stated(q.getparent(), name, around)]
        if without:
            words = (
                f"{len(quantities)} 个量中有 {len(without)} 个没有{zh}",
                f"{len(without)} of {len(quantities)} quantities have no {en}",
            )
            remedy = (f"在 measurementResult 中写 {name}", f"state {name} in the measurementResult")
            yield finding(result, code, "warning", words, remedy)


def _stated(node: etree._Element | None, name: str, known: dict[etree._Element, bool]) -> bool:
    """Whether an element or one around it states it; asked once of each, for a list may hold a hundred thousand."""
    if node is None:
        return False
    if node not in known:
        known[node] = child(node, name) is not None or _stated(node.getparent(), name, known)
    return known[node]


def _uncertain(tree: Tree) -> Iterator[Finding]:
    """An error or value of a calibration without uncertainty, where the table has none either."""
    if not any(reftypes.canonical(r) in _MEASURED for r in tree.ref_types) or _judges(tree):
        return
    for quantity in (q for result in tree.dcc("result") for q in result.iter(f"{_DCC}quantity")):
        if not {reftypes.canonical(r) for r in refs(quantity)} & _MEASURED or child(quantity, "noQuantity") is not None:
            continue
        if child(quantity, "charsXMLList") is not None or child(quantity, "relativeUncertainty") is not None:
            continue
        beside = quantity.getparent()
        around = beside if beside is not None and names.local(beside.tag) == "list" else quantity
        if any(names.local(e.tag) in _UNCERTAIN for e in around.iter(etree.Element)):
            continue
        if any(reftypes.has(refs(e), "basic_uncertainty") for e in children(around, "quantity")):
            continue
        words = "测得结果没有不确定度", "a measured result has no uncertainty"
        yield finding(quantity, "uncertainty_missing", "info", words)


def _judges(tree: Tree) -> bool:
    """Whether it calls itself a verification, which states verdicts against limits."""
    stated = children(child(tree.core, "identifications"), "identification")
    return any(_KIND in refs(one) and value(one, "value") in _VERIFICATIONS for one in stated)


def _ref_types(tree: Tree) -> Iterator[Finding]:
    said: set[str] = set()
    if all(reftypes.canonical(r) == r for r in tree.ref_types):
        return
    for element in tree.marked("refType"):
        for ref_type in refs(element):
            usual = reftypes.canonical(ref_type)
            if usual != ref_type and ref_type not in said:
                said.add(ref_type)
                words = f"refType {ref_type} 通常写作 {usual}", f"the refType {ref_type} is usually written {usual}"
                yield finding(element, "ref_type", "info", words, usual)


def _unused_ids(tree: Tree) -> Iterator[Finding]:
    """Said once: an id that nobody points at is harmless, but often a link somebody forgot."""
    if not tree.pointed or tree.pointed.issuperset(tree.ids):
        return
    unused = [e for e in tree.marked("id") if (own := (e.get("id") or "").strip()) and own not in tree.pointed]
    if unused:
        first = unused[0].get("id")
        words = f"{len(unused)} 个 id 无人引用（如 {first}）", f"{len(unused)} ids are not referred to, such as {first}"
        yield finding(unused[0], "id_unused", "info", words)
