"""An error of the lower floors in the language of the page: their messages are English, for programs and the shell."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.errors import InputError
from quanheng.platform.kernel.language import in_english

HAN = re.compile(r"[\u3400-\u9fff]")
# What the engines say by code; whoever raises an error with words of its own in both languages needs no line here.
BY_CODE = {
    "ambiguous_item": gettext_lazy("有几个对象使用该编号,请用其内部编号查询"),
    "ambiguous_number": gettext_lazy("多个机构使用该编号,请用证书查验码查询"),
    "blob_damaged": gettext_lazy("保存的文件在磁盘上被改动,请从备份恢复"),
    "blob_missing": gettext_lazy("保存的文件缺失,请从备份恢复"),
    "body_too_large": gettext_lazy("请求内容过大"),
    "certificate": gettext_lazy("证书(PEM)无法读取"),
    "cursor": gettext_lazy("分页游标无效,请从第一页开始"),
    "dates": gettext_lazy("截止日期不能早于起始日期"),
    "doctype": gettext_lazy("文件声明了 DOCTYPE,数字证书不需要它,请删除"),
    "glyph_missing": gettext_lazy("文书字体中没有其中的个别字,请更换用字"),
    "idempotency_key_missing": gettext_lazy("写入请求须带 Idempotency-Key 头"),
    "idempotency_key_reused": gettext_lazy("该 Idempotency-Key 已用于另一请求,请换一个新的"),
    "incomplete": gettext_lazy("原始记录不完整"),
    "leaf": gettext_lazy("公开日志的叶无法识别,请使用签发时的文件"),
    "log_damaged": gettext_lazy("公开日志已损坏,请恢复后再试"),
    "mpe_missing": gettext_lazy("最大允许误差表没有覆盖该点,请核对等级和量程"),
    "no_leaf": gettext_lazy("只有本系统签发的文书才在公开日志中"),
    "not_canonical": gettext_lazy("记录中有不能写成规范 JSON 的内容"),
    "not_dcc": gettext_lazy("这不是数字校准证书(DCC)"),
    "not_found": gettext_lazy("没有这个地址"),
    "not_json": gettext_lazy("请求内容不是 JSON"),
    "not_merged": gettext_lazy("文书一分钟内进入公开日志,请稍后再试"),
    "not_pdf": gettext_lazy("这不是 PDF 文件"),
    "not_text": gettext_lazy("不允许控制字符和残缺的字符"),
    "not_xml": gettext_lazy("文件不是格式正确的 XML"),
    "note": gettext_lazy("签名说明的格式不正确"),
    "pdf": gettext_lazy("PDF 无法读取,请重新取得该文件"),
    "procedure_differs": gettext_lazy("记录写明的检定程序与本任务不同"),
    "purpose": gettext_lazy("检定类别只能是首次检定、后续检定或使用中检查"),
    "record_form": gettext_lazy("原始记录的结构不正确"),
    "record_too_large": gettext_lazy("原始记录过大"),
    "record_unreadable": gettext_lazy("原始记录不是 JSON"),
    "signature": gettext_lazy("签名与内容不符:内容被改动"),
    "status": gettext_lazy("状态说明无法识别"),
    "too_deep": gettext_lazy("文件嵌套过深或内容过多"),
    "too_large": gettext_lazy("文件过大"),
    "too_many_requests": gettext_lazy("请求过于频繁,请稍后再试"),
    "typesetting": gettext_lazy("文书无法排版"),
    "unit_unknown": gettext_lazy("计量单位无法识别,请写 kg、m³/h 等法定计量单位"),
    "unknown_item": gettext_lazy("溯源图中没有该编号的对象"),
    "unknown_key": gettext_lazy("不是由您信任的密钥签名"),
    "unknown_number": gettext_lazy("没有该编号的证书"),
    "unknown_parameter": gettext_lazy("没有这个查询参数,请见接口文档"),
    "unreadable": gettext_lazy("文件无法读取"),
    "void_from": gettext_lazy("撤销的起始日期须在检定日期与今天之间"),
}


def words_of(error: InputError) -> str:
    """The error's sentence for the reader; English where the page is English or nothing else is known."""
    if in_english() or HAN.search(error.message):
        return error.message
    if error.zh:
        return error.zh
    known = BY_CODE.get(error.code)
    return str(known) if known is not None else _("内容不符合要求:%(detail)s") % {"detail": error.message}


def reasons_of(error: InputError) -> tuple[str, ...]:
    """Every reason of a refusal, or the one sentence of another error."""
    found: tuple[str, ...] = getattr(error, "reasons", ())
    return found if len(found) > 1 else (words_of(error),)
