"""The record sheet as the page draws it: cells with their paths, ghosts of last time, choices of standards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from quanheng.platform.certificates import item, queries, standards_used
from quanheng.platform.certificates import procedure as procedures
from quanheng.platform.certificates.coverage import Demand, demands, too_narrow
from quanheng.platform.certificates.models import Record
from quanheng.platform.certificates.naming import Names, choice_labels, said
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.queries import may_use
from quanheng.procedures.form import form
from quanheng.procedures.records import ITEM_KEYS


@dataclass(frozen=True)
class Cell:
    """One box of the sheet; ``path`` is its place in the record."""

    path: str
    label: str
    value: str = ""
    ghost: str = ""
    symbol: str = ""
    editable: bool = True
    kind: str = "number"
    choices: tuple[tuple[str, str], ...] = ()
    low: str = ""
    high: str = ""
    verified: bool = True
    source: str = ""

    @property
    def span(self) -> str:
        """The limits as people write them."""
        if self.low and self.high:
            return f"{self.low} … {self.high}"
        return f"≥ {self.low}" if self.low else f"≤ {self.high}" if self.high else ""

    @property
    def shown(self) -> str:
        """The value in words where it is one of the choices."""
        return dict(self.choices).get(self.value, self.value)


def _marked(part: dict[str, Any]) -> dict[str, Any]:
    return {"verified": part.get("verified") in (None, "yes"), "source": part.get("source") or ""}


def build(record: Record) -> dict[str, Any]:
    """Everything the sheet shows, ready for the template."""
    loaded = procedures.loaded(record.procedure_id)
    described = form(loaded, record.data.get("instrument", {}), record.data["purpose"])
    before = queries.previous_of(record)
    ghost = before.data if before is not None else {}
    return {
        "norm": described["norm"],
        "title": said(described["norm"]["title"]),
        "item": [_of_item(key, record) for key in ITEM_KEYS],
        "ledger": item.beside_ledger(record),
        "parameters": [_parameter(p, record.data, ghost) for p in described["parameters"]],
        "environment": [_condition(c, record.data, ghost) for c in described["environment"]],
        "standards": [_role(s, record) for s in described["standards"]],
        "sections": [_section(s, record.data, ghost) for s in described["sections"]],
        "checks": [_check(c, record.data) for c in described["checks"]],
        "names": {f"{s['key']}.{q['key']}": said(q["label"]) for s in described["sections"] for q in s["quantities"]},
        "remarks": record.data.get("remarks", ""),
        "previous": before,
        "problems": [said(p) for p in described["problems"]],
    }


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return "" if value is None else str(value)


def _of_item(key: str, record: Record) -> Cell:
    """What will be printed of the instrument; the verifier compares it with the plate."""
    value, open_ = item.printed(record).get(key, ""), key in item.editable(record)
    return Cell(f"item.{key}", item.title_of(key), value, editable=open_, kind="text")


def _parameter(part: dict[str, Any], data: dict[str, Any], ghost: dict[str, Any]) -> Cell:
    key = part["key"]
    return Cell(
        f"instrument.{key}",
        said(part["label"]),
        _text(data.get("instrument", {}).get(key)),
        _text(ghost.get("instrument", {}).get(key) or part["default"]),
        part["symbol"],
        kind=part["kind"],
        choices=tuple(choice_labels(part).items()),
    )


def _condition(part: dict[str, Any], data: dict[str, Any], ghost: dict[str, Any]) -> Cell:
    key = part["key"]
    return Cell(
        f"environment.{key}",
        said(part["label"]),
        _text(data.get("environment", {}).get(key)),
        _text(ghost.get("environment", {}).get(key)),
        part["symbol"],
        low=part["low"] or "",
        high=part["high"] or "",
        **_marked(part),
    )


@dataclass(frozen=True)
class Choice:
    """A standard that may be chosen for a role, or why it may not."""

    standard: MeasurementStandard
    chosen: bool
    certificate: str
    valid_to: str
    reason: str
    note: str = ""


def _role(part: dict[str, Any], record: Record) -> dict[str, Any]:
    chosen = {e["item"] for e in record.data.get("standards", []) if e.get("role") == part["role"]}
    loaded = procedures.loaded(record.procedure_id)
    demand = demands(loaded, record.data).get(part["role"], Demand(()))
    offered = standards_used.choices(record.task, loaded).get(part["role"], [])
    known = demand.extents(offered, record.performed_on)
    rows = []
    for standard in offered:
        decision = may_use(standard, record.task.norm, record.performed_on) if record.task.norm else None
        entry = standards_used.entry_of(standard, part["role"], record.performed_on)
        reason = "" if decision or decision is None else str(decision.reason)
        narrow = too_narrow([standard], demand, known)
        if not reason and narrow and not demand.part(known.get(standard.pk)):
            reason, narrow = narrow, ""
        said_of = (entry["certificate"], entry["valid_to"], reason, "" if reason else narrow)
        rows.append(Choice(standard, str(standard.pk) in chosen, *said_of))
    return {
        "role": part["role"],
        "label": said(part["label"]),
        "requirement": said(part["requirement"]),
        "required": part["required"],
        "choices": rows,
        **_marked(part),
    }


def _section(part: dict[str, Any], data: dict[str, Any], ghost: dict[str, Any]) -> dict[str, Any]:
    given = data.get("sections", {}).get(part["key"], [])
    last = ghost.get("sections", {}).get(part["key"], [])
    rows = None
    if part["rows"] is not None:
        rows = [_row(part, row, _at(given, row["index"]), _at(last, row["index"])) for row in part["rows"]]
    return {
        "key": part["key"],
        "title": said(part["title"]),
        "fields": [{**f, "label": said(f["label"])} for f in part["fields"]],
        "quantities": [{**q, "label": said(q["label"])} for q in part["quantities"] if q["scope"] == "row"],
        "summary": [{**q, "label": said(q["label"])} for q in part["quantities"] if q["scope"] != "row"],
        "rows": rows,
        **_marked(part),
    }


def _at(rows: Any, index: int) -> dict[str, Any]:
    return rows[index] if isinstance(rows, list) and index < len(rows) else {}


def _row(part: dict[str, Any], row: dict[str, Any], given: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    cells = []
    for field in part["fields"]:
        key = field["key"]
        fixed = row["given"].get(key)
        cells.append(
            Cell(
                f"sections.{part['key']}.{row['index']}.{key}",
                said(field["label"]),
                _text(given.get(key)) or _text(fixed),
                _text(last.get(key)),
                field["symbol"],
                editable=field["editable"],
                kind=field["type"],
            )
        )
    return {"index": row["index"], "point": row["point"], "optional": row["optional"], "cells": cells}


def _check(part: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    answer = data.get("checks", {}).get(part["key"])
    return {"key": part["key"], "label": said(part["label"]), "answer": answer, **_marked(part)}


def readable(record: Record) -> dict[str, Any]:
    """The record for those who check and sign: every reading beside its result, its limits and the verdict."""
    described, names = build(record), Names(record.procedure_id, record.data)
    answer = record.result or procedures.live(record.procedure_id, record.data)
    painted = picture({"missing": (), "invalid": (), **answer}, names)
    by_path = {o["path"]: o for o in painted["outcomes"]}
    sections = []
    for section in described["sections"]:
        key, quantities, drawn = section["key"], [q["key"] for q in section["quantities"]], section["rows"] or []
        shown = {f"{key}.{r['index']}.{q}" for r in drawn for q in quantities}
        rows = [
            {**r, "outcomes": [by_path.get(f"{key}.{r['index']}.{q}") for q in quantities]}
            for r in drawn
            if not r["optional"] or any(c.value and c.editable for c in r["cells"])
        ]
        rest = [o for o in painted["outcomes"] if o["section"] == key and o["path"] not in shown]
        sections.append({**section, "rows": rows, "outcomes": rest})
    return {**described, "sections": sections, "verdict": painted["verdict"], "worst": painted["worst"]}


def picture(answer: dict[str, Any], names: Names) -> dict[str, Any]:
    """What the page paints of an evaluation: outcomes, the worst point, what is missing and wrong, each by name."""
    outcomes = [_outcome(o, names) for o in answer["results"]]
    limited = [o for o in outcomes if o["ratio"] is not None and o["decides"]]
    worst = max(limited, key=lambda o: abs(o["ratio"]), default=None)
    return {
        "verdict": answer["verdict"],
        "outcomes": outcomes,
        "worst": worst,
        "reasons": [said(r) for r in answer["reasons"]],
        "findings": [_gap(f, names) for f in answer["findings"]],
        "missing": [_gap(p, names) for p in answer.get("missing", ())],
        "invalid": [_gap(p, names) for p in answer.get("invalid", ())],
        "unverified": len(answer["unverified"]),
    }


def _gap(one: dict[str, Any], names: Names) -> dict[str, str]:
    """A place of the record with its name and what is wrong there."""
    return {
        "path": _dotted(one["path"]),
        "role": names.role_of(one["path"]),
        "name": names.of(one["path"]),
        "text": said(one),
    }


def uncovered(record: Record, data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Roles whose standards, as chosen on the sheet, do not cover what was typed there."""
    chosen, wanted = standards_used.by_role(data), demands(procedures.loaded(record.procedure_id), data)
    found = {
        role: too_narrow(chosen[role], demand, demand.extents(chosen[role], record.performed_on))
        for role, demand in wanted.items()
        if role in chosen
    }
    return [{"path": "standards", "role": r, "name": _("标准器"), "text": text} for r, text in found.items() if text]


