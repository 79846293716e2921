"""Task `homogeneity`: between-unit uncertainty of a reference material or of proficiency items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.reference_material.homogeneity import Homogeneity, homogeneity
from quanheng.metrology.tasks import Figure, Series, Task, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import called, keys, number, numbers, text

SCHEMA = layout.schema(
    "homogeneity",
    {
        "bottles": {
            "type": "array",
            "minItems": 2,
            "items": layout.NUMBERS,
            "description": "results of each unit; unequal numbers are allowed",
        },
        "names": {"type": "array", "items": {"type": "string"}},
        "s_r": {**layout.POSITIVE, "description": "repeatability standard deviation of the method, where known better"},
        "sigma": {**layout.POSITIVE, "description": "standard deviation for assessment of a proficiency test"},
        "level": {**layout.POSITIVE, "exclusiveMaximum": 1, "default": 0.05},
    },
    ("bottles",),
)

EXAMPLES: dict[str, Mapping[str, Any]] = {
    # eCerto (J. Lisec, BAM), example material CRM001, analyte Z
    "ecerto-crm001": {
        "bottles": [
            ["1.234", "1.285", "1.255"],
            ["1.255", "1.265", "1.265"],
            ["1.255", "1.285", "1.234"],
            ["1.228", "1.198", "1.228"],
            ["1.208", "1.228", "1.198"],
            ["1.198", "1.208", "1.218"],
        ]
    },
    "unbalanced": {
        "bottles": [[10.1, 10.3], [10.2, 10.1, 10.4], [10.0, 10.2], [10.3]],
        "s_r": 0.1,
        "sigma": 0.5,
    },
}


@dataclass(frozen=True)
class HomogeneityResult:
    """Answer of the task."""

    names: tuple[str, ...]
    bottles: tuple[tuple[float, ...], ...]
    found: Homogeneity

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        h, a = self.found, self.found.anova
        relative = abs(a.mean) if a.mean else None
        return {
            "document": "ISO Guide 35:2017 clause 7; JJF 1343-2022",
            "mean": a.mean,
            "units": a.groups,
            "n": a.n,
            "n0": a.n0,
            "ms_between": a.ms_between,
            "ms_within": a.ms_within,
            "dof_between": a.dof_between,
            "dof_within": a.dof_within,
            "f": layout.plain(a.f),
            "p": a.p,
            "homogeneous": h.homogeneous,
            "s_w": h.s_w,
            "s_bb": h.s_bb,
            "u_bb_min": h.u_bb_min,
            "u_bb": h.u_bb,
            "u_bb_relative": h.u_bb / relative if relative else None,
            "rule": h.rule,
            "adequate": h.adequate,
            "means": {name: float(a.means[i]) for i, name in enumerate(self.names)},
            "text": {"mean": text(a.mean, h.u_bb), "u_bb": text(h.u_bb, h.u_bb), "s_w": text(h.s_w, h.s_w)},
        }

    def table(self) -> str:
        """Analysis of variance and what follows."""
        h, a = self.found, self.found.anova
        rows = [
            ("between units", str(a.dof_between), f"{a.ss_between:.6g}", f"{a.ms_between:.6g}"),
            ("within units", str(a.dof_within), f"{a.ss_within:.6g}", f"{a.ms_within:.6g}"),
        ]
        verdict = "no difference between units was found" if h.homogeneous else "units differ"
        adequate = "" if h.adequate is None else ("yes" if h.adequate else "no") + ", s_bb against 0.3 sigma"
        tail = layout.lines(
            ("mean", text(a.mean, h.u_bb)),
            ("F", f"{layout.finite(a.f, '.4g')}, p {a.p:.3g}: {verdict}"),
            ("s_w", text(h.s_w, h.s_w)),
            ("s_bb", text(h.s_bb, h.s_bb or None)),
            ("floor", text(h.u_bb_min, h.u_bb_min)),
            ("u_bb", f"{text(h.u_bb, h.u_bb)} ({h.rule})"),
            ("adequate", adequate),
        )
        return f"{layout.columns(('source', 'dof', 'SS', 'MS'), rows)}\n\n{tail}"

    def figures(self) -> tuple[Figure, ...]:
        """Results and means of the units with the mean and u_bb."""
        h, a = self.found, self.found.anova
        place = [float(i) for i, b in enumerate(self.bottles) for _ in b]
        flat = [v for b in self.bottles for v in b]
        at = tuple(float(i) for i in range(len(self.bottles)))
        ends = (-0.5, len(self.bottles) - 0.5)
        u = tuple(float(h.s_w / np.sqrt(len(b))) for b in self.bottles)
        return (
            Figure(
                ("各单元结果与均值", "Results of the units"),
                ("单元", "Unit"),
                ("测得值", "Value"),
                (
                    Series("mean ± u_bb", "band", ends, low=(a.mean - h.u_bb,) * 2, high=(a.mean + h.u_bb,) * 2),
                    Series("results", "points", place, flat),
                    Series("mean of unit", "points", at, tuple(float(m) for m in a.means), u=u, names=self.names),
                ),
                (("y", "mean", a.mean),),
            ),
        )


@guarded
def compute(request: Mapping[str, Any]) -> HomogeneityResult:
    """Validate the request and answer it."""
    keys(request, "request", required=("bottles",), optional=tuple(SCHEMA["properties"]))
    value = request["bottles"]
    if not isinstance(value, list | tuple):
        raise InputError("numbers", "expected a list of lists of results", "bottles")
    bottles = [numbers(b, f"bottles[{i}]") for i, b in enumerate(value)]
    names = request.get("names") or [str(i + 1) for i in range(len(bottles))]
    if not isinstance(names, list | tuple) or len(names) != len(bottles):
        raise InputError("length", f"names must be a list of {len(bottles)}, one for each unit", "names")
    s_r = number(request["s_r"], "s_r", above=0) if "s_r" in request else None
    sigma = number(request["sigma"], "sigma", above=0) if "sigma" in request else None
    level = number(request.get("level", 0.05), "level", above=0)
    if level >= 1:
        raise InputError("range", f"{level:g} must be below 1", "level")
    with called(groups="bottles"):
        found = homogeneity(bottles, s_r=s_r, level=level, sigma=sigma)
    return HomogeneityResult(tuple(str(n)[:80] for n in names), tuple(tuple(b.tolist()) for b in bottles), found)


TASK = Task(
    name="homogeneity",
    title=("标准物质均匀性", "Homogeneity"),
    document="ISO Guide 35:2017; ISO 33405:2024; JJF 1343-2022",
    evaluate=compute,
    schema=SCHEMA,
    example=EXAMPLES["ecerto-crm001"],
    examples=EXAMPLES,
)
