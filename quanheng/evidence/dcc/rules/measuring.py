"""Results: a method and conditions for every quantity, an uncertainty for what was measured, known refTypes, ids."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from quanheng.evidence.dcc import names, reftypes
from quanheng.evidence.dcc.rules.finding import Finding, finding
from quanheng.evidence.dcc.walk import child, children, refs, selected

_DCC = f"{{{names.DCC}}}"
_WITH_REF_ID = etree.XPath("//*[@refId]")
_WITH_ID = etree.XPath("//d:*[@id]", namespaces={"d": names.DCC})
_WITH_REF_TYPE = etree.XPath("//d:*[@refType]", namespaces={"d": names.DCC})
_MEASURED = {"basic_measurementError", "basic_calibrationValue"}
_UNCERTAIN = {
    "measurementUncertaintyUnivariate", "measurementUncertaintyUnivariateXMLList", "expandedUnc", "expandedUncXMLList",
    "coverageInterval", "coverageIntervalXMLList", "measurementUncertaintyUnivaraite", "listUnivariateUnc",
    "listMeasurementUncertaintyUnivariate", "uncertainty", "ellipsoidalRegion", "rectangularRegion",
    "measurementUncertaintyBivariateXMLList", "measurementUncertaintyMultivariateXMLList",
}  # fmt: skip


def check(root: etree._Element) -> Iterator[Finding]:
    box = child(root, "measurementResults")
    measurements = list(children(box, "measurementResult"))
    if not measurements:
        yield finding(root, "results_missing", "error", ("没有测量结果", "there are no measurement results"))
    for measurement in measurements:
        for result in children(child(measurement, "results"), "result"):
            yield from _complete(result, measurement, box)
            yield from _uncertain(result)
    yield from _ref_types(root)
    yield from _unused_ids(root)


def _complete(result: etree._Element, measurement: etree._Element, box: etree._Element | None) -> Iterator[Finding]:
    """Method and conditions, stated for the quantity or for something around it."""
    quantities = list(result.iter(f"{_DCC}quantity"))
    for name, code, zh, en in (
        ("usedMethods", "method_missing", "方法", "method"),
        ("influenceConditions", "conditions_missing", "环境条件", "influence conditions"),
    ):
        if not quantities or child(measurement, name) is not None or child(box, name) is not None:
            continue
        without = [q for q in quantities if not _stated(q, result, name)]
        if without:
            words = (
                f"{len(quantities)} 个量中有 {len(without)} 个没有{zh}",
                f"{len(without)} of {len(quantities)} quantities have no {en}",
            )
            remedy = (f"在 measurementResult 中写 {name}", f"state {name} in the measurementResult")
            yield finding(result, code, "warning", words, remedy)


def _stated(quantity: etree._Element, result: etree._Element, name: str) -> bool:
    node: etree._Element | None = quantity
    while node is not None and node is not result:
        if child(node, name) is not None:
            return True
        node = node.getparent()
    return child(result, name) is not None


def _uncertain(result: etree._Element) -> Iterator[Finding]:
    """An error or value of a calibration without uncertainty, where the table has none either."""
    for quantity in result.iter(f"{_DCC}quantity"):
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


def _ref_types(root: etree._Element) -> Iterator[Finding]:
    said: set[str] = set()
    for element in selected(_WITH_REF_TYPE, root):
        for ref_type in refs(element):
            usual = reftypes.canonical(ref_type)
            if usual != ref_type and ref_type not in said:
                said.add(ref_type)
                words = f"refType {ref_type} 通常写作 {usual}", f"the refType {ref_type} is usually written {usual}"
                yield finding(element, "ref_type", "info", words, usual)


def _unused_ids(root: etree._Element) -> Iterator[Finding]:
    """Said once: an id that nobody points at is harmless, but often a link somebody forgot."""
    pointed = {word for e in selected(_WITH_REF_ID, root) for word in (e.get("refId") or "").split()}
    if not pointed:
        return
    unused = [e for e in selected(_WITH_ID, root) if (e.get("id") or "").strip() not in pointed]
    if unused:
        first = unused[0].get("id")
        words = f"{len(unused)} 个 id 无人引用（如 {first}）", f"{len(unused)} ids are not referred to, such as {first}"
        yield finding(unused[0], "id_unused", "info", words)
