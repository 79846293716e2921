"""The import of an owner's ledger, in the national field order."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from quanheng.platform.catalog.models import InstrumentCategory
from quanheng.platform.instruments import duplicates, policies
from quanheng.platform.instruments.categories import CategoryIndex, categories_on
from quanheng.platform.instruments.models import Delivery, Instrument, Use
from quanheng.platform.instruments.parameters import complaints, procedure_of
from quanheng.platform.instruments.registries import USED_BY
from quanheng.platform.instruments.serials import RangeProblem, lot_quantity
from quanheng.platform.instruments.services.keeping import FAR, fresh_codes, refresh
from quanheng.platform.kernel import bulk, clock, events
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.imports import IMPORTS, Context, ImportColumn, ImportKind, ImportRow
from quanheng.platform.kernel.models import ImportBatch, Organisation, Region
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.kernel.sheets.cells import CellProblem, parse_count, parse_date
from quanheng.platform.parties.credit import parse_credit_code
from quanheng.procedures.loader import Loaded

USES = {"贸易结算": Use.TRADE, "安全防护": Use.SAFETY, "医疗卫生": Use.MEDICAL, "环境监测": Use.ENVIRONMENT}
USES["其他"] = Use.OTHER
MOST_REGIONS = 400
CREDIT_CODE = re.compile(r"[0-9A-Za-z]{18}")
DELIVERIES = {"送检": Delivery.SENT_IN, "现场检定": Delivery.ON_SITE}


def parse_parameters(text: str) -> dict[str, str]:
    """``max=30; e=0.01`` → parameters as text; the values stay as they were typed."""
    found: dict[str, str] = {}
    for part in text.replace("\uff1b", ";").replace("\n", ";").replace("\uff1d", "=").split(";"):
        if not part.strip():
            continue
        name, sign, value = part.partition("=")
        if not sign or not name.strip() or not value.strip() or len(part) > 120:
            raise CellProblem(_("应写成 max=30; e=0.01 的样子"))
        found[name.strip()] = value.strip()
    return found


def _region_names() -> list[str]:
    """The regions to choose from; of a whole country's a list is of no use."""
    names = list(Region.objects.order_by("pk").values_list("name", flat=True)[: MOST_REGIONS + 1])
    return names if len(names) <= MOST_REGIONS else []


LEDGER = (
    ImportColumn("name", "器具名称", ("名称", "计量器具名称"), True, max_length=120, example="电子计价秤"),
    ImportColumn(
        "category",
        "项别/种别",
        ("种别", "项别", "器具类别", "类别"),
        True,
        example="非自动衡器",
        width=22,
        offers=lambda: [c.item for c in categories_on(clock.today())],
    ),
    ImportColumn("specification", "型号规格", ("型号", "规格型号", "型号/规格"), max_length=120, example="ACS-30"),
    ImportColumn("measuring_range", "测量范围", ("量程",), max_length=120, example="(0.2~30) kg"),
    ImportColumn("accuracy_class", "准确度等级", ("准确度", "精度等级", "等级"), max_length=60, example="III"),
    ImportColumn(
        "serial_number", "出厂编号", ("编号", "起编号", "出厂编号(起)", "表号"), True, max_length=80, example="20240001"
    ),
    ImportColumn(
        "serial_to",
        "止编号",
        ("出厂编号(止)", "截止编号"),
        max_length=80,
        note=gettext_noop("成批的表计只填一行:起编号、止编号和数量"),
    ),
    ImportColumn(
        "manufacturer", "生产厂家", ("制造厂", "生产单位", "制造单位", "厂家"), example="衡川衡器厂", width=22
    ),
    ImportColumn("origin_place", "产地", max_length=100, example="衡川市"),
    ImportColumn("location", "安装/使用地点", ("使用地点", "安装地点", "地点"), example="一楼生鲜区 3 号台", width=24),
    ImportColumn(
        "region",
        "行政区划",
        ("区划", "行政区划代码", "所属区县"),
        example="990101",
        note=gettext_noop("六位代码或名称;空着时用单位所在地"),
        offers=_region_names,
    ),
    ImportColumn("quantity", "数量", ("台数", "台件数"), parse=parse_count, max_length=12, example="1"),
    ImportColumn("use", "用途", ("使用领域",), True, choices=USES, example="贸易结算"),
    ImportColumn("delivery", "送检方式", ("检定方式",), choices=DELIVERIES, example="送检"),
    ImportColumn("installed_on", "启用日期", ("安装日期", "投用日期"), parse=parse_date, example="2024-05-20"),
    ImportColumn(
        "parameters",
        "计量参数",
        parse=parse_parameters,
        max_length=400,
        example="max=30; e=0.01",
        note=gettext_noop("检定要用的参数"),
    ),
)
OWNER = ImportColumn(
    "owner",
    "使用单位",
    ("单位名称", "使用单位名称", "统一社会信用代码"),
    note=gettext_noop("名称或统一社会信用代码"),
    width=26,
)


