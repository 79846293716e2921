"""Printed words in both languages, by kind of document."""

from __future__ import annotations

Wording = dict[str, str]


def w(zh: str, en: str) -> Wording:
    return {"zh": zh, "en": en}


NOTES: list[Wording] = [
    w(
        "本证书附有经数字签名的 XML 数据文件，两者内容一致；可扫描首页二维码或离线用公钥核验真伪。",
        "A digitally signed XML file with the same content is attached. "
        "Check it by the code on the first page, or off line with public keys.",
    ),
]

_COMMON: dict[str, Wording] = {
    "signatory": w("批准人", "Approved by"),
    "checker": w("核验员", "Checked by"),
    "verifier": w("检定员", "Verified by"),
    "number": w("证书编号", "No."),
    "customer": w("送检单位", "Customer"),
    "item_name": w("计量器具名称", "Instrument"),
    "model": w("型号/规格", "Model"),
    "serial": w("出厂编号", "Serial number"),
    "manufacturer": w("制造单位", "Manufacturer"),
    "norm": w("检定依据", "Norm applied"),
    "conclusion": w("检定结论", "Conclusion"),
    "reasons": w("不合格原因", "Reasons"),
    "more": w("其余原因见次页。", "Further reasons overleaf."),
    "performed": w("检定日期", "Verified on"),
    "issued": w("签发日期", "Issued on"),
    "valid_until": w("有效期至", "Valid until"),
    "seal": w(
        "本文件由发证机构电子印章签名，无需另盖实体印章。", "Sealed with the issuer's digital seal; no stamp is needed."
    ),
    "replaces": w("本文件替换：", "This document replaces the one named"),
    "item": w("被检器具", "Instrument under test"),
    "range": w("测量范围", "Measuring range"),
    "class": w("准确度等级", "Accuracy class"),
    "code": w("器具公开码", "Public code"),
    "customer_code": w("送检单位信用代码", "Customer's credit code"),
    "standards": w("所用计量标准", "Measurement standards used"),
    "std_name": w("名称", "Name"),
    "std_number": w("编号", "Number"),
    "std_range": w("测量范围", "Range"),
    "std_uncertainty": w("不确定度/等级/MPE", "Uncertainty, class or MPE"),
    "std_certificate": w("证书编号", "Certificate"),
    "std_valid": w("有效期至", "Valid until"),
    "environment": w("环境条件和地点", "Conditions and place"),
    "place": w("检定地点", "Place"),
    "notes": w("说明", "Notes"),
    "unverified": w("以下依据未经原文核实", "The following was not confirmed in the norm's own text"),
    "source": w("来源", "Source"),
    "integrity": w("签发与完整性", "Signing and integrity"),
    "hash_record": w("原始记录", "Raw record"),
    "hash_content": w("证书内容", "Content"),
    "hash_procedure": w("检定程序", "Procedure"),
    "hash_software": w("软件", "Software"),
    "public_page": w("公开查验页", "Public page"),
    "results": w("检定结果", "Results of verification"),
}

_BY_KIND: dict[str, dict[str, Wording]] = {
    "verification_certificate": {},
    "rejection_notice": {
        "number": w("通知书编号", "No."),
        "seal": w(
            "本通知书由发证机构电子印章签名，无需另盖实体印章。",
            "Sealed with the issuer's digital seal; no stamp is needed.",
        ),
    },
    "calibration_certificate": {
        "verifier": w("校准员", "Calibrated by"),
        "norm": w("校准依据", "Procedure applied"),
        "conclusion": w("校准结论", "Statement"),
        "performed": w("校准日期", "Calibrated on"),
        "valid_until": w("建议复校日期", "Recalibration suggested"),
        "item": w("被校器具", "Instrument calibrated"),
        "place": w("校准地点", "Place"),
        "hash_procedure": w("校准程序", "Procedure"),
        "results": w("校准结果", "Results of calibration"),
    },
    "test_report": {
        "verifier": w("测试员", "Tested by"),
        "norm": w("测试依据", "Procedure applied"),
        "performed": w("测试日期", "Tested on"),
        "item": w("被测样品", "Item tested"),
        "place": w("测试地点", "Place"),
        "hash_procedure": w("测试程序", "Procedure"),
        "results": w("测试结果", "Results of the test"),
    },
    "comparison_report": {
        "verifier": w("比对负责人", "Coordinated by"),
        "norm": w("比对依据", "Protocol"),
        "performed": w("比对日期", "Performed on"),
        "item": w("传递标准", "Travelling standard"),
        "place": w("主导实验室地点", "Place of the pilot laboratory"),
        "hash_procedure": w("比对方案", "Protocol"),
        "results": w("比对结果", "Results of the comparison"),
    },
    "reference_material_certificate": {
        "verifier": w("定值人", "Characterised by"),
        "norm": w("定值依据", "Procedure applied"),
        "conclusion": w("用途与使用说明", "Intended use"),
        "performed": w("定值日期", "Characterised on"),
        "item": w("标准物质", "Reference material"),
        "place": w("定值地点", "Place"),
        "hash_procedure": w("定值程序", "Procedure"),
        "results": w("标准值及不确定度", "Certified values and uncertainties"),
    },
}


def labels(kind: str) -> dict[str, Wording]:
    return {**_COMMON, **_BY_KIND[kind]}
