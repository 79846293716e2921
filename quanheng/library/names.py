"""Words by which an instrument is recognised as one that a norm is about: the norm's own, and what the trade says."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import lru_cache

from quanheng.library import LIBRARY_ROOT

_BETWEEN = re.compile(r"[、/()（）,;;]|等")


@lru_cache(maxsize=1)
def spoken() -> Mapping[str, tuple[str, ...]]:
    """Number of a norm → further names in use."""
    with (LIBRARY_ROOT / "words" / "instrument-names.csv").open(encoding="utf-8", newline="") as file:
        return {row["number"]: tuple(row["words"].split(";")) for row in csv.DictReader(file)}


def names_of(number: str, instrument: str) -> tuple[str, ...]:
    """Names of the instruments of a norm: its own ("非自行指示秤(案秤/台秤)" has three), then those in use."""
    own = [word.strip() for word in _BETWEEN.split(instrument)]
    return tuple(dict.fromkeys([*filter(None, own), *spoken().get(number, ())]))
