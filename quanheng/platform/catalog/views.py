"""Pages of the catalogue and of the norms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from quanheng.platform.catalog.filters import CategoryFilter, NormFilter
from quanheng.platform.catalog.models import InstrumentCategory, Norm
from quanheng.platform.catalog.policies import may_read
from quanheng.platform.catalog.queries import Period, categories, norms, norms_of, periods_of
from quanheng.platform.catalog.tables import CategoryTable, NormTable, category_name, duty_status, norm_status
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Decision
from quanheng.platform.law.labels import VALUES, body_definitions, region_label, verified_status
from quanheng.platform.law.models import LawItem, Verified
from quanheng.platform.law.views import NO_LAW
from quanheng.platform.web import components as c
from quanheng.platform.web.pages import ListPage, Page


class ReadCatalogue(Page):
    """Pages open to anyone signed in."""

    def allowed(self, actor: Actor) -> Decision:
        return may_read(actor)


class CategoriesPage(ReadCatalogue, ListPage):
    """强检目录."""

    table_class = CategoryTable
    filterset_class = CategoryFilter
    empty = NO_LAW

    def get_queryset(self) -> QuerySet[InstrumentCategory]:
        return categories(self.actor).order_by("-edition", "id")

    def header(self) -> c.Header:
        lead = _("按目录确定器具是否强制检定、怎样检定、多久检定一次。")
        return c.Header(_("强检目录"), lead)

    def chips(self) -> Sequence[c.Chip]:
        rows = categories(self.actor)
        return [
            c.Chip(_("全部"), {}, rows.count()),
            c.Chip(_("强制检定"), {"mandatory": "true"}, rows.filter(mandatory=True).count(), "work"),
            c.Chip(_("未核实"), {"verified": "no"}, rows.filter(verified="no").count(), "unknown"),
        ]


class CategoryPage(ReadCatalogue):
    """One line of the catalogue with its norms and periods."""

    template_name = "catalog/category.html"

    @cached_property
    def category(self) -> InstrumentCategory:
        """The category of the address."""
        found = categories(self.actor).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    def header(self) -> c.Header:
        crumbs = [(_("强检目录"), reverse("catalog:categories")), (self.category.edition, "")]
        return c.Header(category_name(self.category), self.category.code, duty_status(self.category), crumbs)

    def context(self) -> dict[str, Any]:
        category, today = self.category, clock.today()
        in_force = norms_of(category, today)
        table = NormTable(in_force, request=self.request, orderable=False)
        table.choose(["title", "in_force_from", "state", "period_months", "procedure_id"])
        return {
            "category": category,
            "item": category.law_item,
            "verified": verified_status(category.verified),
            "checked": category.verified == Verified.YES,
            "head": self._head(category),
            "body": body_definitions(category.law_item) if category.law_item else [],
            "norms": table,
            "periods": [(norm, period_definition(p)) for norm in in_force for p in periods_of(norm, today)],
        }

    def _head(self, category: InstrumentCategory) -> list[c.Definition]:
        rows = [
            c.Definition(_("监管方式"), VALUES.get(category.supervision, _("不在目录内"))),
            c.Definition(_("强检方式"), category.get_mode_display()),
            c.Definition(_("使用领域"), "、".join(str(VALUES.get(area, area)) for area in category.use_areas)),
            c.Definition(_("生效日期"), category.effective_from),
            c.Definition(_("失效日期"), category.effective_to or _("未定")),
        ]
        if category.exception_mode:
            label = category.get_exception_when_display()
            rows.insert(2, c.Definition(label, category.get_exception_mode_display()))
        return rows


class NormsPage(ReadCatalogue, ListPage):
    """计量技术规范."""

    table_class = NormTable
    filterset_class = NormFilter
    empty = NO_LAW

    def get_queryset(self) -> QuerySet[Norm]:
        return norms(self.actor).order_by("code", "-edition")

    def header(self) -> c.Header:
        return c.Header(_("计量技术规范"), _("检定规程、校准规范与其他技术规范的各版本;出证时按当日现行版本判断。"))

    def chips(self) -> Sequence[c.Chip]:
        rows = norms(self.actor)
        today = clock.today()
        return [
            c.Chip(_("全部"), {}, rows.count()),
            c.Chip(_("现行"), {"state": "in_force"}, tone="ok"),
            c.Chip(_("已发布未实施"), {"state": "announced"}, rows.filter(in_force_from__gt=today).count(), "wait"),
            c.Chip(_("废止"), {"state": "withdrawn"}, rows.filter(in_force_to__lt=today).count(), "off"),
        ]


class NormPage(ReadCatalogue):
    """One edition of a norm with its periods and the categories it serves."""

    template_name = "catalog/norm.html"

    @cached_property
    def norm(self) -> Norm:
        """The norm of the address."""
        found = norms(self.actor).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found

    def header(self) -> c.Header:
        crumbs = [(_("计量技术规范"), reverse("catalog:norms")), (self.norm.number, "")]
        return c.Header(str(self.norm), self.norm.instrument, norm_status(self.norm), crumbs)

    def context(self) -> dict[str, Any]:
        norm, today = self.norm, clock.today()
        served = CategoryTable(norm.categories.order_by("id"), request=self.request, orderable=False)
        served.choose(["name", "duty", "mode", "edition"])
        return {
            "norm": norm,
            "item": norm.law_item,
            "verified": verified_status(norm.verified),
            "checked": norm.verified == Verified.YES,
            "head": self._head(norm),
            "body": body_definitions(norm.law_item) if norm.law_item else [],
            "periods": [(norm, period_definition(p)) for p in periods_of(norm, self._day_of(norm, today))],
            "categories": served,
        }

    def _day_of(self, norm: Norm, today: Any) -> Any:
        """The day whose periods are shown: today, or the nearest day the edition is in force."""
        if norm.in_force_from and today < norm.in_force_from:
            return norm.in_force_from
        return norm.in_force_to if norm.in_force_to and today > norm.in_force_to else today

    def _head(self, norm: Norm) -> list[c.Definition]:
        basis = norm.law_item.get_date_basis_display() if isinstance(norm.law_item, LawItem) else ""
        return [
            c.Definition(_("实施日期"), norm.in_force_from or _("未录")),
            c.Definition(_("废止日期"), norm.in_force_to or _("未定")),
            c.Definition(_("日期依据"), basis),
            c.Definition(_("适用地区"), region_label(norm.region_code)),
            c.Definition(_("被代替为"), norm.replaced_by),
            c.Definition(_("程序"), norm.procedure_id),
        ]


def period_definition(period: Period) -> c.Definition:
    """A period with its condition; an unverified one carries its source."""
    label = period.condition_zh or VALUES.get(period.basis, period.basis)
    unverified = "" if period.verified == Verified.YES else period.source
    if period.months is None:
        return c.Definition(label, VALUES.get(period.basis, period.basis), unverified=unverified)
    return c.Definition(label, period.months, _("个月"), unverified=unverified)
