"""What results of functions have in common: inputs, document, a table when printed, and a dict they read back from."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

import numpy as np

from quanheng.errors import InputError
from quanheng.metrology.checks import PRECISION
from quanheng.metrology.tasks import layout

_HERE = "quanheng.metrology."
_TYPE, _ARRAY, _TUPLE, _NUMBER, _DECIMAL = "$type", "$array", "$tuple", "$number", "$decimal"
_INPUTS = "inputs"
P = ParamSpec("P")
R = TypeVar("R")


class Result:
    """Base of the frozen results: ``str`` is a table, ``to_dict`` is JSON that ``from_dict`` reads back bit for bit."""

    cites: ClassVar[str] = ""
    # Each result its own, where a function of the library made it.
    inputs: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __init_subclass__(cls, cites: str = "", **more: Any) -> None:
        super().__init_subclass__(**more)
        if cites:
            cls.cites = cites

    def to_dict(self) -> dict[str, Any]:
        """Type, document, inputs and every field, in what JSON can hold."""
        found = dict(_encoded(self))
        found |= {"cites": self.cites} if self.cites else {}
        return {**found, _INPUTS: _encoded(self.inputs)} if self.inputs else found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The result that `to_dict` wrote, of this class."""
        inputs = data.get(_INPUTS)
        found = _decoded({k: v for k, v in data.items() if k != _INPUTS})
        if not isinstance(found, cls):
            raise InputError("result", f"this is no {cls.__name__}", str(data.get(_TYPE, ""))[:80])
        return remember(found, _decoded(inputs)) if isinstance(inputs, Mapping) else found

    def __str__(self) -> str:
        rows = [("document", self.cites)] if self.cites else []
        rows += [(f"input {name}", _shown(value)) for name, value in self.inputs.items() if value is not None]
        tables = []
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, tuple) and value and all(map(dataclasses.is_dataclass, value)):
                heads = [f.name for f in dataclasses.fields(value[0])]
                tables.append(layout.columns(heads, [[_shown(getattr(v, h)) for h in heads] for v in value]))
            else:
                rows.append((field.name, _shown(value)))
        return "\n\n".join([layout.lines(*rows), *tables])


def remember(result: R, inputs: Mapping[str, Any]) -> R:
    """The result with what it was made from."""
    object.__setattr__(result, _INPUTS, inputs)
    return result


def recorded(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose results carry the arguments it was called with; a result that is no number is refused."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        found = function(*args, **kwargs)
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        inputs = {name: _kept(value) for name, value in given.arguments.items()}
        for result in _results(found):
            for field in dataclasses.fields(result):  # type: ignore[arg-type]
                value = getattr(result, field.name)
                if isinstance(value, float) and math.isnan(value):
                    raise InputError("precision", PRECISION, field.name)
            remember(result, inputs)
        return found

    return call


def _results(found: Any) -> Iterator[Result]:
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, tuple) else (found,)
    return (part for part in parts if isinstance(part, Result))


def _kept(value: Any) -> Any:
    """The argument as it was, whatever becomes of the list or array that was passed."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return tuple(map(_kept, value))
    return dict(value) if isinstance(value, Mapping) else value


def _encoded(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        name = f"{type(value).__module__.removeprefix(_HERE)}:{type(value).__qualname__}"
        return {_TYPE: name} | {f.name: _encoded(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
    if isinstance(value, np.ndarray):
        return {_ARRAY: [_encoded(v) for v in value.tolist()], "dtype": str(value.dtype)}
    if isinstance(value, np.generic):
        return _encoded(value.item())
    if isinstance(value, tuple):
        return {_TUPLE: [_encoded(v) for v in value]}
    if isinstance(value, list):
        return [_encoded(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _encoded(v) for k, v in value.items()}
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(value)}
    if value is None or isinstance(value, str | int | float):
        return value
    return _named(value)  # a Python function or generator, which JSON cannot hold


def _named(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} {value.__name__}" if callable(value) and hasattr(value, "__name__") else kind


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(v) for v in value]
    if not isinstance(value, Mapping):
        return value
    if _ARRAY in value:
        return np.array(_decoded(value[_ARRAY]), dtype=str(value.get("dtype", "float64")))
    if _TUPLE in value:
        return tuple(_decoded(v) for v in value[_TUPLE])
    if _NUMBER in value:
        return float(value[_NUMBER])
    if _DECIMAL in value:
        return Decimal(value[_DECIMAL])
    inner = {str(k): _decoded(v) for k, v in value.items() if k not in (_TYPE, "cites")}
    if _TYPE not in value:
        return inner
    try:
        return _class(str(value[_TYPE]))(**inner)
    except TypeError as error:
        raise InputError("result", f"this is no {str(value[_TYPE])[:80]}: {error}", _TYPE) from None


def _class(name: str) -> Any:
    module, _, own = name.partition(":")
    try:
        found = getattr(importlib.import_module(_HERE + module), own)
    except (ImportError, AttributeError, ValueError):
        found = None
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise InputError("result", f"there is no result {name[:80]!r}", _TYPE)
    return found


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, np.ndarray):
        return "[" + ", ".join(_shown(v) for v in value.ravel()[:12].tolist()) + (", …]" if value.size > 12 else "]")
    if isinstance(value, tuple | list):
        inner = [_shown(v) for v in value[:12]]
        apart = "\n" if any("\n" in text for text in inner) else ", "
        return apart.join(inner) + (", …" if len(value) > 12 else "")
    if isinstance(value, Mapping):
        return "; ".join(f"{k} {_shown(v)}" for k, v in value.items())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return ", ".join(f"{f.name} {_shown(getattr(value, f.name))}" for f in dataclasses.fields(value) if f.init)
    return value if isinstance(value, str) else _named(value) if callable(value) else str(value)[:200]
