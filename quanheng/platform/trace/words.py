"""The engine's codes in words, with the remedy of each."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from quanheng.platform.web.components import Status, Text

BROKEN: dict[str, tuple[Text, Text]] = {
    "no_certificate": (_("没有证书"), _("登记当时有效的校准或检定证书,或重新检定")),
    "expired": (_("使用时证书已过期"), _("停止使用并重新校准;核查此期间出具的证书")),
    "not_yet_valid": (_("使用时证书尚未生效"), _("核对证书日期;使用日期应在证书有效期内")),
    "revoked": (_("证书已撤销或失效"), _("重新检定;对使用过它的证书发起召回核查")),
    "condemned": (_("标准已停用"), _("改用合格的标准重新检定")),
    "out_of_range": (_("超出证书或考核的范围"), _("改用覆盖该范围的标准")),
    "ratio": (_("不确定度不满足要求"), _("改用不确定度更小的标准")),
    "no_root": (_("未追溯到国家基准"), _("登记上级证书,直到国家计量基准或获互认的境外基准")),
    "cycle": (_("溯源关系成环"), _("改正录入的上级标准")),
}


def broken_words(broken: dict[str, Any] | None) -> tuple[Text, Text]:
    """What is broken and how to mend it."""
    return BROKEN.get((broken or {}).get("code", ""), (_("未知原因"), ""))


OUTSIDE = _("溯源图中还没有它的证书:历史导入的证书不带溯源数据,下次检定后入链")


def outside(answer: dict[str, Any]) -> bool:
    """Whether the item itself has no certificate in the graph: nothing is known, so nothing is broken."""
    broken = answer["broken"] or {}
    return broken.get("code") == "no_certificate" and str(broken.get("at")) == str(answer["item"])


def chain_status(answer: dict[str, Any]) -> Status:
    """The state of a chain: proven, declared, not entered yet (its certificates were only imported), or broken."""
    if answer["proven"]:
        return Status("ok", _("溯源链完整,全部已证明"))
    if answer["holds"]:
        return Status("due", _("溯源链成立,部分仅为声明"))
    return Status("off", _("未入溯源链")) if outside(answer) else Status("bad", _("溯源链断开"))


def link_status(link: dict[str, Any]) -> Status:
    """The state of one link."""
    if not link["ok"]:
        return Status("bad", broken_words(link)[0])
    return Status("ok", _("已证明")) if link["basis"] == "proven" else Status("due", _("已声明"))
