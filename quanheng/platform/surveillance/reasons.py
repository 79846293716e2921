"""Why a reading was set aside, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

WORDS = {
    "missing_id": gettext_lazy("没有写明表计或台区"),
    "bad_id": gettext_lazy("编号过长或含控制字符"),
    "bad_role": gettext_lazy("角色不是总表或分表"),
    "unreadable_time": gettext_lazy("时间无法识别"),
    "time_nonexistent": gettext_lazy("该时刻因调快时钟而不存在"),
    "time_ambiguous": gettext_lazy("该时刻因调慢时钟出现两次"),
    "off_grid": gettext_lazy("时刻不在整点间隔上"),
    "future": gettext_lazy("时间在将来"),
    "too_old": gettext_lazy("时间过早"),
    "before_installation": gettext_lazy("早于安装日期"),
    "after_removal": gettext_lazy("晚于拆除日期"),
    "clock_off": gettext_lazy("时钟与其他表相差数月"),
    "unreadable_number": gettext_lazy("数值无法识别"),
    "missing_value": gettext_lazy("没有数值"),
    "negative": gettext_lazy("电量为负"),
    "too_large": gettext_lazy("超过物理上限"),
    "unknown_area": gettext_lazy("不认识的台区"),
    "unknown_meter": gettext_lazy("不认识的表计"),
    "role_mismatch": gettext_lazy("角色与台账不符"),
    "no_master": gettext_lazy("台区没有总表"),
    "two_masters": gettext_lazy("台区有两块总表"),
    "duplicate": gettext_lazy("重复"),
    "conflict": gettext_lazy("同一时刻有两个不同的值"),
    "register_backwards": gettext_lazy("示值倒退"),
    "unit_unknown": gettext_lazy("不认识的单位"),
    "too_few_cells": gettext_lazy("这一行不完整"),
    "too_many_cells": gettext_lazy("这一行多出单元格"),
    "unreadable": gettext_lazy("消息无法识别"),
}


def reason_words(reason: str) -> str:
    """A reason of the published list in the reader's language."""
    return str(WORDS.get(reason, reason))
