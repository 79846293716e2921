"""The tasks of ``quanheng compute``: one request in, one documented answer out.

Each task is a module of this package that offers ``TASK``. A request is a JSON object whose numbers may be JSON numbers
or numeric strings; an answer is a frozen result with ``to_dict`` (documented keys, float64 with a rounded ``text``
beside them), ``table`` (what a person reads) and ``figures`` (data, drawn by whoever shows them). It carries its inputs
and the document with edition and clause, and `answer_from` reads it back.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from quanheng.errors import InputError

# task → module; a module is imported only when its task is asked for
MODULES: dict[str, str] = {
    "uncertainty": "quanheng.metrology.tasks.uncertainty",
    "uncertain-numbers": "quanheng.metrology.tasks.uncertain_numbers",
    "conformity": "quanheng.metrology.tasks.conformity",
    "calibration-line": "quanheng.metrology.tasks.calibration_line",
    "comparison": "quanheng.metrology.tasks.comparison",
    "robust": "quanheng.metrology.tasks.robust",
    "homogeneity": "quanheng.metrology.tasks.homogeneity",
    "stability": "quanheng.metrology.tasks.stability",
    "certified-value": "quanheng.metrology.tasks.certified_value",
    "standard-check": "quanheng.metrology.tasks.standard_check",
    "interval": "quanheng.metrology.tasks.interval",
    "net-content": "quanheng.metrology.tasks.net_content",
    "emission": "quanheng.metrology.tasks.emission",
    "quantity": "quanheng.metrology.tasks.quantity",
}


@dataclass(frozen=True)
class Series:
    """One series. `kind` is points, dots, line, steps, bars or band; `u` draws error bars, `low` to `high` a band."""

    label: str
    kind: str
    x: Sequence[float]
    y: Sequence[float] = ()
    u: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Figure:
    """A figure as data: titles in Chinese and English, axis labels, series and horizontal or vertical lines."""

    title: tuple[str, str]
    x_label: tuple[str, str]
    y_label: tuple[str, str]
    series: tuple[Series, ...]
    lines: tuple[tuple[str, str, float], ...] = ()  # (axis "x" or "y", label, position)


class TaskResult(Protocol):
    """What every task answers."""

    def to_dict(self) -> dict[str, Any]:
        """The documented keys."""
        ...

    def table(self) -> str:
        """The answer as text for a person."""
        ...

    def figures(self) -> tuple[Figure, ...]:
        """Figures as data; empty where nothing is worth drawing."""
        ...


@dataclass(frozen=True)
class Answer:
    """A result with what it came from: the task, its inputs as asked, and the document with edition and clause."""

    task: str
    document: str
    inputs: Mapping[str, Any]
    result: TaskResult

    def to_dict(self) -> dict[str, Any]:
        """The documented keys of the task, with `task`, `document` and `inputs`; plain JSON."""
        return {"task": self.task, **self.result.to_dict(), "document": self.document, "inputs": dict(self.inputs)}

    def table(self) -> str:
        """The answer as text for a person."""
        return self.result.table()

    def figures(self) -> tuple[Figure, ...]:
        """Figures as data."""
        return self.result.figures()

    def __str__(self) -> str:
        return f"{self.table()}\n({self.document})"

    def __getattr__(self, name: str) -> Any:
        # what the result itself has, such as outputs and warnings of an uncertainty
        if name.startswith("__") or name == "result":
            raise AttributeError(name)
        return getattr(self.result, name)


@dataclass(frozen=True)
class Task:
    """One task: names in Chinese and English, the document implemented, its JSON Schema and an example request.

    `cited` names the document with edition and clause that an answer used, from the request and the answer's own keys.
    """

    name: str
    title: tuple[str, str]
    document: str
    evaluate: Callable[[Mapping[str, Any]], TaskResult]
    schema: Mapping[str, Any]
    example: Mapping[str, Any]
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # kinds of the library whose rows the request needs under `tables`; quanheng.library.tables.complete brings them
    tables: tuple[str, ...] = ()
    cited: Callable[[Mapping[str, Any], Mapping[str, Any]], str] | None = None

    def compute(self, request: Mapping[str, Any]) -> Answer:
        """The answer to a request; numbers may also be numpy's, lists tuples or arrays."""
        inputs = plain(request)
        result = self.evaluate(inputs)
        bad = _not_finite(inputs, "")
        if bad:
            raise InputError("number", f"{bad} is no finite number, which no answer can carry", bad)
        own = result.to_dict()
        document = self.cited(inputs, own) if self.cited else str(own.get("document") or self.document)
        return Answer(self.name, document, inputs, result)


def plain(value: Any) -> Any:
    """The same value in what JSON holds: lists for tuples and arrays, Python's numbers for numpy's."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return value


def _not_finite(value: Any, at: str) -> str:
    """Where a request that was computed holds NaN or infinity all the same, such as in a name."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else at or "request"
    items: Any = ()
    if isinstance(value, dict):
        items = ((f"{at}.{key}" if at else key, item) for key, item in value.items())
    elif isinstance(value, list):
        items = ((f"{at}[{i}]", item) for i, item in enumerate(value))
    return next((bad for bad in (_not_finite(item, place) for place, item in items) if bad), "")


def answer_from(data: Mapping[str, Any]) -> Answer:
    """The answer that `to_dict` wrote, computed again from its inputs.

    Raises
    ------
    InputError
        ``answer_differs`` where the inputs do not give that answer, naming the first key that differs: the file was
        changed, or another edition of the software computed it.
    """
    if not isinstance(data, Mapping) or not {"task", "inputs"} <= set(data):
        raise InputError("answer", "an answer holds task and inputs", "answer")
    again = find(str(data["task"])).compute(data["inputs"])
    at = _difference(json.loads(json.dumps(again.to_dict())), json.loads(json.dumps(data)), "")
    if at is not None:
        raise InputError("answer_differs", f"the inputs do not give this answer; the first difference is {at}", at)
    return again


def _difference(a: Any, b: Any, at: str) -> str | None:
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        found = (_difference(a[key], b[key], f"{at}.{key}" if at else key) for key in a)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        found = (_difference(x, y, f"{at}[{i}]") for i, (x, y) in enumerate(zip(a, b, strict=True)))
    elif isinstance(a, float) and isinstance(b, int | float) and not isinstance(b, bool):
        return None if math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-300) else at
    else:
        return None if a == b else at or "the answer"
    return next((place for place in found if place is not None), None)


def names() -> tuple[str, ...]:
    """Names of all tasks in the order people meet them."""
    return tuple(MODULES)


def find(name: str) -> Task:
    """The task of that name, or an error that lists them."""
    if name not in MODULES:
        raise InputError("task", f"there is no task {name!r}; tasks are {', '.join(MODULES)}", name)
    task = importlib.import_module(MODULES[name]).TASK
    if not isinstance(task, Task):
        raise TypeError(f"{MODULES[name]}.TASK is not a Task")
    return task
