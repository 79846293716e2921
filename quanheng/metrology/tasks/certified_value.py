"""Task `certified-value`: characterisation by several laboratories or one method, and the certified value's budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.reference_material.certified import (
    LABORATORIES,
    Certified,
    Characterisation,
    certify,
    laboratories,
    one_method,
)
from quanheng.metrology.tasks import Figure, Series, Task, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import choice, keys, number, numbers, text

METHODS = (*LABORATORIES, "one-method")

SCHEMA = layout.schema(
    "certified-value",
    {
        "results": {
            "type": "array",
            "minItems": 1,
            "items": layout.NUMBERS,
            "description": "results of each laboratory; of one-method a single list",
        },
        "names": {"type": "array", "items": {"type": "string"}},
        "method": {"enum": list(METHODS), "default": "mean"},
        "u": {**layout.NUMBERS, "description": "standard uncertainty of each laboratory, for all methods but mean"},
        "systematic": {**layout.VALUES, "description": "of one-method: standard uncertainties that all results share"},
        "components": {**layout.VALUES, "description": "standard uncertainties u_bb, u_lts, u_sts and others"},
        "k": {**layout.POSITIVE, "default": 2},
    },
    ("results",),
)

EXAMPLES: dict[str, Mapping[str, Any]] = {
    "laboratories": {
        "results": [[10.02, 10.04], [9.98, 10.01], [10.05, 10.03], [9.99, 9.97], [10.03, 10.00]],
        "names": ["A", "B", "C", "D", "E"],
        "components": {"bb": "0.012", "lts": "0.020"},
    },
    "one-method": {
        "results": [[99.982, 99.985, 99.981, 99.984, 99.983, 99.986]],
        "method": "one-method",
        "systematic": {"calibrant": "0.004", "water": "0.003"},
        "components": {"bb": "0.002", "lts": "0.003"},
    },
}


@dataclass(frozen=True)
class CertifiedValue:
    """Answer of the task."""

    names: tuple[str, ...]
    results: tuple[tuple[float, ...], ...]
    found: Characterisation
    certified: Certified

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        c, f = self.certified, self.found
        return {
            "value": c.value,
            "u": c.u,
            "U": c.U,
            "k": c.k,
            "text": {"value": text(c.value, c.U), "u": text(c.u, c.u), "U": text(c.U, c.U)},
            "budget": [{"component": n, "u": u, "share": share, "text": {"u": text(u, u)}} for n, u, share in c.budget],
            "method": f.method,
            "u_char": f.u,
            "laboratories": f.laboratories,
            "dof": f.dof,
            "document": "ISO Guide 35:2017, 9, 10; ISO 33405:2024; JJF 1343-2022",
            "warnings": list(f.outlying),
        }

    def table(self) -> str:
        """The certified value with its budget."""
        c, f = self.certified, self.found
        rows = [(n, f"{u:.4g}", f"{100 * share:.1f} %") for n, u, share in c.budget]
        head = layout.lines(
            ("certified value", f"{text(c.value, c.U)} ± {text(c.U, c.U)} (k = {c.k:g})"),
            (
                "characterised by",
                f.method if f.method == "one-method" else f"{f.method} of {f.laboratories} laboratories",
            ),
            *(("note", note) for note in f.outlying),
        )
        return f"{head}\n\n{layout.columns(('component', 'u', 'share'), rows)}"

    def figures(self) -> tuple[Figure, ...]:
        """Results of the laboratories with the certified value and its U."""
        c = self.certified
        place = [float(i) for i, group in enumerate(self.results) for _ in group]
        flat = [v for group in self.results for v in group]
        ends = (-0.5, len(self.results) - 0.5)
        means = [sum(group) / len(group) for group in self.results]
        at = [float(i) for i in range(len(self.results))]
        return (
            Figure(
                ("定值结果与标准值", "Results and certified value"),
                ("实验室", "Laboratory"),
                ("测得值", "Value"),
                (
                    Series("value ± U", "band", ends, low=(c.value - c.U,) * 2, high=(c.value + c.U,) * 2),
                    Series("results", "points", place, flat),
                    Series("mean of laboratory", "points", at, means, names=self.names),
                ),
                (("y", "value", c.value),),
            ),
        )


@guarded
def compute(request: Mapping[str, Any]) -> CertifiedValue:
    """Validate the request and answer it."""
    keys(request, "request", required=("results",), optional=tuple(SCHEMA["properties"]))
    value = request["results"]
    if not isinstance(value, list | tuple) or not value:
        raise InputError("numbers", "expected a list of lists of results", "results")
    groups = [numbers(row if isinstance(row, list | tuple) else [row], f"results[{i}]") for i, row in enumerate(value)]
    method = choice(request.get("method", "mean"), "method", METHODS)
    u = numbers(request["u"], "u", length=len(groups)) if "u" in request else None
    if method == "one-method":
        if len(groups) > 1 and max(map(len, groups)) > 1:
            raise InputError("length", "one-method takes the results of one laboratory, a single list", "results")
        flat = [float(v) for group in groups for v in group]
        groups = [numbers(flat, "results")]
        found = one_method(flat, _values(request.get("systematic", {}), "systematic"))
    else:
        found = laboratories(groups, method, u)
    names = request.get("names") or [str(i + 1) for i in range(len(groups))]
    if not isinstance(names, list | tuple) or len(names) != len(groups):
        raise InputError("length", f"names must be a list of {len(groups)}, one for each unit", "names")
    budget = {"char": found.u} | _values(request.get("components", {}), "components")
    certified = certify(found.value, budget, number(request.get("k", 2), "k", above=0))
    return CertifiedValue(tuple(str(n)[:80] for n in names), tuple(tuple(g.tolist()) for g in groups), found, certified)


def _values(value: Any, place: str) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise InputError("request", "expected an object of names and numbers", place)
    return {str(name)[:40]: number(u, f"{place}.{name}", minimum=0) for name, u in value.items()}


TASK = Task(
    name="certified-value",
    title=("标准物质定值", "Certified value"),
    document="ISO Guide 35:2017; ISO 33405:2024; JJF 1343-2022",
    evaluate=compute,
    schema=SCHEMA,
    example=EXAMPLES["laboratories"],
    examples=EXAMPLES,
)
