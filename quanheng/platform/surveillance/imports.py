"""The import of areas and their meters (the columns of DESIGN §7), by the product's import engine."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.imports import IMPORTS, Context, ImportColumn, ImportKind, ImportRow
from quanheng.platform.kernel.models import ImportBatch, Region
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.sheets.cells import CellProblem
from quanheng.platform.surveillance.binding import entries_of
from quanheng.platform.surveillance.models import Area, AreaMeter, Profile, Role
from quanheng.platform.surveillance.naming import fresh_codes
from quanheng.platform.surveillance.policies import may_keep_for
from quanheng.telemetry.fleets import load_profile

CHUNK = 500
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise CellProblem(_("最多 64 个字,不含控制字符"))
    return text


def _ratio(text: str) -> str:
    whole = re.fullmatch(r"(\d{1,6}(?:\.\d{1,4})?)(?:\s*/\s*(\d{1,6}(?:\.\d{1,4})?))?", text)
    if not whole or float(whole[1]) == 0 or (whole[2] and float(whole[2]) == 0):
        raise CellProblem(_("变比应为正数或 400/5 的形式"))
    value = float(whole[1]) / float(whole[2] or 1)
    return f"{value:g}"


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text.replace("/", "-")[:10])
    except ValueError as error:
        raise CellProblem(_("日期应为 2026-05-20 的形式")) from error
    if day > clock.today():
        raise CellProblem(_("安装日期在将来"))
    return day


ROLES = {"总表": Role.MASTER.value, "分表": Role.SUB.value, "master": Role.MASTER.value, "sub": Role.SUB.value}
PROFILES = {
    "台区电能表": Profile.ELECTRICITY.value,
    "充电站": Profile.CHARGING.value,
    "供水分区": Profile.WATER.value,
    "燃气分区": Profile.GAS.value,
    "供热换热站": Profile.HEAT.value,
}
COLUMNS = (
    ImportColumn("area_id", "台区编号", ("area_id", "台区"), True, parse=_name, max_length=64, example="TQ-0001"),
    ImportColumn("meter_id", "表号", ("meter_id", "资产编号"), True, parse=_name, max_length=64, example="DB26000123"),
    ImportColumn("role", "角色", ("role",), True, choices=ROLES, example="分表"),
    ImportColumn(
        "feeder", "馈线", ("feeder",), max_length=40, note=gettext_noop("不清楚可不填;填了损耗才能按位置分开")
    ),
    ImportColumn("phase", "相别", ("phase",), max_length=10, example="A"),
    ImportColumn("ct_ratio", "互感器变比", ("ct_ratio", "变比"), parse=_ratio, example="400/5"),
    ImportColumn("accuracy_class", "准确度等级", ("accuracy_class",), max_length=20, example="2"),
    ImportColumn("manufacturer", "生产厂家", ("manufacturer",), max_length=120),
    ImportColumn("lot", "批次", ("batch",), max_length=60),
    ImportColumn("installed_on", "安装日期", ("installed_on",), parse=_day, example="2024-05-20"),
    ImportColumn("area_name", "台区名称", (), max_length=120, example="中山路 1 号台区"),
    ImportColumn("region", "行政区划", ("region",), note=gettext_noop("六位代码;不填则为单位所在地"), example="990101"),
    ImportColumn("profile", "类型", ("profile",), choices=PROFILES, example="台区电能表"),
    ImportColumn(
        "rule",
        "适用规范",
        ("rule",),
        max_length=60,
        note=gettext_noop("规范号;不填则按所在省"),
        example="JJF(皖)111-2021",
    ),
    ImportColumn("code", "器具码", (), max_length=20, note=gettext_noop("填了就与台账中的这台器具绑定")),
)


def check(rows: Sequence[ImportRow], context: Context) -> None:
    """Regions, owners, masters and ledger codes, as sets."""
    codes = {str(r.values.get("area_id") or "") for r in rows}
    held = {a.code: a for a in Area.objects.filter(code__in=codes).select_related("organisation")}
    regions = {r.pk: r for r in Region.objects.filter(pk__in={str(r.values.get("region") or "") for r in rows})}
    present = set(AreaMeter.objects.filter(area__code__in=codes).values_list("area__code", "meter_id"))
    masters = dict(
        AreaMeter.objects.filter(area__code__in=codes, role=Role.MASTER, removed_on=None).values_list(
            "area__code", "meter_id"
        )
    )
    for row in rows:
        _area(row, held, regions, context)
        pair = (str(row.values.get("area_id") or ""), str(row.values.get("meter_id") or ""))
        if pair in present:
            row.fail("meter_id", _("这块表已在此台区"))
        present.add(pair)
        if row.values.get("role") == Role.MASTER:
            if masters.get(pair[0], pair[1]) != pair[1]:
                row.fail("role", _("台区已有总表 %(meter)s") % {"meter": masters[pair[0]]})
            masters.setdefault(*pair)
    _bind(rows, context)


def _area(row: ImportRow, held: dict[str, Area], regions: dict[str, Region], context: Context) -> None:
    area = held.get(str(row.values.get("area_id") or ""))
    if area is not None and area.organisation_id != context.organisation.pk:
        row.fail("area_id", _("这个台区编号属于另一单位"))
    text = str(row.values.get("region") or "")
    if text and text not in regions:
        row.fail("region", _("没有行政区划「%(text)s」") % {"text": text})
    row.values["region"] = regions.get(text) or context.organisation.region
    _rule(row, area)
    if area is not None and text and area.region_id != text:
        row.fail("region", _("台区已登记在 %(region)s") % {"region": area.region_id})


def _rule(row: ImportRow, area: Area | None) -> None:
    """By its number or id; of the profile's own rules."""
    text = str(row.values.get("rule") or "")
    profile = area.profile if area is not None else str(row.values.get("profile") or Profile.ELECTRICITY)
    known = {r[name]: r["id"] for r in load_profile(profile).rules for name in ("id", "norm")}
    if text and text not in known:
        norms = "、".join(r["norm"] for r in load_profile(profile).rules) or "—"
        row.fail("rule", _("没有这个规范;可用的有:%(known)s") % {"known": norms})
    elif area is not None and text and known[text] != area.rule:
        row.fail("rule", _("台区已登记,适用规范在台区页更改"))
    row.values["rule"] = known.get(text, "")