class _Places:
    """Regions by code and by name."""

    def __init__(self, rows: Sequence[ImportRow]) -> None:
        wanted = {str(r.values.get("region") or "") for r in rows}
        found = Region.objects.filter(pk__in=wanted) | Region.objects.filter(name__in=wanted)
        self._by_text: dict[str, list[Region]] = {}
        for region in found:
            self._by_text.setdefault(region.pk, []).append(region)
            self._by_text.setdefault(region.name, []).append(region)

    def find(self, text: str) -> Region:
        """The one region of that code or name."""
        rows = self._by_text.get(text, [])
        if len(rows) != 1:
            raise CellProblem(
                _("「%(text)s」不止一处,请填六位代码") % {"text": text}
                if rows
                else _("没有行政区划「%(text)s」") % {"text": text}
            )
        return rows[0]


class _Owners:
    """Organisations by credit code and by name; for a ledger only those the actor keeps."""

    def __init__(self, rows: Sequence[ImportRow], context: Context, within: bool) -> None:
        wanted = {str(r.values.get("owner") or "") for r in rows} - {""}
        found = Organisation.objects.filter(active=True).select_related("region")
        if within:
            found = found.filter(path__startswith=context.organisation.path)
        self._default = None if not within else context.organisation
        self._by_text: dict[str, list[Organisation]] = {}
        for texts in duplicates.chunks(wanted):
            for one in found.filter(name__in=texts) | found.filter(credit_code__in=texts):
                for text in {one.name, one.credit_code} - {""}:
                    self._by_text.setdefault(text, []).append(one)

    def find(self, text: str | None) -> Organisation:
        """The one organisation of that name or credit code."""
        if not text:
            if self._default is None:
                raise CellProblem(_("不能为空"))
            return self._default
        rows = self._by_text.get(text, [])
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise CellProblem(_("有多个单位叫「%(text)s」,请填统一社会信用代码") % {"text": text})
        if CREDIT_CODE.fullmatch(text):
            parse_credit_code(text)
        raise CellProblem(_("没有单位「%(text)s」,请先登记或核对名称") % {"text": text})


def _put(row: ImportRow, column: str, find: Callable[[], Any]) -> None:
    try:
        row.values[column] = find()
    except CellProblem as error:
        row.fail(column, str(error))


class _Parameters:
    """Judges the parameters of rows, each distinct set once."""

    def __init__(self) -> None:
        self._procedures: dict[int, Loaded | None] = {}
        self._judged: dict[tuple[int, frozenset[tuple[str, str]]], list[str]] = {}

    def check(self, row: ImportRow, category: InstrumentCategory, kept: dict[str, str]) -> None:
        """Mark the row where its procedure would refuse a value."""
        if category.pk not in self._procedures:
            self._procedures[category.pk] = procedure_of(category, clock.today())
        key = (category.pk, frozenset(kept.items()))
        if key not in self._judged:
            self._judged[key] = complaints(self._procedures[category.pk], kept)
        if self._judged[key]:
            row.fail("parameters", "; ".join(self._judged[key]))


def resolve(rows: Sequence[ImportRow], context: Context, *, within: bool) -> None:
    """Turn texts into categories, regions, owners and quantities, for all rows with three queries."""
    categories, places = CategoryIndex(clock.today()), _Places(rows)
    owners, judged = _Owners(rows, context, within), _Parameters()
    for row in rows:
        values = row.values
        if "category" not in row.errors:
            _put(row, "category", partial(categories.find, values["category"]))
        if "owner" not in row.errors:
            _put(row, "owner", partial(owners.find, values.get("owner")))
        if values.get("region"):
            _put(row, "region", partial(places.find, values["region"]))
        elif "region" not in row.errors and "owner" not in row.errors:
            values["region"] = values["owner"].region
        if values.get("installed_on") and values["installed_on"] > clock.today() + FAR:
            row.fail("installed_on", _("启用日期在一年以后"))
        if values.get("parameters") and not {"category", "parameters"} & set(row.errors):
            judged.check(row, values["category"], values["parameters"])
        if not {"serial_number", "serial_to", "quantity"} & set(row.errors):
            try:
                values["quantity"] = lot_quantity(
                    values["serial_number"], values.get("serial_to") or "", values.get("quantity")
                )
            except RangeProblem as error:
                for name in ("quantity", "serial_to") if values.get("quantity") else ("serial_to",):
                    row.fail(name, str(error))  # either may be what is wrong, so that either can be mended


