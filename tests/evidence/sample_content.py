"""A certificate's content for tests: one scale, four tables, everything a person could fill in."""

from __future__ import annotations

from typing import Any

from quanheng.evidence.content import CertificateContent, load

H = {name: format(index, "x") * 64 for index, name in enumerate(("record", "procedure", "software", "upper"), start=10)}


def make_data(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "kind": "verification_certificate",
        "number": "LZ-2026-000123",
        "issued_on": "2026-10-12",
        "performed_from": "2026-10-11",
        "performed_to": "2026-10-11",
        "valid_until": "2027-10-10",
        "issuer": {
            "name": "临州市计量测试所",
            "name_en": "Linzhou Institute of Metrology and Testing",
            "address": "临州市新城区平准路 8 号",
            "credit_code": "12150000MB0000001X",
            "phone": "0470-1234567",
            "authorisation": "（蒙）法计(2024)010 号",
        },
        "customer": {
            "name": "临州市惠民农贸市场有限公司",
            "address": "临州市东城区市场街 1 号",
            "credit_code": "91150000MA0NAAAA0A",
        },
        "place": {"kind": "customer", "text": "惠民农贸市场 3 号厅"},
        "item": {
            "name": "电子计价秤",
            "name_en": "Price-computing scale",
            "model": "ACS-30",
            "serial_number": "A2209-00417",
            "manufacturer": "永衡电子衡器有限公司",
            "measuring_range": "(0.2~30) kg",
            "accuracy_class": "Ⅲ级, e = 10 g",
            "code": "QH7K2M9P",
            "identifications": [{"name": {"zh": "摊位号", "en": "Stall"}, "value": "3-17", "issuer": "customer"}],
        },
        "norm": {"number": "JJG 539-2016", "title": "数字指示秤检定规程", "edition": "2016"},
        "procedure": {"id": "JJG-539-2016", "sha256": H["procedure"]},
        "standards": [
            {
                "name": "M1 等级砝码组",
                "number": "BZ-2019-0031",
                "range": "1 mg~20 kg",
                "uncertainty": "M1 等级",
                "certificate_number": "SL-2026-00871",
                "certificate_valid_until": "2027-03-01",
                "certificate_sha256": H["upper"],
                "digital": True,
            },
            {
                "name": "温湿度计",
                "number": "WS-014",
                "certificate_number": "SL-2025-11872",
                "certificate_valid_until": "2026-12-31",
            },
        ],
        "environment": [
            {
                "quantity": {"zh": "温度", "en": "Temperature"},
                "value": "20.1",
                "value_max": "20.6",
                "unit": "\\degreecelsius",
                "ref_type": "basic_temperature",
            },
            {
                "quantity": {"zh": "相对湿度", "en": "Relative humidity"},
                "value": "45",
                "unit": "\\percent",
                "ref_type": "basic_humidityRelative",
            },
            {"quantity": {"zh": "其他", "en": "Other"}, "value": "无影响检定的振动和气流", "ref_type": "qh_remark"},
        ],
        "tables": [make_weighing(), make_repeatability()],
        "verdict": "pass",
        "conclusion": {"zh": "符合Ⅲ级要求，检定合格", "en": "Conforms to class III; verification passed"},
        "people": [
            {"role": "verifier", "name": "李建国", "licence": "蒙检员 2019-0417"},
            {"role": "checker", "name": "王敏", "licence": "蒙检员 2015-0023"},
            {"role": "signatory", "name": "张淑兰", "licence": "授权签字 0007"},
        ],
        "signature_act": {
            "signatory": "张淑兰",
            "at": "2026-10-12T08:30:00Z",
            "meaning": {"zh": "本人审核并批准签发本证书", "en": "I have reviewed this document and approve its issue"},
            "factor": "TOTP",
        },
        "record_sha256": H["record"],
        "software": {"name": "Quanheng", "version": "0.1.0", "sha256": H["software"]},
        "public_url": "https://check.example.cn/c/LZ-2026-000123",
        "traceability": {
            "zh": "上述计量标准凭所列证书溯源至国家计量基准。",
            "en": "The standards are traceable to national primary standards through the certificates named.",
        },
        "unverified": [
            {
                "what": {"zh": "首次检定最大允许误差", "en": "MPE at initial verification"},
                "source": "JJG 539-2016 表 2（二手资料）",
            }
        ],
        "statements": [
            {
                "zh": "未经本所书面批准，不得部分复制本证书。",
                "en": "This document shall not be reproduced except in full.",
            }
        ],
    }
    return {key: value for key, value in {**data, **changes}.items() if value is not ...}


def make_weighing() -> dict[str, Any]:
    return {
        "title": {"zh": "称量", "en": "Weighing"},
        "columns": [
            column("load", "载荷", "Load", "\\gram", "basic_nominalValue", ["200", "5000", "15000", "30000"]),
            column(
                "indication",
                "示值",
                "Indication",
                "\\gram",
                "basic_measuredValue",
                ["200.0", "5001.0", "15003.0", "30004.0"],
            ),
            {
                **column(
                    "error", "示值误差", "Error", "\\gram", "basic_measurementError", ["0.0", "1.0", "3.0", "4.0"]
                ),
                "U": ["1.2", "1.3", "1.9", "3.0"],
                "k": "2",
                "p": "0.95",
            },
            column("mpe", "最大允许误差", "MPE", "\\gram", "basic_acceptanceLimit", ["±5", "±5", "±10", "±15"]),
            column("ok", "结论", "Result", None, "basic_conformity", ["合格", "合格", "合格", "合格"]),
        ],
    }


def make_repeatability() -> dict[str, Any]:
    return {
        "title": {"zh": "重复性", "en": "Repeatability"},
        "columns": [
            column("point", "测量点", "Point", None, "qh_point", ["50 % Max", "Max"]),
            column("spread", "极差", "Spread", "\\gram", "basic_repeatability", ["1.0", ""]),
        ],
    }


def column(key: str, zh: str, en: str, unit: str | None, ref: str, values: list[str]) -> dict[str, Any]:
    return {"key": key, "title": {"zh": zh, "en": en}, "unit": unit, "ref_type": ref, "values": values}


def make_content(**changes: Any) -> CertificateContent:
    return load(make_data(**changes))


def make_rejection(**changes: Any) -> CertificateContent:
    return make_content(
        kind="rejection_notice",
        verdict="fail",
        valid_until=...,
        conclusion={"zh": "示值误差超差，检定不合格", "en": "Errors exceed the limits; verification failed"},
        reasons=[{"zh": "30 kg 处示值误差 +22 g,超过最大允许误差 ±15 g", "en": "Error at 30 kg is +22 g, limit ±15 g"}],
        **changes,
    )