def _dotted(path: str) -> str:
    """``sections.weighing[0].I_up`` as the page names its boxes."""
    return path.replace("[", ".").replace("]", "")


def _outcome(one: dict[str, Any], names: Names) -> dict[str, Any]:
    low, high, narrowed = _decisive(one)
    return {
        "path": f"{one['section']}.{one['row']}.{one['quantity']}",
        "section": one["section"],
        "row": one["row"],
        "point": one["point"],
        "title": names.section(one["section"]),
        "label": names.quantity(one["section"], one["quantity"]),
        "symbol": names.symbol(one["section"], one["quantity"]),
        "value": one["value"],
        "low": low,
        "high": high,
        "mpe": one["mpe"] if narrowed else "",
        "U": one["U"],
        "k": one["k"],
        "ok": one["ok"],
        "decides": one["decides"],
        "ratio": _ratio(one["value"], low, high),
    }


def _decisive(one: dict[str, Any]) -> tuple[str | None, str | None, bool]:
    """The limits that decide, and whether they are narrower than those of the norm."""
    low, high = one.get("accept_low"), one.get("accept_high")
    return (one["low"], one["high"], False) if low is None and high is None else (low, high, True)


def _ratio(given: str, lower: str | None, upper: str | None) -> float | None:
    """Where the value lies in its limits: -1 at the lower, 1 at the upper. For drawing only, never for judging."""
    try:
        value = float(given)
        high = float(upper) if upper is not None else None
        low = float(lower) if lower is not None else (0.0 if high is not None else None)
    except (TypeError, ValueError):
        return None
    if high is None or low is None or high <= low:
        return None
    if lower is None:
        return value / high
    return (2 * value - high - low) / (high - low)
