"""Requests that nobody should send: every example of a task with some of its parts broken, the same for the same seed."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from typing import Any

from quanheng.metrology import tasks

Path = tuple[Any, ...]
VALUES: tuple[Any, ...] = (
    None, True, False, "", " ", "abc", 0, -0.0, -1, 1, 2, 3, 0.5, 0.95, 100, 1e6, 1e155, 1e308, -1e308, 5e-324, 1e-160,
    10**400, -(10**30), 2**63, 0.999999999, 1.0000001, "1e400", "0x10", "1_000", "1,5", "--1", "inf", "nan", "+1", "１２",
    [], {}, [[]], [{}], [None], ["a"], [1], [0, 0, 0], [1, 1, 1, 1], [1, 2, 3, 4, 5], [1e308] * 4, [[1, 2], [3]],
    [[1, 2], [3, 4]], {"a": 1}, {"value": 1}, {"distribution": "normal"}, "__import__('os')", "x" * 5000, "\u0000", "权衡",
)  # fmt: skip
FACTORS = (0, -1, 1e-300, 1e300, 1e-20, 1e20, 1e10)
NAMES = {"labs", "names"}  # a laboratory may be called inf
NO_NUMBER = re.compile(r"(?<![\w\u4e00-\u9fff])[-+−]?(nan|inf|infinity)(?!\w)", re.IGNORECASE)


def requests(name: str, count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """`count` broken requests of a task."""
    task, rng = tasks.find(name), random.Random(f"{seed} {name}")
    examples = [task.example, *task.examples.values()]
    known = [*task.schema["properties"], "unheard_of"]
    for _ in range(count):
        request = copy.deepcopy(rng.choice(examples))
        if name == "uncertainty":
            request["trials"] = 2000
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            _break(rng, request, known)
        yield request


def _break(rng: random.Random, request: Any, known: list[str]) -> None:
    paths = [path for path in _paths(request) if path and path[0] not in NAMES]
    if not paths:
        return
    path = rng.choice(paths)
    parent, key = _at(request, path[:-1]), path[-1]
    kind = rng.choice(("value", "value", "value", "value", "drop", "more", "scale", "swap", "same"))
    if kind == "value":
        parent[key] = copy.deepcopy(rng.choice(VALUES))
    elif kind == "drop":
        del parent[key]
    elif kind == "more" and isinstance(parent, list):
        parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(rng.choice(parent)))
    elif kind == "more":
        parent[rng.choice(known)] = copy.deepcopy(rng.choice(VALUES))
    elif kind == "scale":
        parent[key] = _scaled(parent[key], rng.choice(FACTORS))
    elif kind == "swap":
        parent[key] = copy.deepcopy(_at(request, rng.choice(paths)))
    elif isinstance(parent[key], list) and parent[key]:
        parent[key] = [copy.deepcopy(rng.choice(parent[key]))] * len(parent[key])


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from _paths(value[key], (*path, key))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _scaled(value: Any, factor: float) -> Any:
    if isinstance(value, dict):
        return {key: _scaled(item, factor) for key, item in value.items()}
    if isinstance(value, list):
        return [_scaled(item, factor) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        return repr(float(value) * factor) if isinstance(value, str) else float(value) * factor
    except (ValueError, OverflowError):
        return value
