"""Raw records with plausible readings: the worked examples of the procedures, scaled to an instrument and varied.

Every sheet is computed before it is used, so that the verdict is the one asked for.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from numpy.random import Generator

from quanheng.errors import InputError
from quanheng.procedures import run
from quanheng.procedures.loader import library_folder, load

Sheet = dict[str, Any]
ATTEMPTS = 4


@dataclass(frozen=True)
class Pattern:
    """How one procedure's example is varied: reading field → (step, most steps), in the unit of the unscaled sheet."""

    number: str
    vary: dict[str, tuple[str, int]]
    factors: tuple[str, ...] = ("1",)


PATTERNS = {
    "JJG-539-2016": Pattern(
        "JJG 539-2016",
        {"dL": ("0.001", 1), "dL_up": ("0.001", 1), "dL_down": ("0.001", 1)},
        ("1", "0.5", "0.2", "2", "5"),
    ),
    "JJG-52-2013": Pattern("JJG 52-2013", {"up_after": ("0.01", 1), "down_after": ("0.01", 1)}, ("1", "10", "0.1")),
    "JJG-443-2023": Pattern("JJG 443-2023", {"vj": ("0.01", 1), "h": ("1", 1)}),
    "JJG-162-2019": Pattern("JJG 162-2019", {"va": ("0.01", 3)}),
    "JJG-596-2012": Pattern("JJG 596-2012", {"g1": ("0.001", 6), "g2": ("0.001", 6)}),
    "JJG-1148-2022": Pattern("JJG 1148-2022", {"true_energy": ("0.0001", 6)}),
    "JJG-1149-2022": Pattern("JJG 1149-2022", {"true_energy": ("0.0001", 20)}),
    "JJG-99-2022": Pattern("JJG 99-2022", {"b1": ("0.01", 1), "b2": ("0.01", 1)}),
}
PROCEDURE_OF = {pattern.number: key for key, pattern in PATTERNS.items()}
MASS = ("load", "I", "dL", "I_up", "dL_up", "I_down", "dL_down", "I1", "I2", "tare_value", "mass")
PRESSURE = ("p", "reading", "up_before", "up_after", "down_before", "down_after")


@functools.cache
def _example(procedure: str, verdict: str) -> str:
    return (library_folder() / "examples" / f"{procedure}.{verdict}.json").read_text("utf-8")


def example(procedure: str, verdict: str = "pass") -> Sheet:
    """The worked example of a procedure."""
    sheet: Sheet = json.loads(_example(procedure, verdict))
    return sheet


def purpose(procedure: str) -> str:
    """The purpose of the worked examples."""
    return str(example(procedure)["purpose"])


def _readings(sheet: Sheet) -> Iterator[dict[str, Any]]:
    for rows in sheet["sections"].values():
        yield from rows


def _scaled(text: str, factor: Decimal) -> str:
    value = Decimal(text) * factor
    return f"{value:f}"


def _scale_539(sheet: Sheet, factor: Decimal) -> None:
    for key in ("max", "min", "e", "d"):
        sheet["instrument"][key] = f"{(Decimal(sheet['instrument'][key]) * factor).normalize():f}"
    step = Decimal(sheet["instrument"]["d"])
    fine = (step / 10).normalize()
    for row in _readings(sheet):
        for key in MASS:
            if key in row:
                value = Decimal(row[key]) * factor
                row[key] = f"{value.quantize(fine if key.startswith('dL') else step):f}"
        if "amount" in row:
            row["amount"] = f"{(Decimal(row['mass']) * Decimal(row['unit_price'])).quantize(Decimal('0.01')):f}"


def _scale_52(sheet: Sheet, factor: Decimal) -> None:
    for key in ("upper", "division", "numbered"):
        sheet["instrument"][key] = f"{(Decimal(sheet['instrument'][key]) * factor).normalize():f}"
    for row in _readings(sheet):
        for key in PRESSURE:
            if key in row:
                row[key] = _scaled(row[key], factor)
    for standard in sheet["standards"]:
        standard["mpe"] = _scaled(standard["mpe"], factor)


SCALERS: dict[str, Callable[[Sheet, Decimal], None]] = {"JJG-539-2016": _scale_539, "JJG-52-2013": _scale_52}


def blank(procedure: str, verdict: str = "pass", factor: str = "1") -> Sheet:
    """The example for an instrument of another range."""
    sheet = example(procedure, verdict)
    if factor != "1":
        SCALERS[procedure](sheet, Decimal(factor))
    return sheet


def parameters(procedure: str, verdict: str = "pass", factor: str = "1") -> dict[str, Any]:
    """The metrological parameters of the instrument that such a sheet is about."""
    found: dict[str, Any] = blank(procedure, verdict, factor)["instrument"]
    return found


def _varied(sheet: Sheet, pattern: Pattern, factor: Decimal, rng: Generator) -> Sheet:
    made = copy.deepcopy(sheet)
    for row in _readings(made):
        for key, (step, most) in pattern.vary.items():
            if row.get(key) not in (None, ""):
                shift = int(rng.integers(-most, most + 1)) * Decimal(step) * factor
                old = Decimal(row[key])
                row[key] = f"{(old + shift).quantize(old):f}"
    _vary_environment(made["environment"], rng)
    return made


def _vary_environment(environment: dict[str, Any], rng: Generator) -> None:
    shift = Decimal(int(rng.integers(-6, 7))) / 10
    for key, value in environment.items():
        if key.startswith("temperature"):
            environment[key] = f"{Decimal(value) + shift:f}"
        elif key == "humidity":
            environment[key] = str(int(value) + int(rng.integers(-4, 5)))


def make(procedure: str, rng: Generator, *, verdict: str = "pass", factor: str = "1") -> Sheet:
    """A sheet whose computed verdict is the one asked for; the plain example where chance does not give one."""
    base = blank(procedure, verdict, factor)
    for _attempt in range(ATTEMPTS):
        sheet = _varied(base, PATTERNS[procedure], Decimal(factor), rng)
        try:
            result = run(load(procedure), sheet)
        except InputError:
            continue
        if result.verdict == verdict and not result.findings:
            return sheet
    return base
