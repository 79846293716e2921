"""Tables of the catalogue pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from quanheng.platform.catalog.models import InstrumentCategory, Norm, NormState
from quanheng.platform.kernel import clock
from quanheng.platform.law.labels import VALUES, region_label, verified_status
from quanheng.platform.web.components import Status, Tone
from quanheng.platform.web.tables import DateColumn, NumberColumn, StatusColumn, Table, TextColumn


def category_name(category: InstrumentCategory) -> str:
    """The name in the reader's language."""
    english = get_language() == "en" and category.name_en
    return english or (category.name if category.name == category.item else f"{category.name} / {category.item}")


def duty_status(category: InstrumentCategory) -> Status:
    """Whether instruments of a category are mandatory in the listed uses."""
    return Status("work", _("强制检定")) if category.mandatory else Status("off", category.get_mode_display())


def norm_status(norm: Norm) -> Status:
    """Where an edition stands today."""
    state = norm.state_on(clock.today())
    tones: dict[str, Tone] = {NormState.IN_FORCE: "ok", NormState.ANNOUNCED: "wait"}
    return Status(tones.get(state, "off"), state.label)


def _verified(record: InstrumentCategory | Norm) -> Status:
    return verified_status(record.verified)


class CategoryTable(Table):
    """Lines of the catalogue."""

    item = TextColumn(verbose_name=_("种别"), main=True)
    name = TextColumn(verbose_name=_("项别"))
    code = TextColumn(verbose_name=_("代码"))
    duty = StatusColumn(verbose_name=_("监管"), to_status=duty_status, orderable=False)
    supervision = TextColumn(verbose_name=_("监管方式"))
    mode = TextColumn(verbose_name=_("强检方式"))
    uses = TextColumn(verbose_name=_("使用领域"))
    period_months = NumberColumn(verbose_name=_("检定周期"), unit=_("个月"))
    edition = TextColumn(verbose_name=_("目录版本"))
    verified = StatusColumn(verbose_name=_("核实"), to_status=_verified)

    hidden: ClassVar[Sequence[str]] = ("code", "supervision")
    pinned: ClassVar[Sequence[str]] = ("item", "verified")

    def render_item(self, value: str, record: InstrumentCategory) -> str:
        english = get_language() == "en" and record.name_en
        return english or value

    def render_supervision(self, value: str) -> Any:
        return VALUES.get(value, value)

    def render_mode(self, record: InstrumentCategory) -> str:
        general = record.get_mode_display()
        if not record.exception_mode:
            return general
        return f"{record.get_exception_when_display()}: {record.get_exception_mode_display()}; {general}"

    def render_uses(self, record: InstrumentCategory) -> str:
        return "、".join(str(VALUES.get(area, area)) for area in record.use_areas)


class NormTable(Table):
    """Editions of norms."""

    number = TextColumn(verbose_name=_("编号"), main=True)
    title = TextColumn(accessor="named", order_by="title", verbose_name=_("名称"))
    instrument = TextColumn(verbose_name=_("适用对象"))
    region_code = TextColumn(verbose_name=_("适用地区"))
    in_force_from = DateColumn(verbose_name=_("实施日期"))
    in_force_to = DateColumn(verbose_name=_("废止日期"))
    state = StatusColumn(verbose_name=_("状态"), to_status=norm_status, orderable=False)
    replaced_by = TextColumn(verbose_name=_("被代替为"))
    period_months = NumberColumn(verbose_name=_("检定周期"), unit=_("个月"))
    procedure_id = TextColumn(verbose_name=_("程序"))
    verified = StatusColumn(verbose_name=_("核实"), to_status=_verified)

    hidden: ClassVar[Sequence[str]] = ("in_force_to", "instrument", "region_code")
    pinned: ClassVar[Sequence[str]] = ("number", "verified")

    def render_region_code(self, value: str) -> Any:
        return region_label(value)
