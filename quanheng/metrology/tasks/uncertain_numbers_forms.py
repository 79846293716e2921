"""Schema and examples of the task `uncertain-numbers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.metrology.tasks import layout

_PAIR = layout.fields({"a": {"type": "string"}, "b": {"type": "string"}, "r": layout.NUMBER}, ("a", "b", "r"))

SCHEMA = layout.schema(
    "uncertain-numbers",
    {
        "model": {
            "type": "string",
            "description": "formulas over inputs and earlier numbers; without it all are shown",
        },
        "inputs": {
            "type": "object",
            "additionalProperties": {"type": "object"},
            "description": "new numbers by name: value, u (or U with k), dof, label",
        },
        "origin": {"type": "string", "description": "where the inputs come from, a name unique for ever"},
        "correlations": {"type": "array", "items": _PAIR},
        "earlier": {
            "type": ["object", "array"],
            "description": "earlier archives or results of this page; paste the result JSON as it was kept",
        },
        "coverage": {**layout.POSITIVE, "default": 0.95},
        "digits": {**layout.POSITIVE, "default": 2},
    },
    (),
)

EXAMPLES: dict[str, Mapping[str, Any]] = {
    # two working weights calibrated against one standard
    "shared-standard": {
        "origin": "XZ-2026-0001",
        "inputs": {
            "mS": {"value": "100.000012", "u": "0.000015", "label": "E2-standard"},
            "d1": {"value": "0.000021", "u": "0.000008", "dof": 9},
            "d2": {"value": "-0.000035", "u": "0.000008", "dof": 9},
        },
        "model": "m1 = mS + d1; m2 = mS + d2",
    },
    # months later their difference, in which the standard is no longer uncertain
    "later": {
        "earlier": [
            {
                "format": "quanheng-uncertain-numbers",
                "version": 1,
                "causes": {
                    "XZ-2026-0001#1/1": {"label": "E2-standard", "dof": "inf"},
                    "XZ-2026-0001#1/2": {"label": "d1", "dof": "9"},
                    "XZ-2026-0001#1/3": {"label": "d2", "dof": "9"},
                },
                "numbers": {
                    "m1": {
                        "value": "100.000033",
                        "parts": {"XZ-2026-0001#1/1": "1.5e-05", "XZ-2026-0001#1/2": "8e-06"},
                    },
                    "m2": {"value": "99.999977", "parts": {"XZ-2026-0001#1/1": "1.5e-05", "XZ-2026-0001#1/3": "8e-06"}},
                },
            }
        ],
        "model": "difference = m1 - m2; total = m1 + m2",
    },
}
