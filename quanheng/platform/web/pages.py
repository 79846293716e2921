"""Whole pages as classes: a list that filters, sorts, pages, selects and exports; a form that keeps what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_slug
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from quanheng.errors import InputError
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.policies import Allowed, Decision, Denied, Refused
from quanheng.platform.kernel.words import reasons_of, words_of
from quanheng.platform.web import components, preferences
from quanheng.platform.web.export import csv_response, xlsx_response
from quanheng.platform.web.filters import FilterSet
from quanheng.platform.web.http import actor_of, is_partial
from quanheng.platform.web.tables import CappedPaginator, Table

Text = str | Promise
PAGE_SIZES = (25, 50, 100)


class Page(View):
    """Base of every page: asks the policy first, knows the actor, draws one template."""

    template_name: str = "web/base.html"

    def allowed(self, actor: Actor) -> Decision:
        """Who may open the page. Override; a page without a policy opens to people with a role."""
        return Allowed() if actor.system or actor.grants else Denied(_("您还没有任何角色,请联系本单位或上级的管理员"))

    @property
    def actor(self) -> Actor:
        """The one on whose account this request is answered."""
        return actor_of(self.request)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        decision = self.allowed(self.actor)
        if not decision:
            raise PermissionDenied(decision.reason)
        try:
            return super().dispatch(request, *args, **kwargs)
        except Refused as refusal:  # what no form of the page shows beside itself is said on a page of its own
            raise PermissionDenied("; ".join(refusal.reasons)) from refusal

    def header(self) -> components.Header | None:
        """Title and actions."""
        return None

    def context(self) -> dict[str, Any]:
        """What the template needs beside the header."""
        return {}

    def draw(self, template: str = "", status: int = 200, **extra: Any) -> HttpResponse:
        """The page as an answer."""
        return render(
            self.request,
            template or self.template_name,
            {"header": self.header(), **self.context(), **extra},
            status=status,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.draw()


@dataclass(frozen=True)
class Batch:
    """Something done to the selected rows: posts to the list itself and calls ``batch_<name>(queryset)``."""

    name: str
    label: Text
    icon: str = ""
    consequence: Text = ""


class ListPage(Page):
    """A list. Give it ``table_class``, ``filterset_class`` and ``get_queryset``; the address holds everything else."""

    template_name = "web/list.html"
    table_class: ClassVar[type[Table]]
    filterset_class: ClassVar[type[FilterSet] | None] = None
    export_name: str = ""  # else the title
    empty: components.Empty = components.Empty("")
    page_size: int = 25

    @property
    def file_name(self) -> str:
        """What an exported file is called: as the page, with the day."""
        header = self.header()
        return f"{self.export_name or (header.title if header else 'export')} {clock.today().isoformat()}"

    def get_queryset(self) -> QuerySet[Any]:
        """What this actor may see."""
        raise NotImplementedError

    def chips(self) -> Sequence[components.Chip]:
        """Quick filters with counts, above the list."""
        return ()

    def batches(self) -> Sequence[Batch]:
        """What can be done to selected rows."""
        return ()

    def figures(self) -> Sequence[components.Figure]:
        """Key figures above the list."""
        return ()

    def table_kwargs(self) -> dict[str, Any]:
        """More arguments of the table."""
        return {}

    def total(self, rows: QuerySet[Any]) -> str:
        """What the rows add up to, in words, where that is not how many they are. Not asked beyond the cap."""
        return ""

    @property
    def key(self) -> str:
        """Under which name column choices are kept."""
        return f"columns:{self.table_class.__module__.split('.')[-2]}.{self.table_class.__name__}"

    def filtered(self, data: QueryDict) -> tuple[FilterSet | None, QuerySet[Any]]:
        """The filter form and what it leaves."""
        rows = self.get_queryset()
        if self.filterset_class is None:
            return None, rows
        filters = self.filterset_class(data, queryset=rows, request=self.request)
        return filters, filters.qs if filters.is_valid() else rows.none()

    def table(self, rows: QuerySet[Any], *, whole: bool = False) -> Table:
        """The table with this person's columns, sorted, and cut to the page unless ``whole``."""
        # Without the request: with it django-tables2 pages by itself and counts the whole table.
        order = self.request.GET.getlist("sort") or None
        table = self.table_class(rows, order_by=order, **self.table_kwargs())
        table.request = self.request
        table.choose(preferences.get(self.request, self.key))
        if not whole:
            number = self.request.GET.get("page", "1")
            size = self.request.GET.get("size", "")
            per_page = int(size) if size.isdigit() and int(size) in PAGE_SIZES else self.page_size
            paginator = CappedPaginator(table.rows, per_page)
            table.page = paginator.get_page(number)
            table.paginator = paginator
        return table

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        filters, rows = self.filtered(request.GET)
        wanted = request.GET.get("export")
        if wanted in {"xlsx", "csv"}:
            whole = self.table(rows, whole=True).export_rows()
            return (xlsx_response if wanted == "xlsx" else csv_response)(whole, self.file_name)
        table = self.table(rows)
        page = table.page
        context: dict[str, Any] = {
            "table": table,
            "filters": filters,
            "filtered": bool(filters and filters.active),
            "batches": self.batches(),
            "total": "" if page.paginator.capped else self.total(rows),
            "empty": self.empty,
            "columns_key": self.key,
            "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "ellipsis": page.paginator.ELLIPSIS,
        }
        if is_partial(request) and request.headers.get("HX-Target") == "list":
            return self.draw("web/list_part.html", **context)
        return self.draw(chips=components.chips(request, self.chips()), figures=self.figures(), **context)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Column choice, or a batch action on the selected (or all filtered) rows."""
        if "columns" in request.POST:
            return self._choose(request)
        name = request.POST.get("batch", "")
        if name not in {batch.name for batch in self.batches()}:
            raise PermissionDenied
        _filters, rows = self.filtered(request.GET)
        if request.POST.get("whole") != "yes":
            try:
                rows = rows.filter(pk__in=request.POST.getlist("pk"))
            except (ValidationError, ValueError) as error:
                raise PermissionDenied from error
        try:
            answer: HttpResponse | None = getattr(self, f"batch_{name}")(rows)
        except InputError as error:
            messages.error(request, words_of(error))
            answer = None
        return answer or HttpResponseRedirect(request.get_full_path())

    def _choose(self, request: HttpRequest) -> HttpResponse:
        names = [n for n in request.POST.getlist("column") if _slug(n)]
        preferences.put(request, self.key, None if request.POST["columns"] == "usual" else names)
        return HttpResponseRedirect(request.get_full_path())


def _slug(text: str) -> bool:
    try:
        validate_slug(text)
    except ValidationError:
        return False
    return len(text) <= 64


class FormPage(Page):
    """A form: errors beside their fields, what was typed is kept, a service's refusal is shown in words."""

    template_name = "web/form.html"
    form_class: ClassVar[type[forms.BaseForm]]
    submit: Text = ""
    wide: bool = False

    def form_kwargs(self) -> dict[str, Any]:
        """More arguments of the form, such as ``instance``."""
        return {}

    def initial(self) -> Mapping[str, Any]:
        """What stands in the form at first."""
        return {}

    def done(self, form: Any) -> HttpResponse | str:
        """Call one service with the clean data; answer with a response or an address."""
        raise NotImplementedError

    def form(self, data: Any = None, files: Any = None) -> forms.BaseForm:
        """The form, bound or not."""
        return self.form_class(data, files, initial=dict(self.initial()), **self.form_kwargs())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.draw(form=self.form(), submit=self.submit, wide=self.wide)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST, request.FILES)
        if form.is_valid():
            try:
                answer = self.done(form)
                return redirect(answer) if isinstance(answer, str) else answer
            except InputError as error:
                place = error.place if error.place in form.fields else None
                for reason in reasons_of(error):
                    form.add_error(place, reason)
        return self.draw(status=422, form=form, submit=self.submit, wide=self.wide)
