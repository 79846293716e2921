"""What an area leaves behind, as bytes and back: dataclasses of the estimator, exact to the last bit.

Not pickle: a file that somebody put into the work folder can name no class outside the estimator and runs no code.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

_MODULES = ("quanheng.metrology.energy_balance", "quanheng.telemetry.fleets")
_HEAD = 8  # bytes that hold the length of the JSON


def pack(value: object) -> bytes:
    """Bytes of a dataclass of the estimator, or of plain values and arrays. Raises TypeError for anything else."""
    blobs: list[bytes] = []
    tree = json.dumps(_tree(value, blobs, [0]), ensure_ascii=False, separators=(",", ":")).encode()
    return len(tree).to_bytes(_HEAD, "little") + tree + b"".join(blobs)


def unpack(data: bytes) -> Any:
    """The value again. Raises ValueError where the bytes are no such value."""
    size = int.from_bytes(data[:_HEAD], "little")
    try:
        return _value(json.loads(data[_HEAD : _HEAD + size]), memoryview(data)[_HEAD + size :])
    except (KeyError, IndexError, TypeError, AttributeError, ImportError, RecursionError) as error:
        raise ValueError(f"not the state of an area: {error}") from error


def _tree(value: object, blobs: list[bytes], filled: list[int]) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise TypeError("an array of objects has no bytes of its own")
        fortran = array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous
        blob = array.tobytes("F" if fortran else "C")
        start, filled[0] = filled[0], filled[0] + len(blob)
        blobs.append(blob)
        kind = "s" if isinstance(value, np.generic) else "f" if fortran else "a"
        return [kind, array.dtype.str, list(array.shape), start]
    if isinstance(value, list | tuple):
        return ["l" if isinstance(value, list) else "t", *(_tree(item, blobs, filled) for item in value)]
    if isinstance(value, dict):
        return ["d", *([_tree(k, blobs, filled), _tree(v, blobs, filled)] for k, v in value.items())]
    if is_dataclass(value) and type(value).__module__.startswith(_MODULES):
        own = {field.name: _tree(getattr(value, field.name), blobs, filled) for field in fields(value)}
        return ["c", type(value).__module__, type(value).__qualname__, own]
    raise TypeError(f"{type(value).__name__} cannot be kept between the passes")


def _value(node: Any, blob: memoryview) -> Any:
    if not isinstance(node, list):
        return node
    kind, *rest = node
    if kind in ("a", "f", "s"):
        return _array(node, blob)
    if kind == "l":
        return [_value(item, blob) for item in rest]
    if kind == "t":
        return tuple(_value(item, blob) for item in rest)
    if kind == "d":
        return {_value(k, blob): _value(v, blob) for k, v in rest}
    if kind == "c":
        module, name, own = rest
        return _class(module, name)(**{key: _value(item, blob) for key, item in own.items()})
    raise ValueError(f"unknown kind {kind!r}")


def _array(node: list[Any], blob: memoryview) -> Any:
    kind, dtype, shape, start = node
    count = int(np.prod(shape))
    flat = np.frombuffer(blob, np.dtype(dtype), count=count, offset=start) if count else np.empty(0, np.dtype(dtype))
    array = flat.reshape(shape, order="F" if kind == "f" else "C").copy(order="K")
    return array[()] if kind == "s" else array


def _class(module: str, name: str) -> Any:
    if not module.startswith(_MODULES):
        raise ValueError(f"{module} is not of the estimator")
    found = getattr(importlib.import_module(module), name)
    if not (isinstance(found, type) and is_dataclass(found)):
        raise ValueError(f"{name} is not a dataclass of the estimator")
    return found
