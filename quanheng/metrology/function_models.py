"""Models given as Python callables, for the library: the same function runs on uncertain numbers and on arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.expressions import Domain
from quanheng.metrology.uncertain_complex import UncertainComplex
from quanheng.metrology.uncertain_number import Cause, Uncertain
from quanheng.metrology.vectors import Floats


@dataclass(frozen=True)
class FunctionModel:
    """A callable over its parameters' names, written with operators and numpy functions.

    It answers one value, a complex value (two outputs, .real and .imag) or a mapping of names to values.

    Examples
    --------
    >>> model = FunctionModel(lambda V, R: V**2 / R)
    >>> value, slopes = model.gradients({"V": 10.0, "R": 50.0})["Y"]
    >>> value, round(slopes["V"], 9), round(slopes["R"], 9)
    (2.0, 0.4, -0.04)
    """

    function: Callable[..., Any]
    name: str = "Y"

    @property
    def inputs(self) -> frozenset[str]:
        """Names of the parameters."""
        return frozenset(inspect.signature(self.function).parameters)

    def on_arrays(self, values: Mapping[str, Floats]) -> dict[str, Floats]:
        """Outputs for many values of the inputs at once."""
        size = max((np.size(v) for v in values.values()), default=1)
        with np.errstate(all="ignore"):
            found = self._named(self.function(**values))
        return {key: np.broadcast_to(np.asarray(y, dtype=np.float64), (size,)) for key, y in found.items()}

    def gradients(self, point: Mapping[str, float]) -> dict[str, tuple[float, dict[str, float]]]:
        """For each output its value and its partial derivatives by each input (GUM 5.1.3)."""
        causes = {n: Cause(n, n) for n in point}
        unit = {n: Uncertain(float(v), {causes[n]: 1.0}) for n, v in point.items()}
        answers = {}
        for key, y in self._named(self.function(**unit)).items():
            number = y if isinstance(y, Uncertain) else Uncertain(float(y))
            answers[key] = (number.value, {n: number.parts.get(causes[n], 0.0) for n in point})
        return answers

    def evaluate(self, values: Mapping[str, Any], domain: Domain) -> dict[str, Any]:
        """Refused: second order needs a text model."""
        raise InputError("model", f"a Python function cannot run on {domain.name}; write the model as text", self.name)

    def _named(self, answer: Any) -> dict[str, Any]:
        items = answer if isinstance(answer, Mapping) else {self.name: answer}
        found: dict[str, Any] = {}
        for key, y in items.items():
            if isinstance(y, UncertainComplex) or np.iscomplexobj(y):
                found[f"{key}.real"], found[f"{key}.imag"] = y.real, y.imag
            else:
                found[key] = y
        return found
