"""What a request to `standard-check` may hold, kind by kind, and example requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.metrology.tasks.layout import NUMBER, NUMBERS, POSITIVE, schema

# kind → (keys it needs, keys it may have)
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "repeatability": (("readings",), ("limit",)),
    "stability": (("groups", "limit"), ("phase",)),
    "transfer": (("y", "U", "reference", "U_reference"), ("k", "k_reference")),
    "comparison": (("values", "U"), ("k", "own")),
    "pooled": (("groups",), ("readings_of_result",)),
    "chart": (("chart",), ("groups", "values", "weight", "width", "centre", "sigma")),
}

_ONE_OR_MANY = {"anyOf": [NUMBER, NUMBERS]}

SCHEMA = schema(
    "standard-check",
    {
        "kind": {"enum": list(KINDS), "description": "which check; it decides which other keys count"},
        "readings": {
            **NUMBERS,
            "description": "repeatability: readings under the same conditions, at least 10",
        },
        "limit": {**POSITIVE, "description": "repeatability stated; or U (actual value) or |MPE| (nominal value)"},
        "groups": {"type": "array", "items": _ONE_OR_MANY, "description": "readings of each check, in order of time"},
        "phase": {"enum": ["new", "in_service"], "default": "new"},
        "y": {**NUMBER, "description": "transfer: result of the standard checked"},
        "U": {**_ONE_OR_MANY, "description": "its expanded uncertainty; comparison: of every laboratory"},
        "reference": {**NUMBER, "description": "result of the higher standard"},
        "U_reference": POSITIVE,
        "k": {**_ONE_OR_MANY, "description": "coverage factors; 2 when absent, unified to the largest"},
        "k_reference": POSITIVE,
        "values": {**NUMBERS, "description": "comparison: results of all laboratories; chart: readings"},
        "own": {"type": "integer", "minimum": 1, "default": 1, "description": "which of values is ours"},
        "readings_of_result": {"type": "integer", "minimum": 1, "default": 1},
        "chart": {"enum": ["xbar-s", "xbar-r", "i-mr", "ewma"]},
        "weight": {**POSITIVE, "maximum": 1, "default": 0.2, "description": "lambda of EWMA"},
        "width": {**POSITIVE, "default": 3, "description": "of the EWMA limits, in standard deviations"},
        "centre": NUMBER,
        "sigma": POSITIVE,
    },
    ("kind",),
)

# NIST/SEMATECH e-Handbook 6.3.2.4
_NIST = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5]
_NIST += [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]

EXAMPLES: dict[str, Mapping[str, Any]] = {
    "ewma": {"kind": "chart", "chart": "ewma", "values": _NIST, "weight": 0.3, "centre": 50, "sigma": 2.0539},
    "i-mr": {"kind": "chart", "chart": "i-mr", "values": _NIST[10:]},
    "repeatability": {
        "kind": "repeatability",
        "readings": [10.0003, 10.0001, 10.0004, 10.0002, 10.0003, 10.0002, 10.0004, 10.0001, 10.0003, 10.0002],
        "limit": "0.0002",
    },
    "stability": {
        "kind": "stability",
        "groups": ["100.0012", "100.0015", "100.0010", "100.0014"],
        "limit": "0.0010",
    },
    "transfer": {
        "kind": "transfer",
        "y": "100.05",
        "U": "0.06",
        "reference": "100.01",
        "U_reference": "0.03",
        "k_reference": 3,
    },
    "comparison": {
        "kind": "comparison",
        "values": ["20.003", "20.001", "19.998", "20.000"],
        "U": ["0.006", "0.005", "0.006", "0.009"],
        "k": [2, 2, 2, 3],
    },
    "pooled": {
        "kind": "pooled",
        "groups": [[10.1, 10.3, 10.2], [9.9, 10.1], [10.0, 10.2, 10.4, 10.1]],
        "readings_of_result": 3,
    },
}
