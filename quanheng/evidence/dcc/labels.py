"""The fixed names our certificates give to their fields, in both languages."""

from __future__ import annotations

from quanheng.evidence.content import Words


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


REF_TYPES = _w("权衡证书字段", "Fields of Quanheng certificates")
KIND = _w("证书种类", "Kind of document")
RECORD_HASH = _w("原始记录摘要", "Hash of the raw record")
CONTENT_HASH = _w("证书内容摘要", "Hash of the content")
ISSUER_CREDIT_CODE = _w("发证机构统一社会信用代码", "Unified social credit code of the issuer")
CUSTOMER_CREDIT_CODE = _w("委托单位统一社会信用代码", "Unified social credit code of the customer")
PREVIOUS = _w("被替换的证书", "Certificate replaced")
SERIAL = _w("出厂编号", "Serial number")
PUBLIC_CODE = _w("器具公开码", "Public code of the instrument")
MEASURING_RANGE = _w("测量范围", "Measuring range")
ACCURACY_CLASS = _w("准确度等级", "Accuracy class")
TITLE = _w("证书名称", "Title of the document")
CONCLUSION = _w("结论", "Conclusion")
REASON = _w("不合格原因", "Reason of rejection")
VALID_UNTIL = _w("有效期至", "Valid until")
PLACE = _w("检定地点", "Place of performance")
AUTHORISATION = _w("授权证书号", "Authorisation number")
SIGNATURE_ACT = _w("签发行为", "Act of signing")
SIGNATORY = _w("签发人", "Signatory")
SIGNED_AT = _w("签发时刻", "Time of signing")
PUBLIC_PAGE = _w("公开查验页", "Public page")
TRACEABILITY = _w("溯源性声明", "Statement of traceability")
UNVERIFIED = _w("未经核实的依据", "Unverified basis")
MEASUREMENT = _w("检定结果", "Results of measurement")
# kinds that are neither verification nor calibration must not say that they are
MEASUREMENT_OTHER = _w("测量结果", "Results of measurement")
PLACE_OTHER = _w("实施地点", "Place of performance")
OTHER_KINDS = {"test_report", "comparison_report", "reference_material_certificate"}
METHOD = _w("依据的技术规范", "Norm applied")
STANDARDS = _w("所用计量标准", "Measurement standards used")
STANDARD_NUMBER = _w("计量标准编号", "Number of the standard")
STANDARD_RANGE = _w("测量范围", "Measuring range")
STANDARD_UNCERTAINTY = _w("不确定度/准确度等级/最大允许误差", "Uncertainty, accuracy class or MPE")
STANDARD_VALID_UNTIL = _w("溯源证书有效期至", "Certificate valid until")
STANDARD_CERTIFICATE = _w("溯源证书", "Certificate of the standard")
ENVIRONMENT = _w("环境条件", "Environmental conditions")
