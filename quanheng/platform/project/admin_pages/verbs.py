"""The audit trail in words: what was done, to what kind of thing, and which field."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from quanheng.platform.kernel.workflow import WORKFLOWS
from quanheng.platform.web.templatetags.web import civil

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

VERBS: Mapping[str, StrPromise] = {
    "applications.amended": _("修改申请"),
    "tasks.norm_chosen": _("改检定规程"),
    "applications.created": _("新建申请"),
    "catalog.category_refreshed": _("更新强检目录项"),
    "catalog.norm_refreshed": _("更新技术规范"),
    "certificates.foreign_imported": _("导入外来证书"),
    "certificates.foreign_undone": _("撤销导入外来证书"),
    "documents.import_undone": _("撤销历史证书导入"),
    "documents.imported": _("导入历史证书"),
    "documents.issued": _("签发文书"),
    "documents.revocation_signed": _("签名撤销文书"),
    "documents.number_reserved": _("预留证书编号"),
    "documents.number_voided": _("作废证书编号"),
    "instruments.added": _("登记器具"),
    "instruments.edited": _("修改器具"),
    "instruments.history_imported": _("导入历史检定"),
    "instruments.history_noted": _("补记历史检定"),
    "instruments.import_undone": _("撤销器具导入"),
    "instruments.imported": _("导入器具"),
    "instruments.invalidated": _("检定失效"),
    "instruments.corrected_by_verification": _("按检定时核对的实物更正台账"),
    "instruments.parameters_completed": _("按检定结果补全计量参数"),
    "instruments.reminder_days_set": _("设置提醒天数"),
    "instruments.lot_reduced": _("单独登记批量中的一台"),
    "instruments.taken_from_lot": _("从批量登记中单独登记"),
    "instruments.transferred": _("移交器具"),
    "instruments.verified": _("登记检定结果"),
    "kernel.account_closed": _("停用账户"),
    "kernel.account_locked": _("登录被锁定"),
    "kernel.account_reopened": _("恢复账户"),
    "kernel.address_locked": _("来源网络被锁定"),
    "kernel.audit_sealed": _("封存审计记录"),
    "kernel.import_applied": _("确认导入"),
    "kernel.import_failed": _("导入失败"),
    "kernel.import_mended": _("补正导入"),
    "kernel.import_previewed": _("预览导入"),
    "kernel.import_rematched": _("重新对应导入的列"),
    "kernel.import_undone": _("撤销导入"),
    "kernel.lock_released": _("解除锁定"),
    "kernel.organisation_added": _("新增机构"),
    "kernel.organisation_changed": _("修改机构"),
    "kernel.organisation_import_undone": _("撤销机构导入"),
    "kernel.organisation_imported": _("导入机构"),
    "kernel.password_forgotten": _("作废原密码"),
    "kernel.password_set": _("设置密码"),
    "kernel.person_added": _("新增人员"),
    "kernel.person_renamed": _("修改姓名"),
    "kernel.keys_confirmed": _("当面确认本人"),
    "kernel.person_invited": _("生成设置密码的链接"),
    "kernel.profile_changed": _("修改资料"),
    "kernel.region_added": _("新增行政区划"),
    "kernel.role_ended": _("收回角色"),
    "kernel.role_granted": _("授予角色"),
    "kernel.second_factor_reset": _("重置第二因子"),
    "kernel.sign_in_failed": _("登录失败"),
    "kernel.signed_in": _("登录系统"),
    "kernel.signing_code_wrong": _("签字验证码错误"),
    "kernel.signing_locked": _("签字被锁定"),
    "kernel.token_issued": _("生成接口令牌"),
    "kernel.token_revoked": _("作废接口令牌"),
    "law.item_corrected": _("更正依据"),
    "law.item_loaded": _("载入依据"),
    "parties.authorisation_confirmed": _("确认授权项目"),
    "parties.authorisation_withdrawn": _("撤回授权项目"),
    "parties.authorised": _("登记授权项目"),
    "parties.licence_added": _("登记人员资格"),
    "parties.licence_withdrawn": _("撤回人员资格"),
    "parties.rule_set": _("设定机构规则"),
    "prepared.handed_in": _("提交文书内容"),
    "records.opened": _("打开原始记录"),
    "records.saved": _("保存原始记录"),
    "standards.added": _("登记计量标准"),
    "standards.edited": _("修改计量标准"),
    "standards.removed": _("删除计量标准"),
    "surveillance.area_added": _("登记台区"),
    "surveillance.area_removed": _("删除台区"),
    "surveillance.areas_judged": _("评价台区"),
    "surveillance.batch_looked_at": _("上传读数文件"),
    "surveillance.batch_mapped": _("指定读数文件的列"),
    "surveillance.batch_queued": _("读数文件入库"),
    "surveillance.check_asked": _("用户申请检查"),
    "surveillance.check_ordered": _("下达现场检查"),
    "surveillance.device_event": _("器具上报事件"),
    "surveillance.device_event_handled": _("处理器具事件"),
    "surveillance.extension_proposed": _("申请批次延长检定周期"),
    "surveillance.letters_resent": _("重新入库被搁置的读数"),
    "surveillance.pile_alarm": _("充电桩警报"),
    "surveillance.pile_alarm_handled": _("处理充电桩警报"),
    "surveillance.request_answered": _("答复检查申请"),
    "surveillance.rule_chosen": _("选定台区的适用规范"),
    "surveillance.run_requested": _("发起评价"),
    "tasks.cancel": _("取消任务"),
    "tasks.handed_over": _("样品交接"),
    "trace.certificate_forgotten": _("随导入撤销溯源证书"),
    "trace.certificate_recorded": _("登记溯源证书"),
    "trace.certificate_restored": _("恢复溯源证书"),
    "trace.certificate_voided": _("作废溯源证书"),
    "trace.item_condemned": _("停用溯源对象"),
    "trace.item_registered": _("登记溯源对象"),
    "trace.item_rehabilitated": _("恢复溯源对象"),
    "trace.items_registered": _("登记溯源对象"),
}
SUBJECTS: Mapping[str, StrPromise] = {
    "catalog.instrumentcategory": _("强检目录项"),
    "catalog.norm": _("技术规范"),
    "certificates.foreigncertificate": _("外来证书"),
    "certificates.prepareddocument": _("待签文书"),
    "certificates.record": _("原始记录"),
    "documents.document": _("证书"),
    "documents.numberrecord": _("证书编号"),
    "instruments.instrument": _("计量器具"),
    "kernel.apitoken": _("接口令牌"),
    "kernel.auditseal": _("审计封存"),
    "kernel.importbatch": _("导入"),
    "kernel.organisation": _("机构"),
    "kernel.region": _("行政区划"),
    "kernel.user": _("人员"),
    "law.lawitem": _("依据"),
    "parties.authorisation": _("授权项目"),
    "parties.instituterule": _("机构规则"),
    "parties.licence": _("人员资格"),
    "standards.measurementstandard": _("计量标准"),
    "surveillance.area": _("台区"),
    "surveillance.checkrequest": _("核查申请"),
    "surveillance.deviceevent": _("设备事件"),
    "surveillance.evaluationrun": _("评价任务"),
    "surveillance.periodextension": _("延期使用"),
    "surveillance.pilealarm": _("充电桩警报"),
    "surveillance.readingbatch": _("读数批次"),
    "surveillance.readingsource": _("数据来源"),
    "surveillance.sitecheck": _("现场核查"),
    "trace.tracecertificate": _("溯源证书"),
    "trace.tracenode": _("溯源对象"),
    "verification.application": _("检定申请"),
    "verification.task": _("检定任务"),
}
FIELDS: Mapping[str, StrPromise] = {
    "state": _("状态"),
    "version": _("版本"),
    "role": _("角色"),
    "name": _("名称"),
    "user": _("人员"),
    "scopes": _("权限"),
    "expires_at": _("有效期至"),
    "organisation": _("单位"),
    "count": _("数量"),
    "left_out": _("移除"),
    "number": _("编号"),
    "verdict": _("结论"),
    "accepted": _("已导入的行"),
    "areas": _("台区"),
    "basis": _("依据"),
    "batch": _("导入批次"),
    "cells": _("更正的单元格"),
    "checked_at": _("核验时间"),
    "checker": _("核验员"),
    "closed_at": _("办结时间"),
    "condemned_on": _("停用日期"),
    "condition": _("外观状况"),
    "confirmed_at": _("确认时间"),
    "decided_at": _("受理时间"),
    "direction": _("交接方向"),
    "document": _("文书"),
    "due_on": _("办结期限"),
    "factor": _("第二因子"),
    "file": _("文件"),
    "first": _("首条"),
    "ground": _("依据"),
    "invalidated_on": _("检定失效日"),
    "issuer": _("签发机构"),
    "item": _("对象"),
    "kind": _("种类"),
    "label": _("名称"),
    "last": _("末条"),
    "last_document_id": _("最近文书"),
    "meaning": _("签名含义"),
    "answer": _("答复"),
    "evidence": _("评价依据"),
    "lot": _("批次"),
    "mapping": _("列的对应"),
    "meter": _("表计"),
    "pile": _("充电桩"),
    "retry_of": _("重新入库的批次"),
    "rows": _("行数"),
    "rule": _("适用规范"),
    "since": _("自"),
    "previous_root": _("上一个根"),
    "procedure": _("检定程序"),
    "procedure_sha256": _("检定程序的 SHA-256"),
    "rejected": _("有错的行"),
    "removed": _("删除的行"),
    "result": _("检定结果"),
    "root": _("Merkle 根"),
    "scheduled_on": _("安排日期"),
    "signatory": _("授权签字人"),
    "signature": _("签名"),
    "signed_at": _("签发时间"),
    "state_reason": _("原因"),
    "submitted_at": _("提交时间"),
    "total": _("行数"),
    "verifier": _("检定员"),
    "network": _("来源网络"),
    "client": _("来源代号"),
    "until": _("至"),
    "xml_sha256": _("XML 的 SHA-256"),
    "valid_from": _("自"),
    "valid_until": _("至"),
}


def actor_words(name: str) -> str:
    """The product's own names for people; a console command stays as it was typed."""
    return str(ACTORS.get(name, name))


