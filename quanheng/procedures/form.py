"""The record sheet as plain data: what the web page, the raw-record PDF and the certificate lay out."""

from __future__ import annotations

import decimal
import functools
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.decimals import CONTEXT
from quanheng.metrology.expressions import MissingName, MissingValue
from quanheng.procedures.limits import limit_text
from quanheng.procedures.loader import Loaded, load
from quanheng.procedures.points import rows
from quanheng.procedures.records import PURPOSES, problem
from quanheng.procedures.schema import FieldSpec, Procedure, Quantity, Section, Text
from quanheng.procedures.sections import resolve_unit, symbol_of
from quanheng.procedures.setting import Ledger, definitions, instrument


def form(procedure: Loaded | str, parameters: Mapping[str, Any], purpose: str = "initial") -> dict[str, Any]:
    """Describe the record sheet of one instrument.

    Parameters
    ----------
    procedure : Loaded or str
    parameters : mapping
        Parameter texts of the instrument, as in `record["instrument"]`; may be incomplete.
    purpose : {"initial", "subsequent", "in_service"}

    Returns
    -------
    dict
        JSON-able; a section whose rows cannot be told yet has `rows: null`.
    """
    if purpose not in PURPOSES:
        raise InputError("purpose", f"purpose is one of {', '.join(PURPOSES)}", "purpose")
    loaded = load(procedure) if isinstance(procedure, str) else procedure
    with decimal.localcontext(CONTEXT):
        return _form(loaded.procedure, parameters, purpose)


def described(procedure: Loaded | str, parameters: Mapping[str, Any], purpose: str = "initial") -> Mapping[str, Any]:
    """As :func:`form`, for callers that only read it: the same question is computed once. `parameters` are JSON."""
    loaded = load(procedure) if isinstance(procedure, str) else procedure
    return _described(loaded, json.dumps(parameters, ensure_ascii=False), purpose)


@functools.lru_cache(maxsize=256)
def _described(loaded: Loaded, parameters: str, purpose: str) -> Mapping[str, Any]:
    return form(loaded, json.loads(parameters), purpose)


def _form(procedure: Procedure, parameters: Mapping[str, Any], purpose: str) -> dict[str, Any]:
    scope: dict[str, Any] = {"purpose": purpose}
    ledger = Ledger()
    instrument(procedure, parameters, scope, ledger)
    definitions(procedure, scope, ledger)
    sections = [
        _section(section, scope, ledger)
        for section in procedure.sections
        if purpose in section.purposes and ledger.holds(section.when, scope, section.key) is not False
    ]
    return {
        "procedure": procedure.id,
        "norm": norm(procedure),
        "purpose": purpose,
        "parameters": [_parameter(p, scope) for p in procedure.parameters],
        "environment": [
            {
                "key": c.key,
                "label": _text(c.label),
                **_unit(c.unit, scope),
                "low": _limit(c.low, scope, ledger),
                "high": _limit(c.high, scope, ledger),
                "required": c.required,
                **_mark(c),
            }
            for c in procedure.environment
        ],
        "standards": [
            {
                "role": s.role,
                "label": _text(s.label),
                **_unit(s.unit, scope),
                "needs": list(s.needs),
                "requirement": _text(s.requirement),
                "required": s.required,
                **_mark(s),
            }
            for s in procedure.standards
        ],
        "sections": sections,
        "checks": [
            {"key": c.key, "label": _text(c.title), **_mark(c)}
            for c in procedure.checks
            if purpose in c.purposes and ledger.holds(c.when, scope, c.key) is not False
        ],
        "problems": [{"path": p.path, "code": p.code, "zh": p.zh, "en": p.en} for p in ledger.invalid],
    }


def norm(procedure: Procedure) -> dict[str, Any]:
    """Number, title, edition and dates of the norm."""
    own = procedure.norm
    return {
        "number": own.number,
        "title": _text(own.title),
        "edition": own.edition,
        "issued": None if own.issued is None else own.issued.isoformat(),
        "in_force_from": own.in_force_from.isoformat(),
        "in_force_to": None if own.in_force_to is None else own.in_force_to.isoformat(),
        "replaces": list(own.replaces),
        "international": own.international,
        **_mark(own),
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _mark(mark: Any) -> dict[str, str]:
    return {"verified": mark.verified, "source": mark.source}


def _unit(code: str | None, scope: Mapping[str, Any]) -> dict[str, str | None]:
    if code is None:
        return {"unit": None, "symbol": ""}
    resolved = resolve_unit(code, scope)
    return {"unit": resolved, "symbol": symbol_of(resolved)}


def _limit(formula: str | None, scope: Mapping[str, Any], ledger: Ledger) -> str | None:
    value = None if formula is None else ledger.value(formula, scope, "form")
    return limit_text(value) if isinstance(value, Decimal) else None


def _parameter(parameter: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": parameter.key,
        "label": _text(parameter.label),
        "kind": parameter.kind,
        **_unit(parameter.unit, scope),
        "required": parameter.required and parameter.default is None,
        "choices": list(parameter.choices),
        "labels": {choice: _text(label) for choice, label in parameter.labels.items()},
        "default": parameter.default,
    }


def _section(section: Section, scope: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    fields = [f for f in section.fields if ledger.holds(f.when, scope, section.key) is not False]
    try:
        built: list[dict[str, Any]] | None = [
            {
                "index": row.index,
                "point": row.point,
                "repeat": row.repeat,
                "optional": row.optional,
                "given": {k: limit_text(v) if isinstance(v, Decimal) else v for k, v in row.given.items()},
            }
            for row in rows(section, scope)
        ]
    except (MissingName, MissingValue):
        built = None
    except InputError as error:
        built = None
        ledger.invalid.append(problem(f"sections.{section.key}", error.code, error.message))
    return {
        "key": section.key,
        "title": _text(section.title),
        "point_key": section.point_key,
        "fields": [_field(field, scope, ledger) for field in fields],
        "quantities": [_quantity(quantity, scope) for quantity in section.quantities if quantity.report],
        "rows": built,
        **_mark(section),
    }


def _field(field: FieldSpec, scope: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": _text(field.label),
        "kind": field.kind,
        "type": field.type,
        **_unit(field.unit, scope),
        "editable": field.kind == "reading" or field.editable,
        "required": field.kind == "reading" and not field.optional and field.default is None,
        "resolution": _limit(field.resolution, scope, ledger),
        "ref_type": field.ref_type,
        "report": field.report,
    }


def _quantity(quantity: Quantity, scope: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": quantity.key,
        "label": _text(quantity.label),
        **_unit(quantity.unit, scope),
        "scope": quantity.scope,
        "limited": quantity.limit is not None,
        "uncertain": quantity.uncertainty is not None,
        "ref_type": quantity.ref_type,
    }
