"""The request form of the task `uncertainty`: its JSON Schema and published examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.metrology.distributions_more import NAMES

_NUMBER: Mapping[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_NUMBERS: Mapping[str, Any] = {"type": "array", "items": _NUMBER}
_PARAMETERS = (
    "mean", "std", "low", "high", "beta", "d", "loc", "scale", "dof", "shape", "value", "a", "b", "count",
    "successes", "trials", "at", "relative", "range", "of_range", "absolute", "k",
)  # fmt: skip

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "uncertainty",
    "type": "object",
    "required": ["model", "inputs"],
    "additionalProperties": False,
    "properties": {
        "model": {"type": "string", "description": "Y = X1 + X2; Z = sqrt(X1): formulas separated by semicolons"},
        "inputs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["distribution"],
                "properties": {
                    "distribution": {"enum": list(NAMES)},
                    **dict.fromkeys(_PARAMETERS, _NUMBER),
                    "values": _NUMBERS,
                    "x": _NUMBERS,
                    "density": _NUMBERS,
                    "shape": {"anyOf": [_NUMBER, {"enum": ["rectangular", "normal"]}]},
                },
                "additionalProperties": False,
            },
        },
        "outputs": {
            "type": "array",
            "items": {"type": "string"},
            "description": "outputs to report; default all",
        },
        "correlations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["a", "b"],
                "properties": {
                    "a": {"type": "string"},
                    "b": {"type": "string"},
                    "r": {**_NUMBER, "description": "correlation coefficient"},
                    "shared": {**_NUMBER, "description": "standard uncertainty of a cause both share"},
                },
                "additionalProperties": False,
            },
        },
        "simultaneous": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "string"}},
            "description": "groups of inputs whose observations were made together",
        },
        "coverage": {**_NUMBER, "default": 0.95},
        "k": {**_NUMBER, "description": "coverage factor of the GUM methods instead of coverage"},
        "interval": {"enum": ["symmetric", "shortest"], "default": "symmetric"},
        "method": {"enum": ["gum", "gum2", "mc", "auto"], "default": "auto"},
        "trials": {"anyOf": [{"const": "adaptive"}, _NUMBER], "default": "adaptive"},
        "digits": {"type": "integer", "minimum": 1, "maximum": 6, "default": 2},
        "seed": {"type": "integer", "minimum": 0, "default": 1},
        "threads": {"type": "integer", "minimum": 1, "maximum": 64, "default": 1},
        "most_trials": {
            "type": "integer",
            "minimum": 10000,
            "maximum": 10000000,
            "default": 10000000,
            "description": "where the adaptive procedure ends",
        },
    },
}

_GAUGE_BLOCK: Mapping[str, Any] = {
    "model": "l = ls + d + d1 + d2 - ls*(d_alpha*(theta + delta) + alpha_s*d_theta)",
    "inputs": {
        "ls": {"distribution": "normal", "mean": 50000623, "std": 25, "dof": 18},
        "d": {"distribution": "normal", "mean": 215, "std": 5.8, "dof": 24},
        "d1": {"distribution": "normal", "mean": 0, "std": 3.9, "dof": 5},
        "d2": {"distribution": "normal", "mean": 0, "std": 6.7, "dof": 8},
        "alpha_s": {"distribution": "rectangular", "low": 9.5e-6, "high": 13.5e-6},
        "theta": {"distribution": "normal", "mean": -0.1, "std": 0.2},
        "delta": {"distribution": "arcsine", "low": -0.5, "high": 0.5},
        "d_alpha": {"distribution": "rectangular", "low": -1e-6, "high": 1e-6, "dof": 50},
        "d_theta": {"distribution": "rectangular", "low": -0.05, "high": 0.05, "dof": 2},
    },
    "coverage": 0.99,
    "method": "gum",
}

_IMPEDANCE_SETS: Mapping[str, Any] = {
    "model": "R = V/I*cos(phi); X = V/I*sin(phi); Z = V/I",
    "inputs": {
        "V": {"distribution": "observations", "values": ["5.007", "4.994", "5.005", "4.990", "4.999", "4.999"]},
        "I": {"distribution": "observations", "values": ["0.019663", "0.019639", "0.019640", "0.019685", "0.019678",
                                                         "0.019661"]},
        "phi": {"distribution": "observations", "values": ["1.0456", "1.0438", "1.0468", "1.0428", "1.0433", "1.0445"]},
    },
    "simultaneous": [["V", "I", "phi"]],
    "method": "mc",
    "trials": 1000000,
}  # fmt: skip

_IMPEDANCE: Mapping[str, Any] = {
    "model": "R = V/I*cos(phi); X = V/I*sin(phi); Z = V/I",
    "inputs": {
        "V": {"distribution": "normal", "mean": 4.9990, "std": 0.0032},
        "I": {"distribution": "normal", "mean": 0.019661, "std": 0.0000095},
        "phi": {"distribution": "normal", "mean": 1.04446, "std": 0.00075},
    },
    "correlations": [{"a": "V", "b": "I", "r": -0.36}, {"a": "V", "b": "phi", "r": 0.86},
                     {"a": "I", "b": "phi", "r": -0.65}],
    "method": "gum",
}  # fmt: skip

_MASS: Mapping[str, Any] = {
    "model": "dm = (mR + dmR)*(1 + (ra - 1.2)*(1/rW - 1/rR)) - 100000",
    "inputs": {
        "mR": {"distribution": "normal", "mean": 100000, "std": 0.050},
        "dmR": {"distribution": "normal", "mean": 1.234, "std": 0.020},
        "ra": {"distribution": "rectangular", "low": 1.1, "high": 1.3},
        "rW": {"distribution": "rectangular", "low": 7000, "high": 9000},
        "rR": {"distribution": "rectangular", "low": 7950, "high": 8050},
    },
    "interval": "shortest",
    "digits": 1,
    "method": "auto",
}

_WIDTH = 3**0.5

_ADDITIVE: Mapping[str, Any] = {
    "model": "Y = X1 + X2 + X3 + X4",
    "inputs": {f"X{i}": {"distribution": "rectangular", "low": -_WIDTH, "high": _WIDTH} for i in range(1, 5)},
    "method": "mc",
    "trials": 1000000,
}

_POWER_METER: Mapping[str, Any] = {
    "model": "dY = X1**2 + X2**2",
    "inputs": {
        "X1": {"distribution": "normal", "mean": 0.010, "std": 0.005},
        "X2": {"distribution": "normal", "mean": 0, "std": 0.005},
    },
    "interval": "shortest",
    "method": "auto",
}

EXAMPLE = _MASS
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "gum-h1": _GAUGE_BLOCK,
    "gum-h2": _IMPEDANCE,
    "jcgm102-9.4": _IMPEDANCE_SETS,
    "jcgm101-9.2.3": _ADDITIVE,
    "jcgm101-9.3": _MASS,
    "jcgm101-9.4": _POWER_METER,
}
