"""What a request to `net-content` may hold, and example requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quanheng.metrology.net_content.contents import GOODS
from quanheng.metrology.tasks.layout import NUMBER, NUMBERS, POSITIVE, fields, schema

TABLES = ("net_content_tolerance", "net_content_sampling", "retail_deviation")
TESTING = ("non_destructive", "destructive")

SCHEMA = schema(
    "net-content",
    {
        "law": fields(
            {
                "region": {"type": "string", "default": "CN", "description": "CN, six digits, EU or OIML"},
                "date": {"type": "string", "format": "date", "description": "day of the inspection"},
                "edition": {"type": "string", "description": "in place of the day"},
            }
        ),
        "nominal": {**POSITIVE, "description": "quantity on the label"},
        "unit": {"type": "string", "description": "g, kg, mL, L, m, cm, mm, m2, dm2, cm2, or 1 for a count"},
        "lot": {"type": "integer", "minimum": 1, "description": "packages in the lot"},
        "contents": {**NUMBERS, "description": "actual contents, in the order they were drawn"},
        "gross": {**NUMBERS, "description": "in place of contents, with tare"},
        "tare": {**NUMBERS, "description": "one for each package, or a sample whose mean is used"},
        "deductions": {**NUMBERS, "description": "ice or liquid of each package"},
        "density": {**POSITIVE, "description": "g/mL, for goods labelled by volume and weighed"},
        "goods": {"enum": list(GOODS), "default": "plain"},
        "testing": {"enum": list(TESTING), "default": TESTING[0]},
        "retail": fields(
            {
                "price": {**POSITIVE, "description": "yuan per kg"},
                "sold_kg": POSITIVE,
                "found_kg": NUMBER,
                "same_accuracy": {"type": "boolean", "default": False},
            },
            ("price", "sold_kg", "found_kg"),
        ),
        "tables": {"type": "object", "description": "rows of the law; brought from the library when absent"},
    },
    ("law",),
)

_FIFTY = [f"{500 + d / 10:.1f}" for d in (12, -8, 3, 25, -31, 7, 0, 18, -12, 5) * 5]

EXAMPLES: dict[str, Mapping[str, Any]] = {
    "china-500-g": {
        "law": {"region": "CN", "date": "2024-05-01"},
        "nominal": "500",
        "unit": "g",
        "lot": 400,
        "contents": _FIFTY,
    },
    "eu-first-sample": {
        "law": {"region": "EU", "date": "2024-05-01"},
        "nominal": 250,
        "unit": "mL",
        "lot": 300,
        "contents": [250.4, 249.8, 251.2, 240.5, 250.9, 250.1] * 5,
    },
    "frozen": {
        "law": {"region": "CN", "date": "2024-05-01"},
        "nominal": 200,
        "unit": "g",
        "lot": 30,
        "goods": "frozen",
        "gross": [231.2, 228.9, 230.4, 232.0, 229.7, 230.8, 231.5, 229.9, 230.1, 230.6],
        "tare": [8.1, 8.0, 8.2, 8.1, 8.1, 8.0, 8.1, 8.2, 8.0, 8.1],
        "deductions": [20.1, 19.8, 21.0, 22.4, 20.6, 20.2, 21.3, 20.0, 20.9, 21.1],
    },
    "retail": {
        "law": {"region": "CN", "date": "2024-05-01"},
        "retail": {"price": "24.80", "sold_kg": "1.520", "found_kg": "1.512"},
    },
}
