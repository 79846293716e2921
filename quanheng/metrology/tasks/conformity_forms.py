"""The request form of the task `conformity`: its JSON Schema and published examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.metrology.decision_rules import RULES

_NUMBER: Mapping[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}]}

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "conformity",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "lower": {**_NUMBER, "description": "lower tolerance limit T_L"},
        "upper": {**_NUMBER, "description": "upper tolerance limit T_U"},
        "mpe": {**_NUMBER, "description": "maximum permissible error: limits ±mpe"},
        "value": {**_NUMBER, "description": "measured value; may be left out where a prior is given"},
        "u": {**_NUMBER, "description": "standard uncertainty"},
        "U": {**_NUMBER, "description": "expanded uncertainty instead of u"},
        "k": {**_NUMBER, "default": 2},
        "dof": {**_NUMBER, "description": "degrees of freedom of u: the density is then t"},
        "rule": {
            "anyOf": [
                {"enum": list(RULES)},
                {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"enum": list(RULES)},
                        "factor": {**_NUMBER, "description": "guard band as a multiple of U = 2u"},
                        "w": {**_NUMBER, "description": "guard band, inside the limits where positive"},
                        "probability": {**_NUMBER, "default": 0.95},
                        "risk": {**_NUMBER, "description": "global consumer's risk to reach"},
                        "ratio": {**_NUMBER, "description": "U may be neglected up to this part of the limit"},
                    },
                    "additionalProperties": False,
                },
            ],
            "default": "simple",
        },
        "acceptance": {
            "type": "object",
            "properties": {"lower": _NUMBER, "upper": _NUMBER},
            "additionalProperties": False,
            "description": "acceptance limits instead of a rule",
        },
        "prior": {
            "type": "object",
            "required": ["distribution"],
            "description": "distribution of the property over the population, as an input of the task uncertainty",
        },
        "digits": {"type": "integer", "minimum": 1, "maximum": 6, "default": 2},
    },
}

_SCALE: Mapping[str, Any] = {"mpe": 0.5, "value": 0.42, "u": 0.06, "rule": "non-binary"}
_DIODE: Mapping[str, Any] = {"upper": -5.40, "value": -5.47, "u": 0.05}
_CONTAINER: Mapping[str, Any] = {"lower": 490, "value": 509.7, "u": 8.6}
_OIL: Mapping[str, Any] = {"lower": 12.5, "upper": 16.3, "value": 13.6, "u": 1.8}
_RESISTORS: Mapping[str, Any] = {
    "lower": 1499.8,
    "upper": 1500.2,
    "u": 0.04,
    "acceptance": {"lower": 1499.82, "upper": 1500.18},
    "prior": {"distribution": "normal", "mean": 1500, "std": 0.12},
}
_BEARINGS: Mapping[str, Any] = {
    "upper": 2,
    "u": 0.25,
    "rule": {"name": "risk", "risk": 0.001},
    "prior": {"distribution": "gamma", "shape": 4, "scale": 0.25},
}

EXAMPLE = _SCALE
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "ilac-g8": _SCALE,
    "jcgm106-7.3.3-diode": _DIODE,
    "jcgm106-7.3.3-container": _CONTAINER,
    "jcgm106-7.4-oil": _OIL,
    "jcgm106-9.5.3-resistors": _RESISTORS,
    "jcgm106-9.5.4-bearings": _BEARINGS,
}
