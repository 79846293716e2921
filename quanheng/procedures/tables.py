"""Result tables for a certificate: one for the rows of a section, one for its summary; every column of texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from quanheng.procedures.engine import evaluate
from quanheng.procedures.loader import Loaded, load
from quanheng.procedures.results import Evaluation, Outcome, RunResult
from quanheng.procedures.schema import FieldSpec, Quantity, Section, Text
from quanheng.procedures.sections import resolve_unit

Column = dict[str, Any]


def tables(
    procedure: Loaded | str,
    record: Mapping[str, Any],
    result: RunResult | None = None,
    *,
    answer: Evaluation | None = None,
) -> list[dict[str, Any]]:
    """Tables of a record's results.

    Returns
    -------
    list of dict
        ``{title: {zh, en}, columns: [{key, title, unit, ref_type, values, U, k}]}``. `values` and `U` are texts, empty
        where there is none; `unit` is None for words; `U` and `k` are None for a column without uncertainty. Limits
        stand in columns of their own, `basic_acceptanceLimitLower` and `basic_acceptanceLimitUpper`; a column
        `basic_conformity` holds the words pass or fail.

    Notes
    -----
    Readings come from `record`. With `result` given, its outcomes are used as they are, so that a certificate shows
    exactly what was signed. `answer` is the evaluation of this very record where the caller has it.
    """
    loaded = load(procedure) if isinstance(procedure, str) else procedure
    answer = answer or evaluate(loaded, record)
    outcomes = answer.results if result is None else result.results
    scope = _units(loaded, record)
    built: list[dict[str, Any]] = []
    for section in loaded.procedure.sections:
        if section.key in answer.sheets:
            built.extend(_tables(section, answer, [o for o in outcomes if o.section == section.key], scope))
    return built


def _units(loaded: Loaded, record: Mapping[str, Any]) -> dict[str, Any]:
    given = record.get("instrument", {})
    return {p.key: given.get(p.key, p.default) for p in loaded.procedure.parameters}


def _tables(
    section: Section, answer: Evaluation, outcomes: list[Outcome], scope: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    sheet = answer.sheets[section.key]
    rows = [q for q in section.quantities if q.report and q.scope == "row"]
    others = [q for q in section.quantities if q.report and q.scope != "row"]
    fields = [f for f in section.fields if f.kind == "given" or f.report]
    kept = [index for index, row in enumerate(sheet) if _filled(section, row)]
    columns = [_field(field, [sheet[index].get(field.key) for index in kept], scope) for field in fields]
    for quantity in rows:
        by_row = {outcome.row: outcome for outcome in outcomes if outcome.quantity == quantity.key}
        columns.extend(_columns(quantity, [by_row.get(index) for index in kept]))
    if kept and columns:
        yield {"title": _text(section.title), "columns": columns}
    points = [q for q in others if q.scope == "point"]
    if points:
        yield from _point_table(section, sheet, points, outcomes, scope)
    whole = [q for q in others if q.scope == "section"]
    columns = [c for q in whole for c in _columns(q, [o for o in outcomes if o.quantity == q.key])]
    if any(column["values"] for column in columns):
        yield {"title": _text(section.title), "columns": columns}


def _point_table(
    section: Section,
    sheet: tuple[Mapping[str, str | None], ...],
    points: list[Quantity],
    outcomes: list[Outcome],
    scope: Mapping[str, Any],
) -> Iterable[dict[str, Any]]:
    first = sorted({o.row for o in outcomes for q in points if o.quantity == q.key})
    given = [f for f in section.fields if f.kind == "given"]
    columns = [_field(field, [sheet[index].get(field.key) for index in first], scope) for field in given]
    for quantity in points:
        by_row = {outcome.row: outcome for outcome in outcomes if outcome.quantity == quantity.key}
        columns.extend(_columns(quantity, [by_row.get(index) for index in first]))
    if first:
        yield {"title": _text(section.title), "columns": columns}


def _filled(section: Section, row: Mapping[str, str | None]) -> bool:
    return any(row.get(field.key) is not None for field in section.fields if field.kind == "reading")


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _column(
    key: str, title: dict[str, str], unit: str | None, ref_type: str | None, values: list[str | None]
) -> Column:
    texts = [value or "" for value in values]
    # own names follow the pattern of Good Practice: prefix, then a word
    known = ref_type or f"qh_{key}"
    return {"key": key, "title": title, "unit": unit, "ref_type": known, "values": texts, "U": None, "k": None}


def _field(field: FieldSpec, values: list[str | None], scope: Mapping[str, Any]) -> Column:
    unit = None if field.type == "text" else resolve_unit(field.unit, scope)
    return _column(field.key, _text(field.label), unit, field.ref_type, values)


def _columns(quantity: Quantity, outcomes: list[Outcome | None]) -> list[Column]:
    some = next((outcome for outcome in outcomes if outcome is not None), None)
    if some is None:
        return []
    values = [None if outcome is None else outcome.value for outcome in outcomes]
    main = _column(quantity.key, _text(quantity.label), some.unit, quantity.ref_type, values)
    if any(outcome is not None and outcome.U is not None for outcome in outcomes):
        main["U"] = [(outcome.U if outcome else None) or "" for outcome in outcomes]
        main["k"] = _widest(outcomes)
    columns = [main]
    sides = (("low", "下限", "lower limit", "Lower"), ("high", "上限", "upper limit", "Upper"))
    for side, zh, en, name in sides:
        bounds = [None if outcome is None else getattr(outcome, side) for outcome in outcomes]
        if any(bound is not None for bound in bounds):
            title = {"zh": f"{quantity.label.zh}{zh}", "en": f"{quantity.label.en}, {en}"}
            columns.append(_column(f"{quantity.key}_{side}", title, some.unit, f"basic_acceptanceLimit{name}", bounds))
    if any(outcome is not None and outcome.ok is not None for outcome in outcomes):
        title = {"zh": f"{quantity.label.zh}结论", "en": f"{quantity.label.en}, conformity"}
        verdicts = [None if o is None or o.ok is None else ("pass" if o.ok else "fail") for o in outcomes]
        columns.append(_column(f"{quantity.key}_ok", title, None, "basic_conformity", verdicts))
    return columns


def _widest(outcomes: list[Outcome | None]) -> str | None:
    """The coverage factor of a column; the largest where rows differ, so that no interval is understated."""
    factors = [outcome.k for outcome in outcomes if outcome is not None and outcome.k is not None]
    return max(factors, key=Decimal, default=None)
