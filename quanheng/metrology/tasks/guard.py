"""The last line of defence of a task: numbers beyond double precision become one clear error, never NaN."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import PRECISION
from quanheng.metrology.tasks import TaskResult

Answer = TypeVar("Answer", bound=TaskResult)
_ARITHMETIC = (ArithmeticError, np.linalg.LinAlgError)  # of floats and of decimals


def guarded(compute: Callable[[Mapping[str, Any]], Answer]) -> Callable[[Mapping[str, Any]], Answer]:
    """`compute` under strict arithmetic: overflow, invalid operations and answers that are not finite are refused."""

    @functools.wraps(compute)
    def strict(request: Mapping[str, Any]) -> Answer:
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                result = compute(request)
                answer = result.to_dict()
                result.figures()
        except _ARITHMETIC as error:
            raise InputError("precision", f"{PRECISION} ({type(error).__name__})", "request") from None
        except ValueError as error:
            if "fsum" not in str(error):  # fsum's own words where infinities of both signs meet
                raise
            raise InputError("precision", f"{PRECISION} ({type(error).__name__})", "request") from None
        bad = _first_bad(answer, "")
        if bad:
            raise InputError("precision", f"{PRECISION}; {bad} would not be a finite number", "request")
        return result

    return strict


def _first_bad(value: Any, path: str) -> str:
    if isinstance(value, float):
        return "" if math.isfinite(value) else path or "the answer"
    if isinstance(value, Mapping):
        found = (_first_bad(inner, f"{path}.{key}" if path else str(key)) for key, inner in value.items())
        return next((bad for bad in found if bad), "")
    if isinstance(value, list | tuple):
        found = (_first_bad(inner, f"{path}[{i}]") for i, inner in enumerate(value))
        return next((bad for bad in found if bad), "")
    return ""
