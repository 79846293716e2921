"""What a request to `interval` may hold, method by method, and example requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.metrology.intervals.reliability import MODELS
from quanheng.metrology.tasks.layout import NUMBER, NUMBERS, POSITIVE, fields, schema

_LIMITS = ("shortest", "longest", "largest_factor")
_GROUPED = ("t", "counts", "in_tolerance_counts", "target")
# method → (keys it needs, keys it may have)
METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "staircase": (("errors", "mpe", "current"), ("up", "inside", *_LIMITS)),
    "control-chart": (("t", "errors", "mpe", "current"), ("U",)),
    "in-use": (("hours", "use_per_day", "current"), ()),
    "a1": (("passed", "current", "target"), ("up", *_LIMITS)),
    "a2": (("passed", "current", "target"), _LIMITS),
    "a3": (("n", "in_tolerance", "current", "target"), ("confidence", *_LIMITS)),
    "s1": (_GROUPED, ("confidence", "costs")),
    "s2": (_GROUPED, ("confidence", "costs", "models")),
    "s3": (("histories", "target"), ("confidence", "costs", "models", "renewal")),
    "binomial": (("n", "in_tolerance", "current", "target"), ("confidence",)),
    "variables": (("t", "change"), ("order", "u0", "y0", "u_target", "limits", "confidence", "horizon")),
    "drift": (("t", "errors", "u", "mpe", "target"), ("horizon",)),
}
_FLAGS = {"type": "array", "items": {"type": "boolean"}, "minItems": 1}
_SHARE = {**POSITIVE, "exclusiveMaximum": 1}

SCHEMA = schema(
    "interval",
    {
        "method": {"enum": list(METHODS), "description": "it decides which other keys count"},
        "current": {**POSITIVE, "description": "interval in use, in any unit of time"},
        "target": {**_SHARE, "description": "reliability wanted at the end of the interval"},
        "confidence": _SHARE,
        "errors": {**NUMBERS, "description": "errors found, in order of time"},
        "mpe": {**POSITIVE, "description": "magnitude of the maximum permissible error"},
        "up": {**POSITIVE, "default": 0.1, "description": "relative step upward"},
        "inside": {
            **POSITIVE,
            "maximum": 1,
            "default": 0.8,
            "description": "share of the MPE within which to lengthen",
        },
        "shortest": NUMBER,
        "longest": NUMBER,
        "largest_factor": {**POSITIVE, "description": "largest factor of one change; 2 for staircase and a3"},
        "t": {**NUMBERS, "description": "times"},
        "U": {**NUMBER, "default": 0},
        "hours": {**POSITIVE, "description": "interval in hours of use"},
        "use_per_day": {**NUMBERS, "description": "hours of use a day, as recorded"},
        "passed": {**_FLAGS, "description": "in tolerance when calibrated, in order of time"},
        "n": {"type": "integer", "minimum": 1},
        "in_tolerance": {"type": "integer", "minimum": 0},
        "counts": {**NUMBERS, "description": "calibrations made after each time t"},
        "in_tolerance_counts": {**NUMBERS, "description": "how many of them were in tolerance"},
        "models": {"type": "array", "items": {"enum": list(MODELS)}},
        "histories": {
            "type": "array",
            "minItems": 1,
            "items": fields({"t": NUMBERS, "passed": _FLAGS}, ("t", "passed")),
        },
        "renewal": {"enum": ["all", "failures"], "default": "failures", "description": "what is adjusted"},
        "costs": fields({"calibration": POSITIVE, "out_of_tolerance": POSITIVE}, ("calibration", "out_of_tolerance")),
        "change": {**NUMBERS, "description": "change of the error after each time t since calibration"},
        "order": {"type": "integer", "minimum": 1, "maximum": 3, "default": 1},
        "u0": {**NUMBER, "default": 0, "description": "standard uncertainty at calibration"},
        "y0": {**NUMBER, "default": 0, "description": "value at calibration"},
        "u_target": POSITIVE,
        "limits": fields({"low": NUMBER, "high": NUMBER}),
        "u": {**NUMBERS, "description": "standard uncertainties of the errors"},
        "horizon": {**POSITIVE, "description": "how far to look"},
    },
    ("method",),
)

_CHANGE = {"t": [70, 86, 104, 135, 167, 173], "change": [0.1, 0.11, 0.251, 0.299, 0.403, 0.615], "order": 2, "u0": 0.28}
_ASSET = [1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0]

EXAMPLES: dict[str, Mapping[str, Any]] = {
    # NCSLI RP-1, table D-1: weeks between calibrations
    "rp1-s2": {
        "method": "s2",
        "t": [4, 7, 10, 13, 21, 28, 40, 48],
        "counts": [4, 6, 14, 13, 22, 49, 18, 6],
        "in_tolerance_counts": [4, 5, 9, 8, 12, 20, 9, 2],
        "target": 0.75,
        "costs": {"calibration": 400, "out_of_tolerance": 60},
    },
    "a3": {"method": "a3", "n": 20, "in_tolerance": 15, "current": 365, "target": 0.95},
    "a1": {"method": "a1", "passed": [bool(p) for p in _ASSET], "current": 365, "target": 0.85},
    "a2": {"method": "a2", "passed": [bool(p) for p in _ASSET], "current": 365, "target": 0.85},
    "staircase": {"method": "staircase", "errors": [0.02, 0.05, -0.03, 0.09], "mpe": 0.1, "current": 12, "longest": 24},
    "control-chart": {
        "method": "control-chart",
        "t": [0, 12, 24, 36],
        "errors": [0.01, 0.03, 0.04, 0.06],
        "mpe": 0.2,
        "U": 0.03,
        "current": 12,
    },
    "in-use": {"method": "in-use", "hours": 2000, "use_per_day": [6, 8, 7.5, 0, 8, 8, 5], "current": 365},
    "s1": {
        "method": "s1",
        "t": [6, 12, 18, 24],
        "counts": [30, 40, 25, 12],
        "in_tolerance_counts": [29, 37, 22, 10],
        "target": 0.9,
    },
    "s3": {
        "method": "s3",
        "histories": [
            {"t": [12, 12, 12, 14], "passed": [True, True, False, True]},
            {"t": [12, 13, 12], "passed": [True, True, True]},
            {"t": [6, 12, 12, 12], "passed": [True, False, True, False]},
            {"t": [12, 24, 12], "passed": [True, False, True]},
        ],
        "target": 0.85,
        "models": ["exponential", "weibull"],
    },
    "binomial": {"method": "binomial", "n": 60, "in_tolerance": 58, "current": 12, "target": 0.9},
    # NASA-HDBK-8739.19-5, table 7-2
    "nasa-uncertainty": {"method": "variables", **_CHANGE, "u_target": 0.5},
    "nasa-reliability": {
        "method": "variables",
        **_CHANGE,
        "y0": 10.03,
        "limits": {"low": 9, "high": 11},
        "confidence": 0.9,
    },
    "drift": {
        "method": "drift",
        "t": [0, 365, 730, 1095, 1460],
        "errors": [0.01, 0.05, 0.11, 0.13, 0.20],
        "u": [0.02, 0.02, 0.02, 0.02, 0.02],
        "mpe": 0.5,
        "target": 0.95,
    },
}
