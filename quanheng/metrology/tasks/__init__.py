"""The tasks of ``quanheng compute``: one request in, one documented answer out.

Each task is a module of this package that offers ``TASK``. A request is a JSON object whose numbers may be JSON numbers
or numeric strings; an answer is a frozen result with ``to_dict`` (documented keys, float64 with a rounded ``text``
beside them), ``table`` (what a person reads) and ``figures`` (data, drawn by whoever shows them).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from quanheng.errors import InputError

# task → module; a module is imported only when its task is asked for
MODULES: dict[str, str] = {
    "uncertainty": "quanheng.metrology.tasks.uncertainty",
    "conformity": "quanheng.metrology.tasks.conformity",
    "calibration-line": "quanheng.metrology.tasks.calibration_line",
    "comparison": "quanheng.metrology.tasks.comparison",
    "robust": "quanheng.metrology.tasks.robust",
    "homogeneity": "quanheng.metrology.tasks.homogeneity",
    "stability": "quanheng.metrology.tasks.stability",
    "standard-check": "quanheng.metrology.tasks.standard_check",
    "interval": "quanheng.metrology.tasks.interval",
    "net-content": "quanheng.metrology.tasks.net_content",
    "emission": "quanheng.metrology.tasks.emission",
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
class Task:
    """One task: names in Chinese and English, the document implemented, its JSON Schema and an example request."""

    name: str
    title: tuple[str, str]
    document: str
    compute: Callable[[Mapping[str, Any]], TaskResult]
    schema: Mapping[str, Any]
    example: Mapping[str, Any]
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # kinds of the library whose rows the request needs under `tables`; quanheng.library.tables.complete brings them
    tables: tuple[str, ...] = ()


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
