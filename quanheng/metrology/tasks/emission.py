"""Task `emission`: carbon account of activities with named factor editions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology import emission
from quanheng.metrology.effective import Row, cited, day, decimal, table
from quanheng.metrology.tasks import Figure, Series, Task, clauses, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import keys, number, text

_KIND = "emission_factor"
_U = {"u": layout.NUMBER, "u_relative": layout.NUMBER}
_VALUE = layout.fields({"value": layout.NUMBER, "unit": {"type": "string"}, **_U}, ("value",))
_FACTOR = layout.fields(
    {
        "code": {"type": "string", "description": "of the library; else value and unit"},
        "edition": {"type": "string"},
        "value": layout.NUMBER,
        "unit": {"type": "string"},
        **_U,
    }
)
SCHEMA = layout.schema(
    "emission",
    {
        "law": layout.fields({"region": {"type": "string"}, "date": {"type": "string", "format": "date"}}),
        "activities": {
            "type": "array",
            "minItems": 1,
            "items": layout.fields(
                {
                    "name": {"type": "string"},
                    "amount": layout.NUMBER,
                    "unit": {"type": "string", "description": "kWh MWh GWh MJ GJ TJ g kg t Nm3 10^4Nm3"},
                    **_U,
                    "factor": _FACTOR,
                    "fuel": {"type": "string", "description": "of the library, such as natural-gas"},
                    "ncv": _VALUE,
                    "carbon": _VALUE,
                    "oxidation": _VALUE,
                },
                ("name", "amount", "unit"),
            ),
        },
        "k": {**layout.POSITIVE, "default": 2},
        "tables": {"type": "object", "description": "rows of the law; brought from the library when absent"},
    },
    ("activities",),
)
EXAMPLES: dict[str, Mapping[str, Any]] = {
    "works": {
        "law": {"region": "CN", "date": "2026-03-01"},
        "activities": [
            {
                "name": "外购电力",
                "amount": "1200",
                "unit": "MWh",
                "u_relative": "0.005",
                "factor": {"code": "grid.east.average", "u_relative": "0.03"},
            },
            {
                "name": "天然气",
                "amount": "52",
                "unit": "10^4Nm3",
                "u_relative": "0.01",
                "fuel": "natural-gas",
                "ncv": {"value": "389.31", "unit": "GJ/10^4Nm3", "u_relative": "0.015"},
                "carbon": {"value": "0.01532", "unit": "tC/GJ", "u_relative": "0.01"},
                "oxidation": {"value": "99", "unit": "%", "u_relative": "0.005"},
            },
        ],
    },
    "no-uncertainty-stated": {
        "law": {"region": "CN", "date": "2026-03-01"},
        "activities": [
            {"name": "汽油", "amount": 12, "unit": "t", "u_relative": 0.005, "fuel": "gasoline"},
            {"name": "外购热力", "amount": 300, "unit": "GJ", "factor": {"code": "heat.china.purchased"}},
        ],
    },
    "measured": {
        "activities": [
            {
                "name": "A",
                "amount": 100,
                "unit": "MWh",
                "u": 0.5,
                "factor": {"value": "0.5306", "unit": "kgCO2/kWh", "u_relative": 0.02, "edition": "2023"},
            }
        ]
    },
}


@dataclass(frozen=True)
class EmissionResult:
    """Answer of the task."""

    found: emission.Account
    k: float
    rows: tuple[Row, ...]

    def to_dict(self) -> dict[str, Any]:
        """The documented keys; u and U are null where an input states no uncertainty."""
        f = self.found
        expanded = None if f.u is None else self.k * f.u
        return {
            "total": f.total,
            "unit": "tCO2e",
            "u": f.u,
            "U": expanded,
            "k": self.k,
            "text": {"total": text(f.total, expanded), "U": None if expanded is None else text(expanded, expanded)},
            "activities": [
                {
                    "name": t.name,
                    "emission": t.emission,
                    "u": t.u,
                    "share": t.emission / f.total if f.total else None,
                    "text": text(t.emission, t.u),
                    "inputs": [vars(i) for i in t.inputs],
                }
                for t in f.terms
            ],
            "budget": [{"input": key, "contribution": c, "share": share} for key, c, share in f.budget],
            "unstated": list(f.unstated),
            "law": cited(self.rows),
            "warnings": self._warnings(),
        }

    def _warnings(self) -> list[str]:
        notes = [
            f"unverified: {r.get('code')} of {r.get('edition')}" + (f" ({r['note']})" if r.get("note") else "")
            for r in self.rows
            if r.get("verified") != "yes"
        ]
        if self.found.unstated:
            notes.append("no uncertainty of the total: none is stated for " + ", ".join(self.found.unstated))
        return notes

    def table(self) -> str:
        """Activities and total for a person."""
        f = self.found
        rows = [(t.name, text(t.emission, t.u), "-" if t.u is None else text(t.u, t.u)) for t in f.terms]
        expanded = None if f.u is None else self.k * f.u
        total = text(f.total, expanded)
        tail = layout.lines(
            ("total", f"{total} tCO2e"),
            ("U", "not stated" if expanded is None else f"{text(expanded, expanded)} (k = {self.k:g})"),
            *(("factor", f"{r.get('code')} {r.get('value')} {r.get('unit', '')}, {r['edition']}") for r in self.rows),
            *(("note", note) for note in self._warnings()),
        )
        return f"{layout.columns(('activity', 'tCO2e', 'u'), rows)}\n\n{tail}"

    def figures(self) -> tuple[Figure, ...]:
        """Emission of each activity."""
        terms = self.found.terms
        place = tuple(float(i) for i in range(len(terms)))
        u = tuple(self.k * t.u for t in terms if t.u is not None)
        bars = Series(
            "tCO2e",
            "bars",
            place,
            tuple(t.emission for t in terms),
            u=u if len(u) == len(terms) else (),
            names=tuple(t.name for t in terms),
        )
        title = ("各活动排放量", "Emission of each activity")
        return (Figure(title, ("活动", "Activity"), ("排放量（tCO₂e）", "Emission (tCO₂e)"), (bars,)),)


class _Reader:
    """Reads the activities of one request and remembers which rows of the law were used."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        law = keys(request.get("law", {}), "law", required=(), optional=("region", "date"))
        self.on = day(law["date"], "law.date") if "date" in law else None
        self.tables = request.get("tables")
        self.used: dict[tuple[str, str], Row] = {}

    def row(self, code: str, edition: str | None, place: str) -> Row:
        if self.on is None and edition is None:
            raise InputError("missing", "a factor of the library needs law.date or its edition", place)
        rows = [r for r in table(self.tables, _KIND) if r.get("code") == code]
        if not rows:
            raise InputError("unknown", f"the library has no factor {code[:60]!r}", place)
        found = table({_KIND: rows}, _KIND, on=self.on, edition=edition)
        if len(found) > 1:
            editions = ", ".join(str(r.get("edition")) for r in found)
            raise InputError("ambiguous", f"{code} has several editions then: {editions}; name one", place)
        self.used[(code, str(found[0].get("edition")))] = found[0]
        return found[0]

    def of_library(self, code: str, given: Mapping[str, Any], place: str) -> emission.Input:
        edition = str(given["edition"]) if "edition" in given else None
        row = self.row(code, edition, place)
        value = float(decimal(row, "value", code))
        return emission.Input(
            f"{code} {row.get('edition')}", value, str(row.get("unit", "")), _relative(given, value, place)
        )

    def activity(self, entry: Any, place: str) -> emission.Term:
        known = ("u", "u_relative", "factor", "fuel", "ncv", "carbon", "oxidation")
        keys(entry, place, required=("name", "amount", "unit"), optional=known)
        name = str(entry["name"])[:80]
        amount = _given(f"{place} {name}", {"value": entry["amount"], **entry}, place)
        if ("factor" in entry) == ("fuel" in entry):
            raise InputError("missing", "needs either factor or fuel", place)
        if "factor" in entry:
            return emission.simple(name, amount, self.factor(entry["factor"], f"{place}.factor"), place)
        code = f"fuel.{entry['fuel']}"
        parts = (("ncv", "ncv"), ("carbon", "carbon-per-heat"), ("oxidation", "oxidation"))
        ncv, carbon, oxidation = (self.part(entry, part, f"{code}.{end}", place) for part, end in parts)
        return emission.fuel(name, amount, ncv, carbon, oxidation, place)

    def part(self, entry: Mapping[str, Any], part: str, code: str, place: str) -> emission.Input:
        if part not in entry:
            return self.of_library(code, {}, f"{place}.fuel")
        here = f"{place}.{part}"
        given = keys(entry[part], here, required=("value",), optional=("unit", "u", "u_relative"))
        return _given(f"{code} of {entry['name']}"[:120], given, here)

    def factor(self, value: Any, place: str) -> emission.Input:
        given = keys(value, place, required=(), optional=("code", "edition", "value", "unit", "u", "u_relative"))
        if ("code" in given) == ("value" in given):
            raise InputError("missing", "needs either a code of the library or a value with its unit", place)
        if "code" in given:
            return self.of_library(str(given["code"]), given, place)
        return _given(f"{place} {given.get('edition', '')}".strip(), given, place)


