"""JSON Schema (2020-12) of the raw record of one procedure."""

from __future__ import annotations

from typing import Any

from quanheng.procedures.records import ITEM_KEYS, MAX_ITEM_TEXT, PURPOSES, STANDARD_KEYS
from quanheng.procedures.schema import Procedure, Section

NUMBER = {"type": "string", "pattern": r"^[+-]?[0-9]+(\.[0-9]+)?$"}


def record_schema(procedure: Procedure) -> dict[str, Any]:
    """The form of a record; which rows it needs follows from the instrument (see `form`)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{procedure.norm.number} {procedure.norm.title.zh}",
        "type": "object",
        "required": ["procedure", "purpose", "instrument", "environment", "standards", "sections", "checks"],
        "additionalProperties": False,
        "properties": {
            "procedure": {"const": procedure.id},
            "purpose": {"enum": list(PURPOSES)},
            "item": _object({key: {"type": "string", "maxLength": MAX_ITEM_TEXT} for key in ITEM_KEYS}),
            "instrument": _object({p.key: _parameter(p) for p in procedure.parameters}),
            "environment": _object({c.key: {**NUMBER, "title": c.label.zh} for c in procedure.environment}),
            "standards": {"type": "array", "items": _standard(procedure)},
            "sections": _object({s.key: {"type": "array", "items": _row(s)} for s in procedure.sections}),
            "checks": _object({c.key: {"type": "boolean", "title": c.title.zh} for c in procedure.checks}),
            "remarks": {"type": "string"},
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _parameter(parameter: Any) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "number": NUMBER,
        "choice": {"enum": list(parameter.choices)},
        "list": {"type": "array", "items": NUMBER},
        "text": {"type": "string", "maxLength": 200},
    }
    return {**kinds[parameter.kind], "title": parameter.label.zh}


def _standard(procedure: Procedure) -> dict[str, Any]:
    numbers = {"u", "U", "k", "mpe"}
    properties: dict[str, Any] = {k: NUMBER if k in numbers else {"type": "string"} for k in sorted(STANDARD_KEYS)}
    properties["role"] = {"enum": [standard.role for standard in procedure.standards]}
    return {**_object(properties), "required": ["role", "name", "certificate"]}


def _row(section: Section) -> dict[str, Any]:
    properties = {}
    for field in section.fields:
        kind = {"type": "string", "maxLength": 200} if field.type == "text" or field.kind == "given" else NUMBER
        properties[field.key] = {**kind, "title": field.label.zh}
    return _object(properties)
