"""Which control a property of a JSON Schema gets: from a single number to a table with a column for each inner key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_SCALARS = {"number", "integer", "string"}
_IN_CELLS = {"number", "text", "choice", "flag", "numbers", "words", "flags"}
_IN_LINES = {*_IN_CELLS, "one_or_many", "named_values"}


def resolved(prop: Any, schema: Schema) -> Schema:
    """The property itself where it is a reference to a definition of the schema."""
    reference = prop.get("$ref", "") if isinstance(prop, Mapping) else ""
    if reference.startswith("#/$defs/"):
        return dict(schema["$defs"][reference.removeprefix("#/$defs/")])
    return prop if isinstance(prop, Mapping) else {}


def _types(prop: Schema, schema: Schema) -> set[str]:
    found = prop.get("type", ())
    types = {found} if isinstance(found, str) else set(found)
    for part in [*prop.get("anyOf", ()), *prop.get("oneOf", ())]:
        types |= _types(resolved(part, schema), schema)
    return types - {"null"}


def kind_of(prop: Schema, schema: Schema) -> str:
    """Which control a property gets."""
    types = _types(prop, schema)
    if prop.get("enum"):
        return "choice"
    if types == {"boolean"}:
        return "flag"
    if types and types <= _SCALARS:
        return "number" if types & {"number", "integer"} else "text"
    if types == {"array"}:
        return _list_kind(resolved(prop.get("items", {}), schema), schema)
    if "array" in types and types & {"number", "integer"} and types <= _SCALARS | {"array"}:
        return "one_or_many"
    return _object_kind(prop, schema) if types == {"object"} else "json"


def _object_kind(prop: Schema, schema: Schema) -> str:
    inner = resolved(prop.get("additionalProperties") or {}, schema)
    if _named_choice(prop, schema):
        return "named_choice"
    if not inner:
        if not prop.get("properties"):
            return "parameters"
        kinds = set(parts(prop, schema).values())
        if kinds <= {"number", "text", "choice", "flag"}:
            return "pairs"
        return "record" if kinds <= _IN_LINES else "json"
    inside = _types(inner, schema)
    if inside and inside <= _SCALARS:
        return "named_values"
    if inside == {"object"}:
        return "named_rows"
    if inside == {"array"} and _list_kind(resolved(inner.get("items", {}), schema), schema) == "numbers":
        return "named_numbers"
    return "json"


def _named_choice(prop: Schema, schema: Schema) -> bool:
    """A name, or an object that holds the name beside its parameters."""
    ways = [resolved(part, schema) for part in prop.get("anyOf", ())]
    return len(ways) == 2 and "enum" in ways[0] and "name" in ways[1].get("properties", {})


def names(prop: Schema, schema: Schema) -> tuple[Any, ...]:
    """The words that a control takes."""
    ways = [resolved(part, schema) for part in prop.get("anyOf", ())] if _named_choice(prop, schema) else []
    return tuple(ways[0]["enum"] if ways else prop.get("enum", ()))


def _list_kind(items: Schema, schema: Schema) -> str:
    types = {"string"} if items.get("enum") else _types(items, schema)
    if types and types <= _SCALARS:
        return "numbers" if types & {"number", "integer"} else "words"
    if types == {"boolean"}:
        return "flags"
    if types == {"array"}:
        return "matrix"
    if types == {"number", "string", "array"}:
        return "results"
    return "rows" if types == {"object"} and set(leaves(items, schema).values()) <= _IN_CELLS else "json"


def parts(prop: Schema, schema: Schema) -> dict[str, str]:
    """The kind of each key of an object."""
    ways = [prop, *(resolved(part, schema) for part in prop.get("anyOf", ()))]
    inner: Schema = next((way["properties"] for way in ways if way.get("properties")), {})
    return {name: kind_of(resolved(value, schema), schema) for name, value in inner.items()}


def leaves(prop: Schema, schema: Schema) -> dict[str, str]:
    """The kind of each key of an object, keys of objects within as `outer.inner`; JSON where it names no key."""
    found: dict[str, str] = {}
    for name, value in prop.get("properties", {}).items():
        inner = resolved(value, schema)
        if inner.get("properties"):
            found |= {f"{name}.{key}": kind for key, kind in leaves(inner, schema).items()}
        else:
            found[name] = kind_of(inner, schema)
    return found or {"": "json"}


def columns(prop: Schema, schema: Schema) -> dict[str, str]:
    """What a person may write into the control of an object or of a table: key → kind."""
    items = resolved(prop.get("items", {}), schema)
    if items.get("properties"):
        return leaves(items, schema)
    return parts(prop, schema)
