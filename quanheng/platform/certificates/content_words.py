"""What is wrong with a content that was written elsewhere, in the language of the page.

The content's model speaks English, for programs and the shell; here each of its sentences gets its Chinese one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_VALUE = "Value error, "
# a sentence of the model, whole; what it names goes into ours
_SENTENCES: tuple[tuple[str, StrPromise], ...] = (
    ("Field required", _("缺少这个字段")),
    ("Extra inputs are not permitted", _("没有这个字段")),
    ("Input should be a valid string", _("须为文本")),
    (r"Input should be a valid (dictionary|mapping).*", _("须为一个对象 {…}")),
    (r"Input should be a valid (tuple|list).*", _("须为一个列表 […]")),
    (r"Input should be a valid boolean.*", _("须为 true 或 false")),
    (r"(Input should be a valid (date|datetime)|Datetimes provided).*", _("须为日期,写成 YYYY-MM-DD")),
    (r"Input should be (?P<choices>'.*)", _("只能是 %(choices)s")),
    (r"String should match pattern .*", _("格式不对")),
    (r"String should have at most (?P<n>\d+) characters?", _("最多 %(n)s 个字")),
    (r"String should have at least (?P<n>\d+) characters?", _("至少 %(n)s 个字")),
    (r"(Tuple|List) should have at most (?P<n>\d+) items?.*", _("最多 %(n)s 项")),
    (r"(Tuple|List) should have at least (?P<n>\d+) items?.*", _("至少 %(n)s 项")),
    (r"holds a control character that no document can carry: remove it", _("含有文书不能打印的控制字符,请删去")),
    ("is empty", _("是空的")),
    (r"is no SHA-256 in 64 lower-case hexadecimal digits", _("不是 64 位小写十六进制的 SHA-256")),
    (r"country must be the two capital letters of ISO 3166-1", _("国家代码须为 ISO 3166-1 的两个大写字母")),
    (r"a condition with a unit needs decimal numbers as value", _("带单位的环境条件,其值须为十进制数")),
    (r"a span of values needs a unit", _("数值范围须带单位")),
    (r"k and p belong to U, which is missing", _("有 k 和 p 却没有 U")),
    (r"only a column of decimal numbers with a unit has an uncertainty", _("只有带单位的数值列才有不确定度")),
    (r"U must have one entry or one per row, here (?P<n>\d+)", _("U 须有 1 项或每行 1 项,这里有 %(n)s 行")),
    (r"U must be decimal numbers without a sign", _("U 须为不带符号的十进制数")),
    (r"k must be a decimal number not below 1", _("k 须为不小于 1 的十进制数")),
    (r"p must be a decimal fraction up to 1", _("p 须为不大于 1 的小数")),
    (r"a table needs at least one column and one row", _("表格至少有一列和一行")),
    (r"the columns of a table must have equally many rows", _("表格各列的行数须相同")),
    (r"the column keys of a table must differ", _("表格各列的 key 须不同")),
    (r"performed_to is before performed_from", _("performed_to 早于 performed_from")),
    (r"issued_on is before performed_to", _("签发日期早于 performed_to")),
    (r"valid_until is before performed_to", _("valid_until 早于 performed_to")),
    (
        r"a reference material certificate states its traceability and how long it is valid",
        _("标准物质证书须写明溯源性(traceability)和有效期(valid_until)"),
    ),
    (r"a certificate names at least one measurement standard", _("至少写明一项所用计量标准(standards)")),
    (r"a certificate holds at least one table of results", _("至少有一个结果表(tables)")),
)
_KNOWN = tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _SENTENCES)


def said(place: str, message: str) -> str:
    """``tables.0.columns.1.U: …`` with the sentence in the language of the page; an unknown one as it is."""
    bare = message.removeprefix(_VALUE)
    words = bare
    for pattern, ours in _KNOWN:
        match = pattern.fullmatch(bare)
        if match:
            words = str(ours) % match.groupdict() if match.groupdict() else str(ours)
            break
    return f"{place}:{words}" if place else words
