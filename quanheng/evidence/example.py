"""A certificate's content to begin with, of each kind: what must be filled in is filled in with an invented weight."""

from __future__ import annotations

import hashlib
from typing import Any

from quanheng.evidence.content import TITLES

_CHECKED = {"verification_certificate": "pass", "rejection_notice": "fail"}


def example(kind: str = "calibration_certificate") -> dict[str, Any]:
    """The plain JSON of a usable content of that kind."""
    data: dict[str, Any] = {
        "kind": kind,
        "number": "EX-2026-0001",
        "issued_on": "2026-03-03",
        "performed_from": "2026-03-02",
        "performed_to": "2026-03-02",
        "issuer": {"name": "示例计量所", "name_en": "Example Institute of Metrology", "address": "示例路 1 号"},
        "customer": {"name": "示例客户", "name_en": "Example customer", "address": "示例路 2 号"},
        "place": {"kind": "laboratory", "text": "质量实验室"},
        "item": {"name": "砝码", "name_en": "Weight", "serial_number": "W-17", "code": "EXAMPLE1"},
        "norm": {"number": "EX 1-2026", "title": "示例校准规范"},
        "procedure": {"id": "example", "sha256": _hash("procedure")},
        "standards": [
            {
                "name": "E2 等级砝码",
                "number": "BZ-1",
                "certificate_number": "UP-2026-1",
                "certificate_sha256": _hash("up"),
            }
        ],
        "environment": [
            {
                "quantity": {"zh": "温度", "en": "Temperature"},
                "value": "20.1",
                "value_max": "20.4",
                "unit": "\\degreecelsius",
                "ref_type": "basic_temperature",
            }
        ],
        "tables": [{"title": {"zh": "折算质量", "en": "Conventional mass"}, "columns": _columns()}],
        "conclusion": {"zh": "结果见上表。", "en": "See the table above."},
        "people": [
            {"role": "verifier", "name": "甲"},
            {"role": "checker", "name": "乙"},
            {"role": "signatory", "name": "丙"},
        ],
        "signature_act": {
            "signatory": "丙",
            "at": "2026-03-03T08:30:00Z",
            "meaning": {"zh": "本人批准签发", "en": "I approve the issue"},
            "factor": "TOTP",
        },
        "record_sha256": _hash("record"),
        "software": {"name": "example", "version": "1.0", "sha256": _hash("software")},
        "public_url": "https://example.org/c/EX-2026-0001",
        "traceability": {"zh": "溯源至国家质量基准。", "en": "Traceable to the national standard of mass."},
    }
    return {**data, "title": TITLES[kind], **_of_kind(kind)}


def _of_kind(kind: str) -> dict[str, Any]:
    more: dict[str, Any] = {"verdict": _CHECKED[kind]} if kind in _CHECKED else {}
    if kind in {"verification_certificate", "reference_material_certificate"}:
        more["valid_until"] = "2027-03-01"
    if kind == "rejection_notice":
        more["reasons"] = [{"zh": "示值误差超过最大允许误差", "en": "The error exceeds the limit"}]
    return more


def _columns() -> list[dict[str, Any]]:
    nominal, error = {"zh": "标称值", "en": "Nominal value"}, {"zh": "误差", "en": "Error"}
    return [
        {
            "key": "nominal",
            "title": nominal,
            "unit": "\\gram",
            "ref_type": "basic_nominalValue",
            "values": ["100", "200"],
        },
        {
            "key": "error",
            "title": error,
            "unit": "\\milli\\gram",
            "ref_type": "basic_measurementError",
            "values": ["0.12", "-0.05"],
            "U": ["0.05", "0.10"],
            "k": "2",
            "p": "0.95",
        },
    ]


def _hash(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()