def verb_words(verb: str) -> str:
    """A verb for people; a step of a state machine by its label; an unknown one as it is."""
    if verb in VERBS:
        return str(VERBS[verb])
    name, _dot, step = verb.partition(".")
    machine = WORKFLOWS.get(name)
    if machine is not None:
        for transition in machine.transitions:
            if transition.name == step:
                return str(transition.label)
    return verb


def known_verbs() -> list[tuple[str, str]]:
    """Every verb with its words, for the filter."""
    steps = {f"{m.name}.{t.name}": str(t.label) for m in WORKFLOWS.values() for t in m.transitions}
    return sorted({**steps, **{k: str(v) for k, v in VERBS.items()}}.items())


# What the product calls itself where nobody acted.
ACTORS: Mapping[str, StrPromise] = {
    "anonymous": _("未登录的访客"),
    "quanheng worker": _("后台任务"),
    "sealing": _("封存任务"),
}


def subject_words(subject_type: str) -> str:
    """A kind of thing for people."""
    return str(SUBJECTS.get(subject_type, subject_type))


def field_words(subject_type: str, name: str) -> str:
    """A field as its form names it."""
    try:
        field = apps.get_model(subject_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return str(FIELDS.get(name, name))
    words = str(getattr(field, "verbose_name", name))
    return str(FIELDS.get(name, words)) if words.isascii() else words


def related_model(subject_type: str, name: str) -> type[Model] | None:
    """What a field refers to: the things of that model; None where it holds a plain value."""
    try:
        field: Any = apps.get_model(subject_type)._meta.get_field(name.removesuffix("_id"))
    except (LookupError, ValueError, FieldDoesNotExist):
        return None
    return field.related_model if field.is_relation else None


def value_words(subject_type: str, name: str, value: object) -> str:
    """A kept value as people read it: a state or a choice by its label, a moment in civil time."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return str(_("是")) if value else str(_("否"))
    if isinstance(value, (list, tuple)):
        return "、".join(_flat(v) for v in value)
    if isinstance(value, dict):
        return "、".join(f"{k}: {_flat(v)}" for k, v in value.items()) or "—"
    machine = WORKFLOWS.get(_MACHINES.get(subject_type, "")) if name == "state" else None
    if machine is not None:
        return str(machine.states.get(str(value), value))
    text = str(value)
    if _MOMENT.match(text):
        return civil(dt.datetime.fromisoformat(text))
    return str(_choices(subject_type, name).get(text, text))


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?[+-]\d{2}:\d{2}$")


def _flat(value: object) -> str:
    """One part of a list or an object; what nests deeper is told by how much it is."""
    if isinstance(value, (dict, list, tuple)):
        return f"…({len(value)})" if value else "—"
    return "—" if value in (None, "") else str(value)


def _choices(subject_type: str, name: str) -> dict[str, Any]:
    try:
        field: Any = apps.get_model(subject_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return {}
    return {str(key): label for key, label in getattr(field, "flatchoices", [])}


_MACHINES = {
    "instruments.instrument": "instruments",
    "verification.application": "applications",
    "verification.task": "tasks",
    "certificates.prepareddocument": "prepared",
    "certificates.record": "records",
    "documents.document": "documents",
    "standards.measurementstandard": "standards",
}
