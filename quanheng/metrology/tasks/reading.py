"""Reading a request: JSON numbers or numeric strings in, float64 out, one clear error naming the argument otherwise."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from quanheng.errors import InputError

Floats = npt.NDArray[np.float64]
_LONGEST = 64  # characters of one number
_HELD = 15  # significant digits that every float64 holds


def from_json(data: bytes, place: str) -> Any:
    """A request from the bytes of a JSON file, where NaN and Infinity are no numbers."""
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError("json", f"not JSON in UTF-8: {str(error)[:100]}", place) from None


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not a number of JSON")


def _decimal(text: str) -> str:
    """The text of a number; Python's 1_000 is none, for a person may have meant 1.000."""
    if "_" in text:
        raise ValueError(text)
    return text.strip()


def number(value: Any, place: str, *, minimum: float | None = None, above: float | None = None) -> float:
    """One finite float64; `minimum` is allowed itself, `above` is not."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        try:
            value = float(_decimal(value))
        except ValueError:
            raise InputError("number", f"{value!r} is not a number", place) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError("number", f"expected a number, found {str(value)[:40]!r}", place)
    try:
        found = float(value)
    except OverflowError:
        raise InputError("number", "the number is too large", place) from None
    if not math.isfinite(found):
        raise InputError("number", f"expected a finite number, found {found}", place)
    if minimum is not None and found < minimum:
        raise InputError("range", f"{found:g} is below {minimum:g}", place)
    if above is not None and not found > above:
        raise InputError("range", f"{found:g} must be above {above:g}", place)
    return found


def whole(value: Any, place: str, least: int, most: int = 2**53) -> int:
    """One whole number; 10.9 is none, and is never taken for ten."""
    found = number(value, place)
    if not found.is_integer() or not least <= found <= most:
        raise InputError("range", f"needs a whole number from {least} to {most}, found {found:g}", place)
    return value if isinstance(value, int) else int(found)


def numbers(
    value: Any, place: str, *, length: int | None = None, at_least: int = 1, minimum: float | None = None
) -> Floats:
    """A vector of finite float64."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        raise InputError("numbers", f"expected a list of numbers, found {str(value)[:40]!r}", place)
    if length is not None and len(value) != length:
        raise InputError("length", f"expected {length} numbers, found {len(value)}", place)
    if len(value) < at_least:
        raise InputError("length", f"needs at least {at_least} numbers, found {len(value)}", place)
    return np.array([number(v, f"{place}[{i}]", minimum=minimum) for i, v in enumerate(value)], dtype=np.float64)


def keys(request: Any, place: str, *, required: Sequence[str], optional: Sequence[str] = ()) -> Mapping[str, Any]:
    """The request as an object with these keys and no other."""
    if not isinstance(request, Mapping):
        raise InputError("request", "expected a JSON object", place)
    missing = [k for k in required if k not in request]
    if missing:
        raise InputError("missing", f"needs {', '.join(missing)}", place)
    unknown = sorted(set(map(str, request)) - set(required) - set(optional))
    if unknown:
        known = ", ".join([*required, *optional])
        raise InputError("unknown", f"does not know {', '.join(unknown)[:80]}; it knows {known}", place)
    return request


def choice(value: Any, place: str, allowed: Sequence[str]) -> str:
    """One of the allowed words."""
    if value not in allowed:
        raise InputError("choice", f"{str(value)[:40]!r} is not one of {', '.join(allowed)}", place)
    return str(value)


@contextmanager
def called(**names: str) -> Iterator[None]:
    """Refusals of the functions inside name the arguments as the request does: called(groups="bottles")."""
    try:
        yield
    except InputError as error:
        words = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b")
        message, place = (words.sub(lambda w: names[w.group()], part) for part in (error.message, error.place))
        raise InputError(error.code, message, place, error.zh) from None


def text(value: float, u: float | None = None, digits: int = 2) -> str:
    """`value` rounded to the digit of `u` kept to `digits` significant ones (GUM 7.2.6); six without `u`."""
    if not math.isfinite(value):
        return str(value)
    if u is None or not math.isfinite(u) or u <= 0:
        return f"{value:.6g}"
    rounded = float(f"{u:.{digits - 1}e}")
    places = digits - 1 - math.floor(math.log10(rounded))
    value = round(value, places) or 0.0  # a zero has no sign
    significant = places + 1 + math.floor(math.log10(abs(value))) if value else 1
    if significant > _HELD or abs(value) >= 10**_HELD:  # digits beyond double precision are noise
        return f"{value:.{min(max(significant, 1), _HELD) - 1}e}"
    return f"{value:.{max(places, 0)}f}"