def draft(row: ImportRow, context: Context) -> Instrument:
    """The row as an instrument; the check makes it, and what is applied is what was checked."""
    if row.made is None:
        row.made = _draft(row, context)
    made: Instrument = row.made
    return made


def _draft(row: ImportRow, context: Context) -> Instrument:
    values = row.values
    texts = {
        name: values.get(name) or ""
        for name in ("specification", "measuring_range", "accuracy_class", "manufacturer", "origin_place", "location")
    }
    return Instrument(
        organisation=values["owner"],
        category=values["category"],
        region=values["region"],
        name=values["name"],
        serial_number=values["serial_number"],
        serial_to=values.get("serial_to") or "",
        quantity=values["quantity"],
        use=values["use"],
        delivery=values.get("delivery") or Delivery.SENT_IN,
        parameters=values.get("parameters") or {},
        installed_on=values.get("installed_on"),
        batch=context.batch,
        source_row=row.place(),
        state="draft",
        **texts,
    )


def check_ledger(rows: Sequence[ImportRow], context: Context) -> None:
    """Foreign keys and duplicates, as sets."""
    resolve(rows, context, within=True)
    _no_duplicates(rows, context, {r.values["owner"].pk for r in rows if not r.errors})


def _no_duplicates(rows: Sequence[ImportRow], context: Context, owners: set[uuid.UUID]) -> None:
    good = [r for r in rows if not r.errors]
    items = [draft(r, context) for r in good]
    for position, message in duplicates.conflicts(items, owners).items():
        good[position].fail("serial_number", message)
    for position, code in duplicates.spelt_otherwise(items, owners).items():
        words = _("本单位已有同种别、同编号而厂家写法不同的器具(%(code)s),请核对是否同一台") % {"code": code}
        good[position].warnings["serial_number"] = words
    others = duplicates.elsewhere(items)
    group = Organisation.objects.filter(path__startswith=context.organisation.path)
    told = dict(group.filter(pk__in={pk for pks in others.values() for pk in pks}).values_list("pk", "name"))
    for position, pks in others.items():
        names = "、".join(sorted(told[pk] for pk in pks if pk in told))
        good[position].warnings["serial_number"] = (
            _("本集团的%(names)s登记了同厂家、同编号的器具:若已调拨请办理“移交”") % {"names": names}
            if names
            else _("另有单位登记了同厂家、同编号的器具,请核对")
        )


def entered(rows: Sequence[ImportRow], context: Context) -> list[Instrument]:
    """The rows as instruments with codes of their own; nothing is written yet."""
    items = [draft(row, context) for row in rows]
    for item, code in zip(items, fresh_codes(len(items)), strict=True):
        item.code = code
        refresh(item, item.organisation.name)
    return items


def apply_ledger(rows: Sequence[ImportRow], context: Context) -> int:
    """Write the good rows as drafts."""
    items = entered(rows, context)
    bulk.insert(items)
    events.record_many(context.actor, "instruments.imported", items, after={"batch": str(context.batch.pk)})
    return len(items)


def undo_ledger(batch: ImportBatch, actor: Actor) -> int:
    """Delete what the batch brought, unless any row was filed, edited or used since."""
    rows = list(Instrument.objects.select_for_update().filter(batch=batch))
    ids = {row.pk for row in rows}
    used = {row.pk for row in rows if row.state != "draft" or row.version != 1}
    for users in USED_BY.values():
        used |= users(ids)
    if used:
        names = "、".join(str(r) for r in rows if r.pk in used)[:200]
        raise Refused(
            _("不能撤销:其中 %(n)d 台已备案、修改或使用(%(names)s)") % {"n": len(used), "names": names}, code="in_use"
        )
    events.record_many(actor, "instruments.import_undone", rows, after={"batch": str(batch.pk)})
    Instrument.objects.filter(batch=batch).delete()
    return len(rows)


def register() -> None:
    """Called when the app is ready."""
    IMPORTS.register(
        "instruments",
        ImportKind(
            name="instruments",
            title=gettext_lazy("器具台账"),
            columns=(*LEDGER, OWNER),
            may=policies.may_keep_for,
            check=check_ledger,
            apply=apply_ledger,
            undo=undo_ledger,
        ),
    )