def _given(key: str, given: Mapping[str, Any], place: str) -> emission.Input:
    value = number(given["value"], f"{place}.value", minimum=0)
    return emission.Input(key, value, str(given.get("unit", "")), _relative(given, value, place))


def _relative(given: Mapping[str, Any], value: float, place: str) -> float | None:
    if "u" in given and "u_relative" in given:
        raise InputError("conflict", "give u or u_relative, not both", place)
    if "u_relative" in given:
        return number(given["u_relative"], f"{place}.u_relative", minimum=0)
    if "u" not in given:
        return None
    u = number(given["u"], f"{place}.u", minimum=0)
    if value == 0:
        raise InputError("range", "an amount of zero has no relative uncertainty; leave it out", place)
    return u / value


@guarded
def compute(request: Mapping[str, Any]) -> EmissionResult:
    """Validate the request and answer it."""
    keys(request, "request", required=("activities",), optional=tuple(SCHEMA["properties"]))
    activities = request["activities"]
    if not isinstance(activities, list | tuple):
        raise InputError("request", "expected a list of activities", "activities")
    reader = _Reader(request)
    terms = [reader.activity(entry, f"activities[{i}]") for i, entry in enumerate(activities)]
    k = number(request.get("k", 2), "k", above=0)
    return EmissionResult(emission.account(terms), k, tuple(reader.used.values()))


TASK = Task(
    name="emission",
    title=("碳排放核算", "Carbon emission"),
    document="E = AD × EF; GUM 5.1, 5.2",
    evaluate=compute,
    cited=clauses.emission,
    schema=SCHEMA,
    example=EXAMPLES["works"],
    examples=EXAMPLES,
    tables=(_KIND,),
)