def _bind(rows: Sequence[ImportRow], context: Context) -> None:
    """By the code where one is given, else by the serial number in the owner's ledger: one instrument or a lot."""
    codes = {str(r.values.get("code") or "") for r in rows} - {""}
    mine = Instrument.objects.filter(organisation__path__startswith=context.organisation.path).exclude(state="scrapped")
    by_code = {i.code: i for i in mine.filter(code__in=codes)}
    by_serial = entries_of(context.organisation, {str(r.values.get("meter_id") or "") for r in rows})
    for row in rows:
        code = str(row.values.get("code") or "")
        if code and code not in by_code:
            row.fail("code", _("本单位台账中没有这个器具码"))
        row.values["instrument"] = by_code.get(code) or by_serial.get(str(row.values.get("meter_id") or ""))


def apply(rows: Sequence[ImportRow], context: Context) -> int:
    """Write the areas that are new and their meters."""
    areas: dict[str, Area] = {a.code: a for a in Area.objects.filter(code__in={r.values["area_id"] for r in rows})}
    fresh: dict[str, Area] = {}
    for row in rows:
        v: dict[str, Any] = row.values
        if v["area_id"] not in areas and v["area_id"] not in fresh:
            fresh[v["area_id"]] = Area(
                code=v["area_id"], name=v.get("area_name") or "", organisation=context.organisation,
                region=v["region"], profile=v.get("profile") or Profile.ELECTRICITY, rule=v.get("rule") or "",
            )  # fmt: skip
    Area.objects.bulk_create(fresh.values(), batch_size=CHUNK)
    events.record_many(context.actor, "surveillance.area_added", fresh.values(), after={"batch": str(context.batch.pk)})
    areas |= fresh
    made = [
        AreaMeter(
            area=areas[row.values["area_id"]], batch=context.batch, public_code=code,
            instrument=row.values["instrument"], installed_on=row.values.get("installed_on"),
            **{n: row.values.get(n) or "" for n in TEXTS},
        )
        for row, code in zip(rows, fresh_codes(len(rows)), strict=True)
    ]  # fmt: skip
    AreaMeter.objects.bulk_create(made, batch_size=CHUNK)
    for area in areas.values():
        area.meters = area.members.filter(role=Role.SUB, removed_on=None).count()
    Area.objects.bulk_update(areas.values(), ["meters"], batch_size=CHUNK)
    return len(made)


TEXTS = ("meter_id", "role", "feeder", "phase", "ct_ratio", "accuracy_class", "manufacturer", "lot")


def undo(batch: ImportBatch, actor: Actor) -> int:
    """Delete what the batch brought, unless it was judged, checked or asked about since."""
    rows = AreaMeter.objects.filter(batch=batch)
    touched = {r.area_id for r in rows}
    used = rows.exclude(verdicts=None) | rows.exclude(site_checks=None) | rows.exclude(requests=None)
    if used.exists():
        raise Refused(_("不能撤销:其中有表计已评价或核查"), code="in_use")
    count = rows.count()
    rows.delete()
    empty = list(Area.objects.filter(pk__in=touched, members=None, evaluations=None))
    events.record_many(actor, "surveillance.area_removed", empty, after={"batch": str(batch.pk)})
    Area.objects.filter(pk__in=[a.pk for a in empty]).delete()
    for area in Area.objects.filter(pk__in=touched):
        Area.objects.filter(pk=area.pk).update(meters=area.members.filter(role=Role.SUB, removed_on=None).count())
    return count


def register() -> None:
    """Called when the app is ready."""
    IMPORTS.register(
        "areas", ImportKind("areas", gettext_lazy("台区与表计"), COLUMNS, may_keep_for, check, apply, undo)
    )
