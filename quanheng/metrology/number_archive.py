"""The archive of uncertain numbers: text that can be read years later and still correlates.

The format is described in ``docs/compute/number-archive.md``; version 1 stays readable for ever.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from quanheng.errors import InputError
from quanheng.metrology.uncertain_number import Cause, Uncertain

FORMAT = "quanheng-uncertain-numbers"
VERSION = 1
MAX_CAUSES = 100_000


def write_archive(numbers: Mapping[str, Uncertain]) -> str:
    """The archive of these numbers as JSON text; floats are written so that they read back bit for bit."""
    causes: dict[str, Cause] = {}
    for number in numbers.values():
        for cause in number.parts:
            if causes.setdefault(cause.id, cause) != cause:
                raise InputError("cause_conflict", "two different causes have this id", cause.id)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "causes": {c.id: {"label": c.label, "dof": _dof_text(c.dof)} for c in causes.values()},
        "numbers": {
            name: {"value": repr(n.value), "parts": {c.id: repr(p) for c, p in n.parts.items()}}
            for name, n in numbers.items()
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_archive(text: str, *, known: Mapping[str, Cause] | None = None) -> dict[str, Uncertain]:
    """Numbers of an archive. Numbers of several archives correlate through causes of the same id.

    Parameters
    ----------
    known : mapping of id to Cause, optional
        Causes met before; one that returns with another label or other degrees of freedom is refused.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("archive", "not JSON", "") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("version") != VERSION:
        raise InputError("archive", f"expected format {FORMAT} version {VERSION}", "")
    causes = {key: _cause(key, data) for key, data in _object(content.get("causes"), "causes").items()}
    if len(causes) > MAX_CAUSES:
        raise InputError("archive", f"more than {MAX_CAUSES} causes", "causes")
    for key, cause in (known or {}).items():
        if key in causes and causes[key] != cause:
            raise InputError("cause_conflict", "another archive says something else of this cause", key)
    return {name: _number(name, data, causes) for name, data in _object(content.get("numbers"), "numbers").items()}


def causes_of(numbers: Mapping[str, Uncertain]) -> dict[str, Cause]:
    """All causes of these numbers, by id."""
    return {cause.id: cause for number in numbers.values() for cause in number.parts}


def _dof_text(dof: float | None) -> str | None:
    if dof is None or math.isinf(dof):
        return None if dof is None else "inf"
    return str(int(dof)) if dof == int(dof) else repr(float(dof))


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError("archive", "expected an object", place)
    return value


def _cause(key: str, data: Any) -> Cause:
    found = _object(data, f"causes.{key}")
    label, dof = found.get("label"), found.get("dof")
    if not isinstance(label, str):
        raise InputError("archive", "a cause needs a label", f"causes.{key}")
    number = None if dof is None else math.inf if dof == "inf" else _float(dof, f"causes.{key}.dof")
    if number is not None and not number > 0:
        raise InputError("archive", "degrees of freedom are above zero", f"causes.{key}.dof")
    return Cause(key, label, number)


def _number(name: str, data: Any, causes: Mapping[str, Cause]) -> Uncertain:
    found = _object(data, f"numbers.{name}")
    parts = _object(found.get("parts"), f"numbers.{name}.parts")
    missing = sorted(set(parts) - set(causes))
    if missing:
        raise InputError("archive", "a part belongs to no cause", f"numbers.{name}.{missing[0]}")
    value = _float(found.get("value"), f"numbers.{name}.value")
    return Uncertain(value, {causes[key]: _float(part, f"numbers.{name}.{key}") for key, part in parts.items()})


def _float(value: Any, place: str) -> float:
    if not isinstance(value, str) or len(value) > 40:
        raise InputError("archive", "numbers are written as text", place)
    try:
        found = float(value)
    except ValueError:
        raise InputError("archive", f"{value!r} is not a number", place) from None
    if not math.isfinite(found):
        raise InputError("archive", "the number is not finite", place)
    return found
