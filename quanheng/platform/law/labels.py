"""Words for the kinds of items and the fields of their bodies."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quanheng.platform.law.models import LawItem, Verified
from quanheng.platform.law.queries import NATION
from quanheng.platform.web.components import Definition, Status, Tone

Text = str | Promise

KINDS: dict[str, Text] = {
    "catalogue_item": _("强检目录"),
    "norm": _("计量技术规范"),
    "verification_period": _("检定周期"),
    "emission_factor": _("排放因子"),
    "energy_conversion": _("折标准煤系数"),
    "energy_metering": _("能源计量器具配备"),
    "indicator": _("指标"),
    "time_limit": _("法定时限"),
    "net_content_tolerance": _("允许短缺量"),
    "net_content_marking": _("净含量标注"),
    "net_content_sampling": _("净含量抽样"),
    "retail_deviation": _("零售称重负偏差"),
    "alarm_rule": _("警报规则"),
    "working_calendar": _("工作日历"),
}

FIELDS: dict[str, Text] = {
    "seq": _("序号"),
    "category_zh": _("项别"),
    "item_zh": _("种别"),
    "name_en": _("英文名称"),
    "supervision": _("监管方式"),
    "verification_mode": _("强检方式"),
    "exception_mode": _("例外的强检方式"),
    "exception_when": _("例外情形"),
    "mode_text": _("强检方式原文"),
    "use_areas": _("使用领域"),
    "norms": _("适用规范"),
    "supersedes": _("取代的旧目录项"),
    "confidence": _("把握程度"),
    "number": _("编号"),
    "instrument": _("适用对象"),
    "issued_on": _("发布日期"),
    "state_text": _("状态说明"),
    "replaces": _("代替"),
    "replaced_by": _("被代替为"),
    "procedure_id": _("程序"),
    "counterpart": _("国际对应"),
    "period_text": _("周期说明"),
    "verified_fields": _("有材料支持的字段"),
    "norm": _("规范"),
    "condition": _("条件"),
    "condition_zh": _("适用条件"),
    "basis": _("周期性质"),
    "months": _("月数"),
    "category": _("分类"),
    "name_zh": _("对象"),
    "parameter": _("参数"),
    "value": _("数值"),
    "unit": pgettext_lazy("quantity", "单位"),
    "data_year": _("数据年份"),
    "energy_zh": _("能源"),
    "energy_kind": _("能源性质"),
    "ncv": _("低位发热量"),
    "ncv_unit": _("发热量单位"),
    "coefficient": _("折标系数"),
    "coefficient_unit": _("系数单位"),
    "table": _("表"),
    "energy_or_meter": _("能源或器具"),
    "level_or_purpose": _("层级或用途"),
    "requirement": _("要求"),
    "scope_zh": _("范围"),
    "indicator_zh": _("指标名称"),
    "target": _("目标"),
    "base": _("基数"),
    "year": _("年份"),
    "formula": _("算法"),
    "domain": _("领域"),
    "event": _("事项"),
    "limit": _("限值"),
    "rule": _("条款"),
    "quantity": _("量"),
    "qn_low": _("标注净含量下限"),
    "low_bound": _("下限归属"),
    "qn_high": _("标注净含量上限"),
    "high_bound": _("上限归属"),
    "tolerance_type": _("短缺量形式"),
    "tolerance_value": _("短缺量"),
    "lot_low": _("批量下限"),
    "lot_high": _("批量上限"),
    "sample_n": _("样本量"),
    "lambda_factor": _("修正因子 λ"),
    "lambda_check_t_over_sqrt_n": _("复算 t/√n"),
    "max_over_t_to_2t": _("允许超 T 不超 2T 件数"),
    "max_over_2t": _("允许超 2T 件数"),
    "price_band": _("价格档"),
    "mass_low_kg": _("称重下限(kg,不含)"),
    "mass_high_kg": _("称重上限(kg,含)"),
    "negative_deviation_g": _("负偏差(g)"),
    "recheck_rule": _("核称方法"),
    "subject": _("适用对象"),
    "level": _("警报级别"),
    "order": _("次序"),
    "checks": _("须现场核查的表计不少于"),
    "suspects": _("疑似超差的表计不少于"),
    "unfit": _("数据不可判定"),
    "causes": _("数据不可判定的原因"),
    "note": _("说明"),
}

VALUES: dict[str, Text] = {
    "supply_area": pgettext_lazy("list", "台区"),
    "pile": _("充电桩"),
    "site_check": _("现场核查"),
    "alarm": _("警报"),
    "warning": _("预警"),
    "notice": pgettext_lazy("level", "提示"),
    "P": _("型式批准"),
    "V": _("强制检定"),
    "P+V": _("型式批准、强制检定"),
    "periodic": _("周期检定"),
    "first_only": _("只做首次强制检定"),
    "rotation": _("首次强制检定,限期使用"),
    "none": _("只做型式批准"),
    "voluntary": _("自愿检定或校准"),
    "household": _("生活用"),
    "glass": _("玻璃式"),
    "trade": _("贸易结算"),
    "safety": _("安全防护"),
    "medical": _("医疗卫生"),
    "environment": _("环境监测"),
    "high": _("高"),
    "medium": _("中"),
    "low": _("低"),
    "period": _("检定周期"),
    "service_life": _("使用期限"),
    "inclusive": _("含"),
    "exclusive": _("不含"),
    "percent": _("百分比"),
    "percent_ceil": _("百分比,进位到整数"),
    "absolute": _("绝对值"),
    "energy": _("能源"),
    "working_medium": _("耗能工质"),
    "definition": _("定义"),
    "equipping_rate": _("配备率"),
    "accuracy_class": _("准确度等级"),
    "threshold": _("限额"),
    "edition": _("版本"),
    "char_height": _("字符高度"),
    "mass_or_volume": _("质量或体积"),
    "length": _("长度"),
    "area": _("面积"),
    "count": _("计数"),
}
CODED = frozenset(
    {
        "supervision",
        "verification_mode",
        "exception_mode",
        "exception_when",
        "use_areas",
        "confidence",
        "basis",
        "low_bound",
        "high_bound",
        "tolerance_type",
        "energy_kind",
        "table",
        "rule",
        "quantity",
    }
)

# fields that describe or explain; the badge stands beside the values themselves
PLAIN = frozenset(
    {"seq", "name_en", "unit", "ncv_unit", "coefficient_unit", "confidence", "verified_fields", "mode_text", "note"}
)

# GB/T 2260, first two digits
PROVINCES = {
    "11": "北京市",
    "12": "天津市",
    "13": "河北省",
    "14": "山西省",
    "15": "内蒙古自治区",
    "21": "辽宁省",
    "22": "吉林省",
    "23": "黑龙江省",
    "31": "上海市",
    "32": "江苏省",
    "33": "浙江省",
    "34": "安徽省",
    "35": "福建省",
    "36": "江西省",
    "37": "山东省",
    "41": "河南省",
    "42": "湖北省",
    "43": "湖南省",
    "44": "广东省",
    "45": "广西壮族自治区",
    "46": "海南省",
    "50": "重庆市",
    "51": "四川省",
    "52": "贵州省",
    "53": "云南省",
    "54": "西藏自治区",
    "61": "陕西省",
    "62": "甘肃省",
    "63": "青海省",
    "64": "宁夏回族自治区",
    "65": "新疆维吾尔自治区",
    "71": "台湾省",
    "81": "香港特别行政区",
    "82": "澳门特别行政区",
}


def kind_label(kind: str) -> Text:
    """The name of a kind."""
    return KINDS.get(kind, kind)


def region_label(code: str, names: dict[str, str] | None = None) -> Text:
    """A region for people: its name where known, else its province and code."""
    if code == NATION:
        return _("全国")
    if names and code in names:
        return names[code]
    province = PROVINCES.get(code[:2], "")
    return province if province and code.endswith("0000") else f"{province} {code}".strip()


def verified_status(verified: str) -> Status:
    """Shape and word for how well a value is supported."""
    tones: dict[str, Tone] = {Verified.YES: "ok", Verified.ONCE: "due"}
    return Status(tones.get(verified, "unknown"), Verified(verified).label)


def force_status(item: LawItem, day: dt.date) -> Status:
    """Whether an item is in force on a day."""
    if item.effective_from and day < item.effective_from:
        return Status("wait", _("未生效"))
    if item.effective_to and day > item.effective_to:
        return Status("off", _("已失效"))
    return Status("ok", _("生效中"))


def body_definitions(item: LawItem) -> list[Definition]:
    """Every value of an item with its label; an unverified one carries its source."""
    unverified = "" if item.checked else item.source
    return [
        Definition(FIELDS.get(name, name), _shown(name, value), unverified="" if name in PLAIN else unverified)
        for name, value in sorted(item.body.items(), key=lambda pair: _rank(pair[0]))
        if name != "days"
    ]


_ORDER = {name: rank for rank, name in enumerate(FIELDS)}


def _rank(name: str) -> int:
    return _ORDER.get(name, len(_ORDER))


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return "、".join(str(_shown(name, part)) for part in value)
    if name in CODED:
        return VALUES.get(value, value)
    return value
