"""The measuring half of a certificate: norm, standards, conditions and result tables."""

from __future__ import annotations

from quanheng.evidence.content import CertificateContent, Column, Condition, Standard, Table, Words
from quanheng.evidence.dcc import labels as L
from quanheng.evidence.dcc import units
from quanheng.evidence.dcc.element import Element, dcc, identification, si, text, words_quantity
from quanheng.evidence.dcc.names import NBSP

MISSING = "NaN"


def measurement_results(root: Element, c: CertificateContent) -> None:
    result = dcc(dcc(root, "measurementResults"), "measurementResult")
    text(result, "name", L.MEASUREMENT_OTHER if c.kind in L.OTHER_KINDS else L.MEASUREMENT)
    _method(result, c)
    equipment = dcc(result, "measuringEquipments")
    text(equipment, "name", L.STANDARDS)
    for standard in c.standards:
        _standard(equipment, standard, c)
    if c.environment:
        conditions = dcc(result, "influenceConditions")
        for condition in c.environment:
            _condition(conditions, condition)
    results = dcc(result, "results")
    for number, table in enumerate(c.tables, start=1):
        _table(results, table, number)


def _method(result: Element, c: CertificateContent) -> None:
    method = dcc(dcc(result, "usedMethods"), "usedMethod", ref="qh_norm")
    text(method, "name", c.norm.title)
    if c.norm.edition:
        text(method, "description", c.norm.edition, "qh_edition")
    dcc(method, "norm", c.norm.number)
    dcc(method, "reference", f"procedure:{c.procedure.id}")
    dcc(method, "reference", f"sha256:{c.procedure.sha256}")


def _standard(equipment: Element, s: Standard, c: CertificateContent) -> None:
    entry = dcc(equipment, "measuringEquipment", ref="basic_normalUsed")
    text(entry, "name", s.name)
    certificate = dcc(entry, "certificate")
    text(certificate, "referral", L.STANDARD_CERTIFICATE)
    dcc(certificate, "referralID", s.certificate_number)
    # the DCC wiki asks for "analogue" where there is no digital file to hash
    dcc(certificate, "procedure", "sha256" if s.certificate_sha256 else "analogue")
    dcc(certificate, "value", s.certificate_sha256 or "analogue")
    text(certificate, "description", "DCC" if s.digital else "paper")
    if s.certificate_valid_until is not None:
        dcc(certificate, "inValidityRange", _boolean(s.certificate_valid_until >= c.performed_to))
    ids = dcc(entry, "identifications")
    identification(ids, "calibrationLaboratory", s.number, L.STANDARD_NUMBER, "qh_standardNumber")
    facts = [
        ("qh_measuringRange", L.STANDARD_RANGE, s.range),
        ("qh_uncertainty", L.STANDARD_UNCERTAINTY, s.uncertainty),
        ("qh_certificateValidUntil", L.STANDARD_VALID_UNTIL, _day(s)),
    ]
    if any(value for _, _, value in facts):
        quantities = dcc(entry, "measuringEquipmentQuantities")
        for ref, label, value in facts:
            if value:
                words_quantity(quantities, "measuringEquipmentQuantity", ref, label, value)


def _day(s: Standard) -> str | None:
    return s.certificate_valid_until.isoformat() if s.certificate_valid_until else None


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _condition(conditions: Element, c: Condition) -> None:
    entry = dcc(conditions, "influenceCondition", ref=c.ref_type)
    text(entry, "name", c.quantity)
    data = dcc(entry, "data")
    if c.unit is None:
        words_quantity(data, "quantity", c.ref_type, c.quantity, c.value)
    elif c.value_max is None:
        _real(data, c.ref_type, c.value, c.unit)
    else:
        _real(data, f"{c.ref_type}Min", c.value, c.unit)
        _real(data, f"{c.ref_type}Max", c.value_max, c.unit)


def _real(data: Element, ref: str, value: str, unit: str) -> None:
    real = si(dcc(data, "quantity", ref=ref), "real")
    si(real, "value", value)
    si(real, "unit", unit)


def _table(results: Element, table: Table, number: int) -> None:
    result = dcc(results, "result", ref="gp_measuringResult1" if number == 1 else f"gp_measuringResult{number}")
    text(result, "name", table.title)
    rows = dcc(dcc(result, "data"), "list", ref="gp_table1")
    for column in table.columns:
        _column(rows, column)


def _column(rows: Element, column: Column) -> None:
    quantity = dcc(rows, "quantity", ref=f"{column.ref_type} qh_column_{_token(column.key)}")
    if not column.numeric:
        text(quantity, "name", _with_unit(column))
        dcc(quantity, "charsXMLList", " ".join(v.replace(" ", NBSP) or NBSP for v in column.values))
        return
    text(quantity, "name", column.title)
    values = si(quantity, "realListXMLList")
    si(values, "valueXMLList", " ".join(v or MISSING for v in column.values))
    si(values, "unitXMLList", column.unit)
    if column.U is None:
        return
    expanded = si(si(values, "measurementUncertaintyUnivariateXMLList"), "expandedMUXMLList")
    si(expanded, "valueExpandedMUXMLList", " ".join(u or MISSING for u in column.U))
    si(expanded, "coverageFactorXMLList", column.k or MISSING)
    si(expanded, "coverageProbabilityXMLList", column.p or MISSING)


def _token(key: str) -> str:
    return key.replace(" ", "_")


def _with_unit(column: Column) -> Words:
    """Words such as ±0.5 cannot carry a unit in D-SI, so the heading does."""
    if column.unit is None or not (shown := units.symbol(column.unit)):
        return column.title
    return Words(zh=f"{column.title.zh} / {shown}", en=f"{column.title.en} / {shown}")
