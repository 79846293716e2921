"""Task `stability`: long- or short-term stability of a reference material with shelf life and certified value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.metrology.checks import Floats
from quanheng.metrology.reference_material.certified import Certified, certify
from quanheng.metrology.reference_material.stability import Arrhenius, Stability, arrhenius, crossing, stability
from quanheng.metrology.tasks import Figure, Series, Task, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import choice, keys, number, numbers, text

KINDS = ("long-term", "short-term", "isochronous")

SCHEMA = layout.schema(
    "stability",
    {
        "t": {**layout.NUMBERS, "minItems": 3, "description": "times, in the unit of shelf_life"},
        "y": {**layout.NUMBERS, "minItems": 3, "description": "results"},
        "u": {**layout.NUMBERS, "description": "standard uncertainties, for weights only"},
        "shelf_life": layout.POSITIVE,
        "u_max": {**layout.POSITIVE, "description": "largest tolerable standard uncertainty from instability"},
        "limits": layout.fields({"low": layout.NUMBER, "high": layout.NUMBER}, ("low", "high")),
        "kind": {"enum": list(KINDS), "default": "long-term"},
        "unit_of_time": {"type": "string", "default": ""},
        "certify": layout.fields(
            {
                "value": layout.NUMBER,
                "components": {"type": "object", "additionalProperties": layout.NUMBER},
                "k": {**layout.POSITIVE, "default": 2},
            },
            ("value", "components"),
        ),
        "arrhenius": layout.fields(
            {
                "kelvin": layout.NUMBERS,
                "rate": layout.NUMBERS,
                "store_at": layout.POSITIVE,
                "tolerated": layout.POSITIVE,
            },
            ("kelvin", "rate", "store_at", "tolerated"),
        ),
    },
    ("t", "y", "shelf_life"),
)

EXAMPLES: dict[str, Mapping[str, Any]] = {
    "no-trend": {
        "t": [0, 0, 3, 3, 6, 6, 12, 12, 18, 18, 24, 24],
        "y": [97.76, 97.61, 97.92, 97.70, 97.55, 97.88, 97.83, 97.62, 97.71, 97.95, 97.58, 97.79],
        "shelf_life": 60,
        "unit_of_time": "month",
        "u_max": "0.5",
        "limits": {"low": "97.0", "high": "98.5"},
        "certify": {"value": "97.74", "components": {"char": "0.12", "bb": "0.05"}},
    },
    "trend": {
        "t": [0, 1, 2, 3, 6, 9, 12],
        "y": [50.1, 49.7, 49.5, 49.2, 48.1, 47.2, 46.1],
        "shelf_life": 12,
        "u_max": 0.5,
    },
}


@dataclass(frozen=True)
class StabilityResult:
    """Answer of the task."""

    t: Floats
    y: Floats
    found: Stability
    leaves: float | None
    limits: tuple[float, float] | None
    certified: Certified | None
    unit: str
    extrapolated: Arrhenius | None = None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        s, line = self.found, self.found.line
        out: dict[str, Any] = {
            "document": "ISO Guide 35:2017 clause 8; JJF 1343-2022",
            "kind": s.kind,
            "n": len(self.t),
            "mean": float(self.y.mean()),
            "a": line.a,
            "b": line.b,
            "u_a": line.u_a,
            "u_b": line.u_b,
            "cov_ab": line.cov_ab,
            "s": line.s,
            "dof": line.dof,
            "t": layout.plain(line.t),
            "t_critical": line.critical,
            "p": line.p,
            "stable": s.stable,
            "shelf_life": s.shelf_life,
            "u_stability": s.u,
            "change": s.change,
            "longest": s.longest,
            "leaves_limits": self.leaves,
            "rule": _rule(s),
            "text": {"b": text(line.b, line.u_b), "u_stability": None if s.u is None else text(s.u, s.u)},
        }
        if self.certified is not None:
            c = self.certified
            out["certified"] = {
                "value": c.value,
                "u": c.u,
                "U": c.U,
                "k": c.k,
                "budget": [{"component": n, "u": u, "share": share} for n, u, share in c.budget],
                "text": {"value": text(c.value, c.U), "U": text(c.U, c.U)},
            }
        if self.extrapolated is not None:
            e = self.extrapolated
            out["arrhenius"] = {
                "activation_energy": e.activation_energy,
                "u_activation_energy": e.u_activation_energy,
                "rate": e.rate,
                "shelf_life": e.shelf_life,
                "dof": e.dof,
            }
        return out

    def table(self) -> str:
        """Slope, its test, and the stability uncertainty."""
        s, line = self.found, self.found.line
        unit = f" {self.unit}" if self.unit else ""
        stays = "stays inside to the end of the search" if self.limits is not None else ""
        parts = [
            layout.lines(
                ("slope", f"{text(line.b, line.u_b)}  u {text(line.u_b, line.u_b)}"),
                ("t", f"{layout.finite(line.t, '.3g')} against {line.critical:.3g}, p {line.p:.3g}"),
                ("verdict", _rule(s)),
                ("shelf life", f"{s.shelf_life:g}{unit}"),
                ("u_stability", "" if s.u is None else text(s.u, s.u)),
                ("change", "" if s.stable else f"{s.change:.4g} over the shelf life"),
                ("longest", "" if s.longest is None else f"{s.longest:.4g}{unit}"),
                ("limits", stays if self.leaves is None else f"left after {self.leaves:.4g}{unit}"),
            )
        ]
        if self.certified is not None:
            c = self.certified
            rows = [(n, f"{u:.4g}", f"{100 * share:.1f} %") for n, u, share in c.budget]
            parts.append(layout.columns(("component", "u", "share"), rows))
            parts.append(f"certified value {text(c.value, c.U)} ± {text(c.U, c.U)} (k = {c.k:g})")
        if self.extrapolated is not None:
            e = self.extrapolated
            energy = text(e.activation_energy / 1000, e.u_activation_energy / 1000)
            life = ("Arrhenius shelf life", f"{e.shelf_life:.4g}{unit}")
            parts.append(layout.lines(life, ("activation energy", f"{energy} kJ/mol")))
        return "\n\n".join(parts)

    def figures(self) -> tuple[Figure, ...]:
        """Results, line and its 95 % band to the end of the shelf life."""
        line = self.found.line
        grid = np.linspace(float(self.t.min()), max(float(self.t.max()), self.found.shelf_life), 60)
        pairs = [line.value(float(g)) for g in grid]
        middle, half = [p[0] for p in pairs], [line.critical * p[1] for p in pairs]
        low = [m - h for m, h in zip(middle, half, strict=True)]
        high = [m + h for m, h in zip(middle, half, strict=True)]
        marks = () if self.limits is None else (("y", "low", self.limits[0]), ("y", "high", self.limits[1]))
        return (
            Figure(
                ("稳定性回归", "Stability regression"),
                ("时间" + (f"（{self.unit}）" if self.unit else ""), "Time" + (f" ({self.unit})" if self.unit else "")),
                ("测得值", "Value"),
                (
                    Series("95 %", "band", grid.tolist(), low=low, high=high),
                    Series("line", "line", grid.tolist(), middle),
                    Series("results", "points", self.t.tolist(), self.y.tolist()),
                ),
                (*marks, ("x", "shelf life", self.found.shelf_life)),
            ),
        )


def _rule(s: Stability) -> str:
    if s.stable:
        return "no trend at 95 %: u = u(b) times the shelf life"
    return "significant trend: not stable, no stability uncertainty is given"


@guarded
def compute(request: Mapping[str, Any]) -> StabilityResult:
    """Validate the request and answer it."""
    keys(request, "request", required=("t", "y", "shelf_life"), optional=tuple(SCHEMA["properties"]))
    t, y = numbers(request["t"], "t"), numbers(request["y"], "y")
    u = numbers(request["u"], "u") if "u" in request else None
    shelf_life = number(request["shelf_life"], "shelf_life", above=0)
    u_max = number(request["u_max"], "u_max", above=0) if "u_max" in request else None
    kind = choice(request.get("kind", "long-term"), "kind", KINDS)
    found = stability(t, y, shelf_life, u=u, u_max=u_max, kind=kind)
    limits, leaves = None, None
    if "limits" in request:
        limits = _limits(request["limits"])
        horizon = 20 * max(shelf_life, float(np.ptp(t)))
        leaves = crossing(found.line, *limits, horizon=horizon)
    certified = _certify(request["certify"], found) if "certify" in request else None
    extrapolated = _arrhenius(request["arrhenius"]) if "arrhenius" in request else None
    unit = str(request.get("unit_of_time", ""))[:40]
    return StabilityResult(t, y, found, leaves, limits, certified, unit, extrapolated)


def _arrhenius(value: Any) -> Arrhenius:
    given = keys(value, "arrhenius", required=("kelvin", "rate", "store_at", "tolerated"))
    kelvin, rate = (numbers(given[key], f"arrhenius.{key}") for key in ("kelvin", "rate"))
    store_at = number(given["store_at"], "arrhenius.store_at", above=0)
    return arrhenius(kelvin, rate, store_at, number(given["tolerated"], "arrhenius.tolerated", above=0))


def _limits(value: Any) -> tuple[float, float]:
    from_request = keys(value, "limits", required=("low", "high"))
    low = number(from_request["low"], "limits.low")
    return low, number(from_request["high"], "limits.high", above=low)


def _certify(value: Any, found: Stability) -> Certified | None:
    given = keys(value, "certify", required=("value", "components"), optional=("k",))
    components = keys(
        given["components"],
        "certify.components",
        required=(),
        optional=tuple(given["components"]) if isinstance(given["components"], Mapping) else (),
    )
    budget = {str(n)[:40]: number(u, f"certify.components.{n}", minimum=0) for n, u in components.items()}
    if found.u is None:
        return None  # an unstable material is certified for no time at all
    budget[found.kind] = found.u
    return certify(number(given["value"], "certify.value"), budget, number(given.get("k", 2), "certify.k", above=0))


TASK = Task(
    name="stability",
    title=("标准物质稳定性与定值", "Stability and certified value"),
    document="ISO Guide 35:2017; ISO 33405:2024; JJF 1343-2022",
    evaluate=compute,
    schema=SCHEMA,
    example=EXAMPLES["no-trend"],
    examples=EXAMPLES,
)
