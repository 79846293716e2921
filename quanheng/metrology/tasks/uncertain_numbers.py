"""Task `uncertain-numbers`: numbers that stay correlated, computed now, kept as text and used again later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.framework import CORRELATED_DOF, TOO_FEW_DOF
from quanheng.metrology.models import model_from
from quanheng.metrology.number_archive import causes_of, read_archive, write_archive
from quanheng.metrology.tasks import Figure, Series, Task, layout
from quanheng.metrology.tasks.guard import guarded
from quanheng.metrology.tasks.reading import keys, number, text, whole
from quanheng.metrology.tasks.uncertain_numbers_forms import EXAMPLES, SCHEMA
from quanheng.metrology.uncertain_number import Cause, Origin, Uncertain, correlation
from quanheng.metrology.uncertainty import coverage_factor

_INPUT = ("u", "U", "k", "dof", "label")


@dataclass(frozen=True)
class Numbers:
    """Answer of the task: what was computed, and what is kept."""

    outputs: Mapping[str, Uncertain]
    kept: Mapping[str, Uncertain]
    coverage: float
    digits: int

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        found = list(self.outputs.values())
        return {
            "outputs": {name: self._output(one) for name, one in self.outputs.items()},
            "correlation": [[1.0 if a is b else correlation(a, b) for b in found] for a in found],
            "archive": json.loads(write_archive(self.kept)),
            "warnings": self._warnings(),
        }

    def _factor(self, one: Uncertain) -> float | None:
        dof = one.dof
        return None if dof is None or dof < 1 or not one.u else coverage_factor(dof, self.coverage)

    def _output(self, one: Uncertain) -> dict[str, Any]:
        k = self._factor(one)
        return {
            "value": one.value,
            "u": one.u,
            "U": None if k is None else k * one.u,
            "k": k,
            "dof": layout.plain(one.dof),
            "budget": [{"cause": label, "contribution": c, "share": share} for label, c, share in one.budget()],
            "text": self._written(one, k),
            "texts": self._rounded(one, k),
        }

    def _written(self, one: Uncertain, k: float | None) -> str:
        if k is None:
            return f"{text(one.value, one.u, self.digits)}, u = {text(one.u, one.u, self.digits)}"
        expanded = k * one.u
        shown = text(expanded, expanded, self.digits)
        return f"{text(one.value, expanded, self.digits)} ± {shown} (k = {k:.3g})"

    def _rounded(self, one: Uncertain, k: float | None) -> dict[str, str]:
        shown = {"value": text(one.value, one.u, self.digits), "u": text(one.u, one.u, self.digits)}
        return shown if k is None else shown | {"U": text(k * one.u, k * one.u, self.digits)}

    def _warnings(self) -> list[str]:
        found = [f"{name}: {CORRELATED_DOF}" for name, one in self.outputs.items() if one.dof is None]
        few = [name for name, one in self.outputs.items() if one.dof is not None and one.dof < 1]
        return found + [f"{name}: {TOO_FEW_DOF}" for name in few]

    def table(self) -> str:
        """The numbers, their causes and how they correlate."""
        shown = [(name, self._written(one, self._factor(one))) for name, one in self.outputs.items()]
        parts = [
            (name, label, f"{c:.4g}", f"{100 * share:.3g} %")
            for name, one in self.outputs.items()
            for label, c, share in one.budget()
        ]
        names = list(self.outputs)
        pairs = [
            (f"r({a}, {b})", f"{correlation(self.outputs[a], self.outputs[b]):.4g}")
            for i, a in enumerate(names)
            for b in names[i + 1 :]
        ]
        tables = [layout.lines(*shown, *pairs), layout.columns(("number", "cause", "contribution", "share"), parts)]
        return "\n\n".join([*tables, *(f"warning: {w}" for w in self._warnings())])

    def figures(self) -> tuple[Figure, ...]:
        """What each cause contributes to the last number."""
        name, one = list(self.outputs.items())[-1]
        rows = one.budget()[:20]
        if not rows:
            return ()
        place = tuple(float(i) for i in range(len(rows)))
        labels = tuple(label for label, _, _ in rows)
        drawn = Series(name, "bars", place, tuple(c for _, c, _ in rows), names=labels)
        return (
            Figure(
                (f"{name} 的各来源贡献", f"Contributions to {name} by cause"),
                ("来源", "cause"),
                ("c·u", "c·u"),
                (drawn,),
            ),
        )


@guarded
def compute(request: Mapping[str, Any]) -> Numbers:
    """Validate the request and answer it."""
    data = keys(request, "request", required=(), optional=tuple(SCHEMA["properties"]))
    coverage = number(data.get("coverage", 0.95), "coverage", above=0)
    if coverage > 0.9999:
        raise InputError("coverage", "a coverage probability lies above 0 and is at most 0.9999", "coverage")
    new, earlier = _inputs(data), _earlier(data.get("earlier", []))
    twice = sorted(set(new) & set(earlier))
    if twice:
        raise InputError("duplicate", f"{twice[0][:40]!r} is an input and in an earlier archive; rename one", "inputs")
    known = {**earlier, **new}
    if not known:
        raise InputError("missing", "give inputs, an earlier archive or both", "inputs")
    outputs = known if data.get("model") is None else _computed(data["model"], known)
    return Numbers(outputs, {**new, **outputs}, coverage, whole(data.get("digits", 2), "digits", 1, 6))


def _computed(model: Any, known: Mapping[str, Uncertain]) -> dict[str, Uncertain]:
    found = model_from(model)
    missing = sorted(found.inputs - set(known))
    if missing:
        raise InputError("input_missing", f"describe the inputs {', '.join(missing)}", "inputs")
    outputs = {}
    for name, (value, slopes) in found.gradients({n: known[n].value for n in found.inputs}).items():
        if name in known:
            raise InputError("duplicate", f"the model names {name} what is already a number", "model")
        parts: dict[Cause, float] = {}
        for source, slope in slopes.items():
            for cause, part in known[source].parts.items():
                parts[cause] = parts.get(cause, 0.0) + slope * part
        outputs[name] = Uncertain(value, {cause: part for cause, part in parts.items() if part})
    return outputs


def _inputs(data: Mapping[str, Any]) -> dict[str, Uncertain]:
    inputs, pairs = data.get("inputs", {}), data.get("correlations", [])
    if not isinstance(inputs, Mapping) or len(inputs) > 200:
        raise InputError("inputs", "expected an object of at most 200 inputs", "inputs")
    origin = data.get("origin")
    if inputs and (not isinstance(origin, str) or not 0 < len(origin.strip()) <= 100):
        rule = "inputs need an origin, a name unique for ever such as a certificate's number, of at most 100 characters"
        raise InputError("missing", rule, "origin")
    read = {name: _input(one, f"inputs.{name}") for name, one in inputs.items()}
    links = _pairs(pairs, read)
    # what is the same again, as text or as number, has the same causes; the same origin with other inputs has others
    said = repr([list(read.items()), links])
    source = Origin(f"{str(origin).strip()}#{hashlib.sha256(said.encode()).hexdigest()[:12]}" if inputs else "none")
    linked = [name for name in read if any(name in pair[:2] for pair in links)]
    exact = all(read[name][2] == float("inf") for name in linked)
    values = {name: read[name][:2] for name in linked}
    found = source.correlated(values, links, dof=float("inf") if exact else 1.0) if linked else {}
    for name, (value, u, dof, label) in read.items():
        if name not in found:
            found[name] = source.number(value, u, dof=dof, label=label or name)
    return {name: found[name] for name in read}


def _input(one: Any, place: str) -> tuple[float, float, float, str]:
    keys(one, place, required=("value",), optional=_INPUT)
    if ("u" in one) == ("U" in one):
        raise InputError("missing", "give either the standard uncertainty u, or U with k", place)
    k = number(one.get("k", 2), f"{place}.k", above=0)
    u = number(one["u"], f"{place}.u", minimum=0) if "u" in one else number(one["U"], f"{place}.U", minimum=0) / k
    dof = number(one["dof"], f"{place}.dof", above=0) if one.get("dof") is not None else float("inf")
    label = one.get("label", "")
    if not isinstance(label, str) or len(label) > 200:
        raise InputError("label", "a label is a text of at most 200 characters", f"{place}.label")
    return number(one["value"], f"{place}.value"), u, dof, label


def _pairs(pairs: Any, inputs: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    if not isinstance(pairs, list):
        raise InputError("correlations", 'a list of {"a": …, "b": …, "r": …}', "correlations")
    found = []
    for i, pair in enumerate(pairs):
        place = f"correlations[{i}]"
        keys(pair, place, required=("a", "b", "r"))
        for end in ("a", "b"):
            if not isinstance(pair[end], str) or pair[end] not in inputs:
                raise InputError("correlation", "names inputs that do not exist", f"{place}.{end}")
        found.append((pair["a"], pair["b"], number(pair["r"], f"{place}.r")))
    return found


def _earlier(given: Any) -> dict[str, Uncertain]:
    """The numbers of earlier archives, or of earlier answers of this task, by name."""
    archives = given if isinstance(given, list) else [given]
    found: dict[str, Uncertain] = {}
    for i, archive in enumerate(archives):
        place = f"earlier[{i}]"
        content = archive.get("archive", archive) if isinstance(archive, Mapping) else archive
        try:
            read = read_archive(json.dumps(content), known=causes_of(found))
        except InputError as error:
            raise InputError(error.code, error.message, f"{place}.{error.place}".rstrip(".")) from None
        twice = sorted(set(read) & set(found))
        if twice:
            raise InputError("duplicate", f"two archives name a number {twice[0][:40]!r}; rename one", place)
        found |= read
    return found


TASK = Task(
    name="uncertain-numbers",
    title=("带相关性的结果与存档", "Correlated results and their archive"),
    document="JCGM 100:2008, 5.1.3, F.1.2.3, G.4.1, H.2.3",
    evaluate=compute,
    schema=SCHEMA,
    example=EXAMPLES["shared-standard"],
    examples=EXAMPLES,
)
