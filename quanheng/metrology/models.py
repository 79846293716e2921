"""Measurement models: one or several formulas over named inputs (JCGM 100:2008, 4.1; JCGM 102:2011, 4.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.duals import DUALS, Dual
from quanheng.metrology.expressions import CONSTANTS, FUNCTIONS, Domain, Expression, MissingName, parse
from quanheng.metrology.vectors import ARRAYS, Floats

MAX_STATEMENTS = 64
_STATEMENT = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]{0,59})\s*=(?!=)(.*)\Z", re.DOTALL)

Function = Callable[..., Any]


@dataclass(frozen=True)
class Model:
    """Outputs as formulas over inputs; a later formula may read an earlier one.

    Attributes
    ----------
    text : str
    statements : tuple of (name, Expression)
    outputs : tuple of str
        The names that are reported; the others are steps on the way.
    """

    text: str
    statements: tuple[tuple[str, Expression], ...]
    outputs: tuple[str, ...]

    @property
    def inputs(self) -> frozenset[str]:
        """Names that must come from outside."""
        defined: set[str] = set()
        needed: set[str] = set()
        for name, expression in self.statements:
            needed |= expression.names - defined
            defined.add(name)
        return frozenset(needed)

    def evaluate(self, values: Mapping[str, Any], domain: Domain) -> dict[str, Any]:
        """Outputs in `domain`."""
        known = dict(values)
        try:
            for name, expression in self.statements:
                known[name] = expression.evaluate(known, domain)
        except MissingName as error:
            raise InputError("input_missing", f"describe the inputs {error.name}", "inputs") from None
        return {name: known[name] for name in self.outputs}

    def on_arrays(self, values: Mapping[str, Floats]) -> dict[str, Floats]:
        """Outputs for many values of the inputs at once, shape (M,); not finite where mathematics gives none.

        A complex output is two real ones, its name with .real and .imag.
        """
        size = max((np.size(v) for v in values.values()), default=1)
        with np.errstate(all="ignore"):
            found = self.evaluate(values, ARRAYS)
        answers = {}
        for name, y in found.items():
            whole = np.asarray(y)
            if whole.dtype.kind not in "fci":
                raise InputError("model", f"the output {name} is no number", name)
            for key, part in _parts(name, whole, whole.dtype.kind == "c"):
                answers[key] = np.broadcast_to(np.asarray(part, dtype=np.float64), (size,))
        return answers

    def gradients(self, point: Mapping[str, float]) -> dict[str, tuple[float, dict[str, float]]]:
        """For each output its value and its partial derivatives by each input (GUM 5.1.3)."""
        names = list(point)
        unit = np.eye(len(names))
        lifted = {n: Dual(float(point[n]), tuple(unit[i].tolist())) for i, n in enumerate(names)}
        zero = (0.0,) * len(names)
        answers = {}
        for name, y in self.evaluate(lifted, DUALS).items():
            if not isinstance(y, Dual):
                raise InputError("model", f"the output {name} is no number", name)
            partials = y.partials or zero
            if not isinstance(y.value, complex):
                answers[name] = (y.value, dict(zip(names, partials, strict=True)))
                continue
            for part in ("real", "imag"):
                slopes = [float(getattr(p, part)) for p in partials]
                answers[f"{name}.{part}"] = (float(getattr(y.value, part)), dict(zip(names, slopes, strict=True)))
        return answers


def model_from(text: object, outputs: Sequence[str] | None = None) -> Model:
    """A model from its text: ``"Y = X1 + X2; Z = sqrt(X1)"``, one bare formula being called Y.

    Examples
    --------
    >>> model = model_from("R = V/I; P = R*I**2")
    >>> sorted(model.inputs), model.outputs
    (['I', 'V'], ('R', 'P'))
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError("model", 'write the model as text such as "Y = X1 + X2"', "model")
    parts = [part for part in re.split(r"[;\n]", text) if part.strip()]
    if not 1 <= len(parts) <= MAX_STATEMENTS:
        raise InputError("model", f"write 1 to {MAX_STATEMENTS} formulas, separated by semicolons", "model")
    statements: list[tuple[str, Expression]] = []
    for part in parts:
        name, formula = _named(part, single=len(parts) == 1)
        if name in dict(statements) or name in FUNCTIONS or name in CONSTANTS:
            raise InputError("model", f"the output {name} has a name that is taken", "model")
        statements.append((name, parse(formula.strip())))
    _refuse_cycles(statements)
    return Model(text.strip(), tuple(statements), _chosen(outputs, [n for n, _ in statements]))


def _parts(name: str, y: Any, split: bool) -> list[tuple[str, Any]]:
    return [(f"{name}.real", y.real), (f"{name}.imag", y.imag)] if split else [(name, y)]


def _named(part: str, single: bool) -> tuple[str, str]:
    match = _STATEMENT.match(part)
    if match:
        return match.group(1), match.group(2)
    if single:
        return "Y", part
    raise InputError("model", f"each formula needs a name: Y = {part.strip()[:40]}", "model")


def _refuse_cycles(statements: Sequence[tuple[str, Expression]]) -> None:
    for i, (name, _) in enumerate(statements):
        if any(name in expression.names for _, expression in statements[: i + 1]):
            raise InputError("model", f"{name} is read before it is defined; put its formula first", "model")


def _chosen(outputs: Sequence[str] | None, names: list[str]) -> tuple[str, ...]:
    if outputs is None:
        return tuple(names)
    if not outputs or len(set(outputs)) != len(outputs) or not set(outputs) <= set(names):
        raise InputError("model", f"outputs are some of {', '.join(names)}, each once", "outputs")
    return tuple(outputs)
