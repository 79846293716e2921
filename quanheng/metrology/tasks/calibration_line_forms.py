"""The request form of the task `calibration-line`: its JSON Schema and published examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NUMBER: Mapping[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_NUMBERS: Mapping[str, Any] = {"type": "array", "items": _NUMBER}
_MATRIX: Mapping[str, Any] = {"type": "array", "items": _NUMBERS}
_U: Mapping[str, Any] = {"anyOf": [_NUMBER, _NUMBERS], "description": "standard uncertainties, or one for all points"}

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "calibration-line",
    "type": "object",
    "required": ["x", "y"],
    "additionalProperties": False,
    "properties": {
        "x": {**_NUMBERS, "description": "stimulus (for an analysis function of ISO 6143: the response)"},
        "y": {**_NUMBERS, "description": "response (for an analysis function of ISO 6143: the content)"},
        "u_x": _U,
        "u_y": _U,
        "cov_x": {**_MATRIX, "description": "covariance of x instead of u_x"},
        "cov_y": {**_MATRIX, "description": "covariance of y instead of u_y"},
        "cov_xy": {**_MATRIX, "description": "covariance of x (rows) with y (columns)"},
        "predict": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"x": _NUMBER, "y": _NUMBER, "u": _NUMBER},
                "additionalProperties": False,
            },
            "description": "x given: y = f(x); y given: the x that belongs to it",
        },
        "model": {
            "type": "string",
            "default": "line",
            "description": "line, polynomial-2 to polynomial-10, power, exponential, or auto",
        },
        "candidates": {"type": "array", "items": {"type": "string"}, "description": "models that auto may choose"},
        "coverage": {**_NUMBER, "default": 0.95},
        "digits": {"type": "integer", "minimum": 1, "maximum": 6, "default": 2},
    },
}

_WEIGHTED: Mapping[str, Any] = {
    "x": [1, 2, 3, 4, 5, 6],
    "y": [3.3, 5.6, 7.1, 9.3, 10.7, 12.1],
    "u_y": 0.5,
    "predict": [{"y": 10.5, "u": 0.5}, {"x": 3.5, "u": 0.2}],
}
_UNEQUAL: Mapping[str, Any] = {
    "x": [1, 2, 3, 4, 5, 6],
    "y": [3.2, 4.3, 7.6, 8.6, 11.7, 12.8],
    "u_y": [0.5, 0.5, 0.5, 1, 1, 1],
    "predict": [{"y": 10.5, "u": 1}],
}
_BOTH: Mapping[str, Any] = {
    "x": [1.2, 1.9, 2.9, 4.0, 4.7, 5.9],
    "y": [3.4, 4.4, 7.2, 8.5, 10.8, 13.5],
    "u_x": 0.2,
    "u_y": [0.2, 0.2, 0.2, 0.4, 0.4, 0.4],
    "predict": [{"y": 10.0, "u": 0.3}, {"x": 3.0, "u": 0.2}],
}
_PAIRS: Mapping[str, Any] = {
    "x": _BOTH["x"],
    "y": _BOTH["y"],
    "u_x": 0.2,
    "u_y": _BOTH["u_y"],
    "cov_xy": [[0.036 if i == j else 0 for j in range(6)] for i in range(6)],
}
_RESPONSES: Mapping[str, Any] = {
    "x": list(range(1, 11)),
    "y": [1.3, 4.1, 6.9, 7.5, 10.2, 12.0, 14.5, 17.1, 19.5, 21.0],
    "cov_y": [
        [(0 if (i < 5) != (j < 5) else 1 if i < 5 else 4) + (1 if i == j else 0) for j in range(10)] for i in range(10)
    ],
}
_UNKNOWN: Mapping[str, Any] = {
    "x": [1, 2, 3, 4, 5, 6],
    "y": [3.014, 5.225, 7.004, 9.061, 11.201, 12.762],
    "predict": [{"y": 10.5}],
}
_CORRELATED: Mapping[str, Any] = {
    "x": [50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1],
    "y": [52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2],
    "cov_x": [
        [0.5, 0, 0.25, 0, 0.25, 0, 0.25],
        [0, 1.25, 1, 0, 0, 1, 1],
        [0.25, 1, 1.5, 0, 0.25, 1, 1.25],
        [0, 0, 0, 1.25, 1, 1, 1],
        [0.25, 0, 0.25, 1, 1.5, 1, 1.25],
        [0, 1, 1, 1, 1, 2.25, 2],
        [0.25, 1, 1.25, 1, 1.25, 2, 2.5],
    ],
    "cov_y": [[5 if i == j else 1 for j in range(7)] for i in range(7)],
}
_GAS: Mapping[str, Any] = {
    "x": [0.1969, 0.7874, 2.0228],
    "y": [4.5, 18.75, 50],
    "u_x": [0.003938, 0.015748, 0.040456],
    "u_y": [0.045, 0.1875, 0.5],
    "predict": [{"x": 0.258, "u": 0.00516}, {"x": 0.6, "u": 0.012}, {"x": 1.8, "u": 0.036}],
}
_GAS_PARABOLA: Mapping[str, Any] = {
    "x": [60, 7786, 81700, 156200, 233300, 293000, 380600, 449700],
    "y": [0.0015, 0.1888, 1.990, 3.796, 5.677, 7.118, 9.210, 10.90],
    "u_x": [35, 135.7, 36.7, 223.2, 137.2, 245.5, 125.1, 321.8],
    "u_y": [0.0009, 0.00045, 0.004, 0.039, 0.0125, 0.0125, 0.02, 0.025],
    "model": "polynomial-2",
    "predict": [{"x": 70000, "u": 40}, {"x": 370000, "u": 200}],
}
_GAS_POWER: Mapping[str, Any] = {
    "x": [963.7988, 966.2585, 1912.5692, 2846.9306, 3754.9386, 3764.5905, 4647.1511, 5529.9991, 7246.0082, 7240.4767,
          8884.6955, 8902.6916],
    "y": [1.0006, 1.0010, 1.9995, 3.0018, 3.9982, 4.0043, 4.9981, 5.9961, 7.9974, 7.9995, 9.9980, 10.0060],
    "u_x": [14, 12.5, 16.8, 11.6, 10.8, 12.1, 14.4, 12.1, 11.9, 10.7, 10.1, 14.1],
    "u_y": [0.00134, 0.0011, 0.0032, 0.0034, 0.0058, 0.0058, 0.0058, 0.0078, 0.0084, 0.010, 0.012, 0.0104],
    "model": "auto",
    "predict": [{"x": 4950.6, "u": 11}],
}  # fmt: skip

EXAMPLE = _BOTH
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "iso28037-6.3-equal": _WEIGHTED,
    "iso28037-6.3-unequal": _UNEQUAL,
    "iso28037-7.4": _BOTH,
    "iso28037-8": _PAIRS,
    "iso28037-9": _RESPONSES,
    "iso28037-10": _CORRELATED,
    "iso28037-e": _UNKNOWN,
    "iso6143-b.2.1": _GAS,
    "iso6143-b.2.2": _GAS_PARABOLA,
    "iso6143-b.2.3": _GAS_POWER,
}
