"""Task `quantity`: a result in another unit, rounded, and written for screens, certificates and DCC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from quanheng.errors import InputError
from quanheng.metrology.quantities import UncertaintyRounding, brief, round_to_step, text_of
from quanheng.metrology.reporting import Result
from quanheng.metrology.tasks import Figure, Series, Task, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import choice, keys, number
from quanheng.metrology.unit_algebra import CompoundUnit, convert, parse_dsi, parse_ucum

ROUNDINGS = get_args(UncertaintyRounding)
NOT_LEGAL = "{unit} is no legal unit of China (GB 3100); use it beside the legal one only"

SCHEMA = layout.schema(
    "quantity",
    {
        "value": layout.NUMBER,
        "unit": {"type": "string", "description": "UCUM such as kW.h or m3/h, or a D-SI string"},
        "u": {**layout.POSITIVE, "description": "standard uncertainty; or U with k"},
        "U": layout.POSITIVE,
        "k": {**layout.POSITIVE, "default": 2},
        "to": {"type": "string", "description": "unit to convert to"},
        "digits": {"enum": ["1", "2"], "default": "2", "description": "significant digits of U"},
        "rounding": {"enum": list(ROUNDINGS), "default": "up"},
        "step": {**layout.POSITIVE, "description": "without uncertainty: round to a multiple of it (GB/T 8170)"},
    },
    ("value", "unit"),
)

EXAMPLES: dict[str, Mapping[str, Any]] = {
    "celsius": {"value": "20.0147", "unit": "Cel", "U": "0.032", "k": 2, "to": "K"},
    "energy": {"value": "1.25", "unit": "kW.h", "u": "0.0042", "to": "MJ"},
    "round": {"value": "10.2503", "unit": "mm", "step": "0.05"},
}


@dataclass(frozen=True)
class Quantity:
    """Answer of the task: the result in the unit asked for, and how it is written."""

    value: float
    unit: CompoundUnit
    result: Result | None
    digits: int
    rule: UncertaintyRounding
    step: Decimal | None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        unit = {
            "ucum": self.unit.ucum, "dsi": self.unit.dsi, "symbol": self.unit.symbol, "name_zh": self.unit.zh,
            "legal": self.unit.legal,
        }  # fmt: skip
        r = self.result
        out: dict[str, Any] = {
            "value": self.value,
            "u": None if r is None else float(r.expanded) / r.k,
            "U": None if r is None else float(r.expanded),
            "k": None if r is None else r.k,
            "written": self._written(),
            "unit": unit,
            "document": "GB 3100-1993; GB 3101-1993; GB/T 8170-2008; JCGM 100:2008, 7.2; D-SI 2.2.1",
            "warnings": [] if self.unit.legal else [NOT_LEGAL.format(unit=self.unit.symbol)],
        }
        return out if r is None else out | {"dcc": r.dsi(self.digits)}

    def _written(self) -> dict[str, str]:
        r = self.result
        if r is None:
            exact = Decimal(repr(self.value))
            shown = text_of(round_to_step(exact, self.step) if self.step is not None else exact)
            line = f"{shown} {self.unit.symbol}".rstrip()
            return {"zh": line, "en": line}
        short = f"{brief(self.value, float(r.expanded) / r.k)} {self.unit.symbol}".rstrip()
        lines = {word: r.text(word, digits=self.digits, rule=self.rule) for word in ("zh", "en")}
        return {**lines, "short": short}

    def table(self) -> str:
        """How it is written."""
        written = self._written()
        return layout.lines(
            ("zh", written["zh"]),
            ("en", written["en"]),
            ("short", written.get("short", "")),
            ("unit", f"{self.unit.symbol or '1'}  {self.unit.zh}  UCUM {self.unit.ucum}  D-SI {self.unit.dsi}"),
            ("note", "" if self.unit.legal else NOT_LEGAL.format(unit=self.unit.symbol)),
        )

    def figures(self) -> tuple[Figure, ...]:
        """The interval of the result beside what is printed of it."""
        if self.result is None:
            return ()
        value, expanded = self.result.rounded(self.digits, self.rule)
        U = float(self.result.expanded)
        names = ("exact", "printed")
        drawn = Series(
            "value ± U", "points", (0.0, 1.0), (self.value, float(value)), u=(U, float(expanded)), names=names
        )
        return (Figure(("修约前后", "Before and after rounding"), ("", ""), (self.unit.symbol,) * 2, (drawn,)),)


@guarded
def compute(request: Mapping[str, Any]) -> Quantity:
    """Validate the request and answer it."""
    keys(request, "request", required=("value", "unit"), optional=tuple(SCHEMA["properties"]))
    source = _unit(request["unit"], "unit")
    target = _unit(request["to"], "to") if "to" in request else source
    value = number(request["value"], "value")
    digits = int(choice(str(request.get("digits", "2")), "digits", ("1", "2")))
    rule: UncertaintyRounding = choice(request.get("rounding", "up"), "rounding", ROUNDINGS)  # type: ignore[assignment]
    if "u" in request and "U" in request:
        raise InputError("missing", "give either the standard uncertainty u, or U with k", "u")
    k = number(request.get("k", 2), "k", above=0)
    if "u" in request or "U" in request:
        if "step" in request:
            raise InputError("missing", "a result with uncertainty is rounded by it; leave out step", "step")
        given = number(request["U"], "U", above=0) if "U" in request else k * number(request["u"], "u", above=0)
        result = Result(value, given, source, k, None).converted(target)
        return Quantity(float(result.value), target, result, digits, rule, None)
    step = Decimal(repr(number(request["step"], "step", above=0))) if "step" in request else None
    return Quantity(convert(value, source, target), target, None, digits, rule, step)


def _unit(value: Any, place: str) -> CompoundUnit:
    if not isinstance(value, str) or not value.strip():
        raise InputError("unit_unknown", "write the unit as UCUM or D-SI, such as kW.h", place)
    try:
        return parse_dsi(value.strip()) if value.strip().startswith("\\") else parse_ucum(value.strip())
    except InputError as error:
        raise InputError(error.code, error.message, place) from None


TASK = Task(
    name="quantity",
    title=("单位换算与结果修约", "Units and rounding"),
    document="GB 3100-1993; GB/T 8170-2008; D-SI 2.2.1",
    evaluate=compute,
    schema=SCHEMA,
    example=EXAMPLES["celsius"],
    examples=EXAMPLES,
)
