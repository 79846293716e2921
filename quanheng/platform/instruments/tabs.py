"""The tabs that the ledger itself knows: overview, timeline, certificates, chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from quanheng.platform.catalog.tables import category_name
from quanheng.platform.documents.models import Document, Origin
from quanheng.platform.documents.policies import visible_to
from quanheng.platform.documents.standing import status
from quanheng.platform.documents.validity import standings
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.instruments.parameters import parameters_of, shown
from quanheng.platform.instruments.registries import TABS, TIMELINE, InstrumentTab
from quanheng.platform.instruments.workflow import INSTRUMENT
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import AuditEvent
from quanheng.platform.kernel.retelling import retold
from quanheng.platform.trace.models import TraceNode
from quanheng.platform.trace.views import chain_context
from quanheng.platform.web.components import Definition, Moment
from quanheng.platform.web.templatetags.web import civil

VERBS = {
    "instruments.added": gettext_lazy("登记"),
    "instruments.taken_from_lot": gettext_lazy("从批量登记中单独登记"),
    "instruments.lot_reduced": gettext_lazy("单独登记其中一台"),
    "instruments.imported": gettext_lazy("导入台账"),
    "instruments.history_imported": gettext_lazy("导入历史检定数据"),
    "instruments.history_noted": gettext_lazy("登记历史检定"),
    "instruments.import_undone": gettext_lazy("撤销导入"),
    "instruments.edited": gettext_lazy("修改台账"),
    "instruments.transferred": gettext_lazy("移交"),
    "instruments.verified": gettext_lazy("登记检定结果"),
    "instruments.invalidated": gettext_lazy("检定失效"),
    "instruments.parameters_completed": gettext_lazy("按检定结果补全计量参数"),
    "instruments.corrected_by_verification": gettext_lazy("按检定核对的实物更正台账"),
    "instruments.period_extended": gettext_lazy("状态评价:延长检定周期"),
    "instruments.extension_undone": gettext_lazy("撤销检定周期的延长"),
}
TONES: dict[str, Any] = {"scrap": "off", "stop": "wait", "stop_on_rejection": "bad", "return_filing": "bad"}
TONES |= {"confirm_filing": "ok", "send_to_repair": "wait", "resume_on_pass": "ok"}


def overview(_actor: Actor, item: Instrument) -> Mapping[str, Any]:
    """The national fields, and the parameters of the procedure."""
    category = item.category
    serial = f"{item.serial_number} – {item.serial_to}" if item.serial_to else item.serial_number
    facts = [
        Definition(_("器具名称"), item.name),
        Definition(_("项别/种别"), category_name(category)),
        Definition(_("型号规格"), item.specification),
        Definition(_("测量范围"), item.measuring_range),
        Definition(_("准确度等级"), item.accuracy_class),
        Definition(_("出厂编号"), serial),
        Definition(_("生产厂家"), item.manufacturer),
        Definition(_("产地"), item.origin_place),
        Definition(_("安装/使用地点"), item.location),
        Definition(_("行政区划"), item.region.name),
        Definition(_("数量"), item.quantity, _("台")),
        Definition(_("用途"), item.get_use_display()),
        Definition(_("送检方式"), item.get_delivery_display()),
        Definition(_("使用单位"), item.organisation.name),
        Definition(_("器具码"), item.code),
        Definition(
            _("强制检定"),
            _("是") if item.mandatory else _("否"),
            unverified="" if category.verified == "yes" else _source(item),
        ),
        Definition(_("启用日期"), item.installed_on),
    ]
    parameters = parameters_of(category, clock.today())
    typed = [Definition(label, value, unit) for label, value, unit in shown(parameters, item.parameters)]
    return {"facts": facts, "typed": typed}


def _source(item: Instrument) -> str:
    return item.category.law_item.source if item.category.law_item else _("目录")


def moments(actor: Actor, item: Instrument) -> list[Moment]:
    """Everything that ever happened to it, newest first."""
    found = [_moment(e) for e in events.history(item)[:500]]
    documents = Document.objects.filter(visible_to(actor), subject_id=item.pk)
    found += [
        Moment(
            d.issued_at or d.issued_on,
            f"{d.get_kind_display()} {d.number}",
            d.issuer_name,
            d.state_reason,
            reverse("documents:public", args=[d.public_code]),
            "bad" if d.kind == "rejection_notice" or d.state == "revoked" else "ok",
        )
        for d in documents
    ]
    for provider in TIMELINE.values():
        found += provider(actor, item)
    return sorted(found, key=lambda m: _sortable(m.at), reverse=True)


def _sortable(at: dt.datetime | dt.date) -> dt.datetime:
    return at if isinstance(at, dt.datetime) else clock.start_of(at)


def _changed(key: str, before: Any, now: Any) -> str:
    """One field that was changed, by its name; empty for what has no name of its own, which is no news to a reader."""
    field: Any = next((f for f in Instrument._meta.fields if key in (f.name, f.attname)), None)
    if field is None or field.verbose_name == field.name.replace("_", " "):
        return ""
    if isinstance(now, dict):  # parameters: the overview says which they are now
        return str(field.verbose_name)
    return _("%(field)s:%(before)s → %(now)s") % {
        "field": field.verbose_name,
        "before": _value(field, before),
        "now": _value(field, now),
    }


def _value(field: Any, kept: Any) -> str:
    """A value of the audit trail as people read it: what it refers to by name, a choice by its label, a civil time."""
    if kept in (None, ""):
        return "—"
    if field.is_relation:
        found = field.related_model.objects.filter(pk=kept).first()
        return str(found or kept)
    if isinstance(field, models.DateTimeField):
        return civil(field.to_python(kept))
    return str(dict(field.flatchoices).get(kept, kept))


def _moment(event: AuditEvent) -> Moment:
    step = event.verb.removeprefix("instruments.")
    labels = {t.name: t.label for t in INSTRUMENT.transitions}
    changed = []
    if event.verb in ("instruments.edited", "instruments.move", "instruments.relocate"):
        changed = [line for key, now in event.after.items() if (line := _changed(key, event.before.get(key), now))]
    if event.verb == "instruments.stop" and event.after.get("stopped_until"):
        changed.append(_("预计 %(day)s 启用") % {"day": event.after["stopped_until"]})
    if taken := event.after.get("lot") or event.after.get("taken"):  # from which lot, or which one of it
        changed.append(str(taken))
    detail = " · ".join([retold(event.reason), *changed] if event.reason else changed)
    title = VERBS.get(event.verb) or labels.get(step) or event.verb
    return Moment(event.happened_at, title, event.actor_name, detail, tone=TONES.get(step, "work"))


def certificates(actor: Actor, item: Instrument) -> Mapping[str, Any]:
    """Every document about it, and how it stands; imported ones named as such."""
    rows = list(Document.objects.filter(visible_to(actor), subject_id=item.pk).order_by("-performed_on", "-issued_on"))
    stand = standings(rows, clock.today())
    return {"documents": [(d, status(stand[d.pk]), d.origin == Origin.IMPORTED) for d in rows]}


def chain(_actor: Actor, item: Instrument) -> Mapping[str, Any]:
    """The way up to the national standard."""
    if not TraceNode.objects.filter(pk=item.pk).exists():
        return {"not_filed": True}
    return chain_context(item.pk, clock.today())


def register() -> None:
    """Called when the app is ready."""
    for key, label, order, template, context in (
        ("overview", gettext_lazy("概览"), 10, "instruments/tab_overview.html", overview),
        ("timeline", gettext_lazy("时间线"), 20, "instruments/tab_timeline.html", _timeline),
        ("certificates", pgettext_lazy("list", "证书"), 30, "instruments/tab_certificates.html", certificates),
        ("chain", gettext_lazy("溯源"), 40, "instruments/tab_chain.html", chain),
    ):
        TABS.register(key, InstrumentTab(label, order, template, context, at_work=key in ("overview", "chain")))


def _timeline(actor: Actor, item: Instrument) -> Mapping[str, Any]:
    return {"moments": moments(actor, item)}
