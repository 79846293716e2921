"""A form for any request: each property of a task's JSON Schema becomes one control that takes a paste from a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quanheng.platform.compute import kinds
from quanheng.platform.compute.chinese import spoken
from quanheng.platform.compute.typed import shown, value_of
from quanheng.platform.compute.words import word


@dataclass(frozen=True)
class Field:
    """One control: `kind` says how text becomes JSON and back, `parts` the kinds of the keys within."""

    name: str
    kind: str
    required: bool
    label: str
    help: str
    choices: tuple[tuple[str, str], ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    error: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names that may stand in the control."""
        return tuple(name for name in self.parts if not (self.kind == "named_choice" and name == "name"))

    @property
    def hint(self) -> str | Promise:
        """How to type or paste it."""
        return HINTS.get(self.kind, "")

    @property
    def tall(self) -> int:
        """Lines of a text area; 0 for a single line."""
        if self.kind in {"choice", "flag", "number", "text", "named_choice"}:
            return 0
        least = 2 if self.kind in {"one_or_many", "parameters"} else 3
        return min(max(self.text.count("\n") + 2, least), 16)


HINTS: dict[str, str | Promise] = {
    "numbers": _("每行一个数，可从表格整列粘贴"),
    "one_or_many": _("一个数用于全部，或每行一个数，可从表格整列粘贴"),
    "words": _("每行一个"),
    "flags": _("每行一个 1 或 0"),
    "matrix": _("每行一组，数之间用空格、逗号或制表符分开"),
    "results": _("每行一个数，或每行一组重复测量；可从表格粘贴"),
    "rows": _("第一行为列名，可从表格整块粘贴"),
    "named_rows": _("每行一个：名称 参数=值 参数=值"),
    "named_numbers": _("每行一组：名称 数 数 数"),
    "named_values": _("每行一个：名称 数"),
    "named_choice": _("名称，或 名称 参数=值"),
    "parameters": _("参数=值 参数=值"),
    "pairs": _("每行一个：名称 值"),
    "record": _("每行一项：名称 值 值 值"),
    "json": _("JSON"),
}


def fields(schema: Mapping[str, Any], request: Any, errors: Mapping[str, str] | None = None) -> list[Field]:
    """The controls of a task, filled from a request."""
    given = request if isinstance(request, Mapping) else {}
    required = set(schema.get("required", ()))
    found = []
    for name, raw in schema.get("properties", {}).items():
        prop = kinds.resolved(raw, schema)
        kind, parts = kinds.kind_of(prop, schema), kinds.columns(prop, schema)
        found.append(
            Field(
                name,
                kind,
                name in required,
                word(name),
                spoken(str(prop.get("description", ""))),
                tuple((str(code), spoken(str(code))) for code in kinds.names(prop, schema)),
                parts,
                shown(kind, given[name], parts) if name in given else "",
                (errors or {}).get(name, ""),
            )
        )
    return sorted(found, key=lambda field: not field.required)


def request_of(schema: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """The request typed into the controls; blank controls are left out."""
    request = {}
    for field_ in fields(schema, {}):
        text = texts.get(field_.name, "").strip()
        if text:
            request[field_.name] = value_of(field_.kind, text, field_.name, field_.parts)
    return request
