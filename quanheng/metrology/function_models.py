"""Models given as Python callables: the same function runs on numbers of every domain and on arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.duals import DUALS, Dual
from quanheng.metrology.expressions import Domain
from quanheng.metrology.lifted import Lifted
from quanheng.metrology.uncertain_complex import UncertainComplex
from quanheng.metrology.uncertain_number import Cause, Uncertain
from quanheng.metrology.vectors import Floats

_CANNOT = (TypeError, ValueError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class FunctionModel:
    """A callable over its parameters' names, written with operators and numpy functions.

    It answers one value, a complex value (two outputs, .real and .imag), a sequence of values (Y1, Y2 …) or a mapping
    of names to values.

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
            found = self._named(self._called(values, "arrays of trials"), size)
            return {key: np.broadcast_to(np.asarray(y, dtype=np.float64), (size,)) for key, y in found.items()}

    def gradients(self, point: Mapping[str, float]) -> dict[str, tuple[float, dict[str, float]]]:
        """For each output its value and its partial derivatives by each input (GUM 5.1.3)."""
        names = list(point)
        unit = np.eye(len(names))
        lifted = {n: Dual(float(point[n]), tuple(unit[i].tolist())) for i, n in enumerate(names)}
        try:
            found = self.evaluate(lifted, DUALS)
        except InputError:
            # a function that asks for uncertain numbers by their type, such as one that calls `polar`
            return self._by_causes(point)
        zero = (0.0,) * len(names)
        return {key: (float(y.value), dict(zip(names, y.partials or zero, strict=True))) for key, y in found.items()}

    def _by_causes(self, point: Mapping[str, float]) -> dict[str, tuple[float, dict[str, float]]]:
        causes = {n: Cause(n, n) for n in point}
        unit = {n: Uncertain(float(v), {causes[n]: 1.0}) for n, v in point.items()}
        answers = {}
        for key, y in self._named(self._called(unit, "uncertain numbers")).items():
            number = y if isinstance(y, Uncertain) else Uncertain(float(y))
            answers[key] = (number.value, {n: number.parts.get(causes[n], 0.0) for n in point})
        return answers

    def evaluate(self, values: Mapping[str, Any], domain: Domain) -> dict[str, Any]:
        """Outputs in `domain`, as for a model written as text."""
        lifted = {name: Lifted(value, domain) for name, value in values.items()}
        answers = {}
        for key, y in self._named(self._called(lifted, domain.name)).items():
            answers[key] = y.of if isinstance(y, Lifted) else domain.number(repr(float(y)))
        return answers

    def _called(self, values: Mapping[str, Any], what: str) -> Any:
        try:
            return self.function(**values)
        except _CANNOT as error:
            reason = " ".join(str(error).split())[:120]
            rule = (
                f"the function cannot run on {what} ({reason}); write it with operators and numpy functions, np.where"
            )
            raise InputError("model", rule, self.name) from error

    def _named(self, answer: Any, size: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, y in _items(self.name, answer, size):
            if isinstance(y, UncertainComplex) or np.iscomplexobj(y) or _is_complex(y):
                found[f"{key}.real"], found[f"{key}.imag"] = y.real, y.imag
            elif isinstance(y, str | bytes) or y is None:
                raise InputError("model", f"the output {key} is no number", self.name)
            else:
                found[key] = y
        return found


def _is_complex(y: Any) -> bool:
    return isinstance(y, Lifted) and isinstance(getattr(y.of, "value", None), complex)


def _items(name: str, answer: Any, size: int) -> list[tuple[str, Any]]:
    """Names and values; `size` trials tell an array of values from a sequence of outputs."""
    if isinstance(answer, Mapping):
        return [(str(key), y) for key, y in answer.items()]
    rows = isinstance(answer, np.ndarray) and (answer.ndim == 2 if size else answer.ndim == 1)
    if rows or (isinstance(answer, Sequence) and not isinstance(answer, str | bytes)):
        return [(f"{name}{i + 1}", y) for i, y in enumerate(answer)]
    return [(name, answer)]
