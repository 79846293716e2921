"""What a request to `comparison` may hold, and example requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.metrology.tasks.layout import NUMBER, NUMBERS, POSITIVE, fields, schema

METHODS = (
    "weighted-mean",
    "birge",
    "largest-consistent-subset",
    "procedure-b",
    "median",
    "mean",
    "mean-scatter",
    "dersimonian-laird",
    "mandel-paule",
    "bayes",
    "pilot",
    "given",
)
_NAME = {"type": "string"}

SCHEMA = schema(
    "comparison",
    {
        "labs": {"type": "array", "items": _NAME, "description": "names of the participants; 1, 2, 3 … when absent"},
        "x": {**NUMBERS, "minItems": 2, "description": "results"},
        "u": {**NUMBERS, "minItems": 2, "description": "standard uncertainties, in the unit of x"},
        "method": {"enum": list(METHODS)},
        "k": {**POSITIVE, "default": 2, "description": "coverage factor of U"},
        "digits": {"type": "integer", "default": 2},
        "exclude": {"type": "array", "items": _NAME, "description": "who does not enter the reference value"},
        "correlations": {
            "type": "array",
            "items": fields({"a": _NAME, "b": _NAME, "r": {**NUMBER, "minimum": -1, "maximum": 1}}, ("a", "b", "r")),
        },
        "degrees_rule": {"enum": ["mra", "predictive"], "default": "mra"},
        "leave_one_out": {
            "type": "boolean",
            "default": False,
            "description": "degrees against the reference value of all others",
        },
        "bilateral": {"type": "boolean", "default": False},
        "pilot": {**_NAME, "description": "whose result is the reference value, with method pilot"},
        "given": fields({"value": NUMBER, "u": NUMBER}, ("value", "u")),
        "prior_scale": {**POSITIVE, "description": "scale of the half-Cauchy prior of tau, with method bayes"},
        "trials": {"type": "integer", "default": 100000, "minimum": 10000, "maximum": 10000000},
        "seed": {"type": "integer", "default": 1, "minimum": 0},
        "travelling": fields(
            {
                "at": {**NUMBERS, "description": "when each participant measured"},
                "t": {**NUMBERS, "description": "when the pilot checked the travelling standard"},
                "y": {**NUMBERS, "description": "what the pilot found"},
                "u": {**NUMBERS, "description": "repeatability of each check, as standard uncertainty"},
                "correct": {"enum": ["auto", "always", "never"], "default": "auto"},
                "u_transfer": {**NUMBER, "default": 0, "description": "standard uncertainty of its stability"},
            },
            ("at", "t", "y"),
        ),
        "link": fields(
            {
                "labs": {"type": "array", "items": _NAME, "minItems": 1, "description": "in both comparisons"},
                "d": {**NUMBERS, "description": "their degrees in the key comparison"},
                "u_repeat": {**NUMBERS, "description": "standard uncertainty between their two results"},
                "u_d": {**NUMBERS, "description": "standard uncertainties of d, as the key comparison gave them"},
                "u_reference": {**NUMBER, "default": 0, "description": "of the key comparison reference value"},
            },
            ("labs", "d", "u_repeat"),
        ),
    },
    ("x", "u", "method"),
)

# R. Hearn, R. Santamaria-Fernandez, M. Sargent, Metrologia 45 (2008) Tech. Suppl. 08001:
# lead in wine, ng/g; u = U / k as reported
_K30: dict[str, Any] = {
    "labs": ["INMETRO", "KRISS", "NMIJ", "IRMM", "PTB", "NMIA", "LGC", "CSIR", "NIM", "LNE", "INM"],
    "x": [1.62, 2.893, 2.936, 2.94, 2.96, 2.98, 3.0, 3.001, 3.07, 3.13, 7.71],
    "u": [0.044, 0.044 / 2.13, 0.0125, 0.0165, 0.08 / 2.4, 0.2 / 1.99, 0.05, 0.068, 0.085, 0.06, 0.99],
}

# CCQM-K25, PCB 28 in sediment, ng/g
_K25: dict[str, Any] = {
    "labs": ["IRMM", "KRISS", "NARL", "NIST", "NMIJ", "NRC"],
    "x": ["34.30", "32.90", "34.53", "32.42", "31.90", "35.80"],
    "u": ["1.03", "0.69", "0.83", "0.29", "0.40", "0.38"],
}

EXAMPLES: dict[str, Mapping[str, Any]] = {
    "ccqm-k30": {**_K30, "method": "largest-consistent-subset"},
    "ccqm-k25-pcb28": {**_K25, "method": "dersimonian-laird", "bilateral": True},
    "procedure-b": {**_K30, "method": "procedure-b", "trials": 100000, "seed": 1},
    "drifting-standard": {
        "labs": ["NIM", "A", "B", "C"],
        "x": ["10.00002", "10.00011", "10.00019", "10.00034"],
        "u": [2e-5, 4e-5, 5e-5, 4e-5],
        "method": "weighted-mean",
        "travelling": {
            "at": [0, 2, 4, 6],
            "t": [0, 3, 6, 8],
            "y": [10.00002, 10.00012, 10.00021, 10.00029],
            "u": [1e-5, 1e-5, 1e-5, 1e-5],
        },
    },
}
